"""Signing up, in and out, and one's own account (reference/internal-routes.md §2, §3.1)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from clickstack.auth import broken_rules
from clickstack.core.clock import iso_millis
from clickstack.core.errors import Busy, Conflict, TooManyRequests, Unauthorized

from ..context import SignedIn, services, visitor
from ..lanes import SIGN_INS
from ..operations.team import Email, ingestion_key_for
from ..revisions import request_id
from ..validation import faults_of, rule_fault
from ..wire import Json, WireModel, error_headers, private
from .signing import Fields, FieldsBody, redirect_to_ui, signed_in, signed_out

router = APIRouter()


class Registration(WireModel):
    email: Email
    password: str
    confirm_password: str


class PasswordChange(WireModel):
    current_password: str
    new_password: str


@router.get("/installation")
def installation(request: Request) -> Json:
    """Whether somebody has registered: the UI chooses between sign-up and sign-in by it. And how to sign in."""
    server = services(request)
    ways = {"oidc": True} if server.auth.oidc else {}
    return Json({"isTeamExisting": server.metadata.installation.founded(), **ways})


@router.post("/register/password")
async def register(request: Request, body: FieldsBody) -> Response:
    """Found the installation's team. Works once."""
    return await SIGN_INS.run(lambda: _register(request, body))


@router.post("/login/password")
async def login(request: Request, body: FieldsBody) -> Response:
    """Sign in; 303 to the UI, or back to its sign-in page with `err`."""
    if not body.text("email") or not body.text("password"):
        return redirect_to_ui(request, "/login?err=missing")
    try:
        return await SIGN_INS.run(lambda: _login(request, body))
    except Unauthorized:
        return redirect_to_ui(request, "/login?err=authFail")
    except Busy as error:
        if not body.form:
            raise
        reason = "tooManyAttempts" if isinstance(error, TooManyRequests) else "unknown"
        return redirect_to_ui(request, f"/login?err={reason}", error_headers(error, request.scope))


def _register(request: Request, body: Fields) -> Response:
    faults = faults_of(Registration, body.values) + _broken_rules(body)
    if faults:
        raise RequestValidationError(faults, body=body.values)
    try:
        token = services(request).auth.register(body.text("email"), body.text("password"), visitor(request))
    except Conflict as error:
        return Json({"error": "teamAlreadyExists", "message": error.message}, status_code=409)
    return signed_in(Json({"status": "success"}), request, token)


def _login(request: Request, body: Fields) -> Response:
    token = services(request).auth.login(body.text("email"), body.text("password"), visitor(request))
    return signed_in(redirect_to_ui(request, "/"), request, token)


@router.get("/logout")
def logout_by_link(request: Request) -> Response:
    return signed_out(request, status=302)


@router.post("/logout")
def logout(request: Request) -> Response:
    return signed_out(request, status=303)


@router.get("/me")
def me(request: Request, actor: SignedIn) -> Json:
    user, team = actor.user, actor.team
    body = {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "accessKey": user.access_key,
        "createdAt": iso_millis(user.created_at),
        "team": {
            "_id": team.id,
            "id": team.id,
            "name": team.name,
            "allowedAuthMethods": [],
            "apiKey": ingestion_key_for(actor),
            "hookId": team.hook_id,
            "collectorAuthenticationEnforced": True,
            "isMetricsSeriesTableEnabled": False,
            **services(request).metadata.team_settings.get(team.id),
        },
        "teams": [{"id": team.id, "name": team.name}],
        "usageStatsEnabled": False,
        "aiAssistantEnabled": False,
    }
    return private(Json(body))


@router.patch("/me/accessKey")
def rotate_access_key(request: Request, actor: SignedIn) -> Json:
    return private(
        Json({"newAccessKey": services(request).auth.access_keys.rotate_classic(actor, request_id(request))})
    )


@router.patch("/me/password")
def change_password(request: Request, actor: SignedIn, body: PasswordChange) -> Json:
    """Ends all other sessions of the person."""
    auth = services(request).auth
    auth.change_password(actor, body.current_password, body.new_password, visitor(request), request_id(request))
    return Json({"status": "success"})


def _broken_rules(body: Fields) -> list[dict[str, Any]]:
    """What the types cannot say about a registration; of missing fields they said enough."""
    password, repeated = body.values.get("password"), body.values.get("confirmPassword")
    if not isinstance(password, str):
        return []
    faults = [rule_fault("password", text) for text in broken_rules(password)]
    if isinstance(repeated, str) and repeated != password:
        faults.append(rule_fault("confirmPassword", "Passwords do not match"))
    return faults

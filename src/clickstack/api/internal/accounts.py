"""Signing up, in and out, and one's own account (reference/internal-routes.md §2, §3.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, Field
from starlette.responses import RedirectResponse, Response

from clickstack.auth import broken_rules
from clickstack.core.clock import iso_millis
from clickstack.core.errors import BadRequest, Busy, Conflict, TooManyRequests, Unauthorized
from clickstack.core.limits import EMAIL_CHARS_MAX

from ..app_port import THROUGH_APP_PORT
from ..context import SESSION_COOKIE, Services, SignedIn, services
from ..cookies import clear_session_cookie, set_session_cookie
from ..failures import INVALID_JSON
from ..validation import faults_of, rule_fault
from ..wire import Json, WireModel, client_address, error_headers, private

router = APIRouter()

_NAME, _LABEL = r"[^@\s\x00-\x1f\x7f]+", r"[^@\s.\x00-\x1f\x7f]+"
_EMAIL = re.compile(rf"\s*{_NAME}@{_LABEL}(\.{_LABEL})+\s*")


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise ValueError("Invalid email")
    return text


class Registration(WireModel):
    email: Annotated[str, Field(max_length=EMAIL_CHARS_MAX), AfterValidator(_email)]
    password: str
    confirm_password: str


@dataclass(frozen=True, slots=True)
class Fields:
    """A body sent as JSON or as a form. A form comes from a page that cannot read a JSON reply."""

    values: dict[str, Any]
    form: bool

    def text(self, name: str) -> str:
        value = self.values.get(name)
        return value if isinstance(value, str) else ""


async def read_fields(request: Request) -> Fields:
    """The fields of a JSON object or a form. Raises BadRequest for anything that is neither."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        async with request.form(max_files=0, max_fields=20) as form:
            return Fields(dict(form.items()), form=True)
    try:
        values = orjson.loads(await request.body() or b"{}")
    except orjson.JSONDecodeError:
        raise BadRequest(INVALID_JSON) from None
    if not isinstance(values, dict):
        raise BadRequest(INVALID_JSON)
    return Fields(values, form=False)


FieldsBody = Annotated[Fields, Depends(read_fields)]


@router.get("/installation")
def installation(request: Request) -> Json:
    """Whether somebody has registered: the UI chooses between sign-up and sign-in by it."""
    return Json({"isTeamExisting": services(request).metadata.installation.founded()})


@router.post("/register/password")
def register(request: Request, body: FieldsBody) -> Response:
    """Found the installation's team. Works once."""
    faults = faults_of(Registration, body.values) + _broken_rules(body)
    if faults:
        raise RequestValidationError(faults, body=body.values)
    try:
        token = services(request).auth.register(body.text("email"), body.text("password"))
    except Conflict as error:
        return Json({"error": "teamAlreadyExists", "message": error.message}, status_code=409)
    return _signed_in(Json({"status": "success"}), request, token)


@router.post("/login/password")
def login(request: Request, body: FieldsBody) -> Response:
    """Sign in; 303 to the UI, or back to its sign-in page with `err`."""
    if not body.text("email") or not body.text("password"):
        return _redirect(request, "/login?err=missing")
    try:
        token = services(request).auth.login(body.text("email"), body.text("password"), client_address(request))
    except Unauthorized:
        return _redirect(request, "/login?err=authFail")
    except Busy as error:
        if not body.form:
            raise
        reason = "tooManyAttempts" if isinstance(error, TooManyRequests) else "unknown"
        return _redirect(request, f"/login?err={reason}", error_headers(error, request.scope))
    return _signed_in(_redirect(request, "/"), request, token)


@router.get("/logout")
def logout_by_link(request: Request) -> Response:
    return _signed_out(request, status=302)


@router.post("/logout")
def logout(request: Request) -> Response:
    return _signed_out(request, status=303)


@router.get("/me")
def me(actor: SignedIn) -> Json:
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
            "apiKey": team.api_key,
            "hookId": team.hook_id,
            "collectorAuthenticationEnforced": True,
            "isMetricsSeriesTableEnabled": False,
        },
        "usageStatsEnabled": False,
        "aiAssistantEnabled": False,
    }
    return private(Json(body))


@router.patch("/me/accessKey")
def rotate_access_key(request: Request, actor: SignedIn) -> Json:
    return private(Json({"newAccessKey": services(request).auth.rotate_access_key(actor)}))


def _broken_rules(body: Fields) -> list[dict[str, Any]]:
    """What the types cannot say about a registration; of missing fields they said enough."""
    password, repeated = body.values.get("password"), body.values.get("confirmPassword")
    if not isinstance(password, str):
        return []
    faults = [rule_fault("password", text) for text in broken_rules(password)]
    if isinstance(repeated, str) and repeated != password:
        faults.append(rule_fault("confirmPassword", "Passwords do not match"))
    return faults


def _signed_in(response: Response, request: Request, token: str) -> Response:
    server = services(request)
    server.auth.logout(request.cookies.get(SESSION_COOKIE, ""))  # the browser's former session has no holder now
    set_session_cookie(response, token, server.settings)
    return response


def _signed_out(request: Request, *, status: int) -> Response:
    server = services(request)
    server.auth.logout(request.cookies.get(SESSION_COOKIE, ""))
    response = RedirectResponse(_ui_address(request, server) + "/login", status_code=status)
    clear_session_cookie(response, server.settings)
    return response


def _redirect(request: Request, path: str, headers: dict[str, str] | None = None) -> Response:
    return RedirectResponse(_ui_address(request, services(request)) + path, status_code=303, headers=headers)


def _ui_address(request: Request, server: Services) -> str:
    """Where the UI is for this caller. Through the app port it is where they already are, whatever they call it."""
    if request.scope.get(THROUGH_APP_PORT) and not server.settings.frontend_url:
        return ""
    return server.settings.public_url

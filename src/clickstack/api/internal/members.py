"""Members and invitations, and the way in for who is invited (reference/internal-routes.md §2, §3.2)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from clickstack.auth import broken_rules
from clickstack.core.errors import Busy, Conflict
from clickstack.core.records import Actor, User

from ..context import SignedIn, services, visitor
from ..cookies import clear_session_cookie
from ..operations.team import (
    Invitation,
    RoleChange,
    change_role,
    delete_invite,
    invite,
    invite_url,
    invite_wire,
    members,
    remove_member,
)
from ..revisions import request_id
from ..validation import ObjectIdPath
from ..wire import Json, private
from .signing import FieldsBody, redirect_to_ui, signed_in

router = APIRouter(prefix="/team")


@router.get("/members")
def list_members(request: Request, actor: SignedIn) -> Json:
    return Json({"data": [_member(user, has, actor) for user, has in members(services(request), actor)]})


@router.patch("/member/{id}")
def change_member(request: Request, actor: SignedIn, id: ObjectIdPath, body: RoleChange) -> Json:
    user = change_role(services(request), actor, id, body, request_id=request_id(request))
    return Json({"_id": user.id, "email": user.email, "role": user.role})


@router.delete("/member/{id}")
def remove(request: Request, actor: SignedIn, id: ObjectIdPath) -> Json:
    """Also oneself, unless one is the last admin."""
    server = services(request)
    remove_member(server, actor, id, request_id=request_id(request), may_leave=True)
    reply = Json({"message": "User deleted"})
    if id == actor.user.id:
        request.state.prolonged_session = None
        clear_session_cookie(reply, server.settings)
    return reply


@router.post("/invitation")
def create_invitation(request: Request, actor: SignedIn, body: Invitation) -> Json:
    made = invite(services(request), actor, body, request_id=request_id(request))
    return private(Json({"url": invite_url(services(request), made)}))


@router.get("/invitations")
def list_invitations(request: Request, actor: SignedIn) -> Json:
    server = services(request)
    found = server.auth.people.invites(actor)
    return private(Json({"data": [{"_id": each.id, **invite_wire(server, each)} for each in found]}))


@router.delete("/invitation/{id}")
def delete_invitation(request: Request, actor: SignedIn, id: ObjectIdPath) -> Json:
    delete_invite(services(request), actor, id, request_id=request_id(request))
    return Json({"message": "TeamInvite deleted"})


@router.get("/setup/{token}")
def invited(request: Request, token: str) -> Json:
    """Whom the link is for, so that the page can say it. 401 for a link that opens nothing."""
    server = services(request)
    found = server.auth.people.invited(token)
    team = server.metadata.teams.get(found.team_id)
    shown = {"email": found.email, "role": found.role, "teamName": team.name if team else ""}
    return private(Json(shown))


@router.post("/setup/{token}")
def join(request: Request, token: str, body: FieldsBody) -> Response:
    """Take up an invitation with a password: 303 to the UI, or back to its page with what is wrong."""
    server = services(request)
    server.auth.people.invited(token)
    password = body.text("password")
    if broken := broken_rules(password):
        return _back(request, token, err="invalid", reason=broken)
    try:
        session = server.auth.join(token, password, visitor(request), request_id(request))
    except (Busy, Conflict):
        return _back(request, token, err="500")
    return signed_in(redirect_to_ui(request, "/"), request, session)


def _back(request: Request, token: str, **why: Any) -> Response:
    return redirect_to_ui(request, f"/join-team?{urlencode({**why, 'token': token}, doseq=True)}")


def _member(user: User, has_password: bool, actor: Actor) -> dict[str, Any]:
    return {
        "_id": user.id,
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "hasPasswordAuth": has_password,
        "isCurrentUser": user.id == actor.user.id,
    }

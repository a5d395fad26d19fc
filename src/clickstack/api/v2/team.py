"""/api/v2/team: the team, its people, its invitations (reference/api-v2.md §11)."""

from __future__ import annotations

from fastapi import APIRouter, Request

from ..context import KeyHolder, services
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
from ..wire import Json

router = APIRouter(prefix="/team")

DONE = {"data": {"success": True}}


@router.get("")
def team(actor: KeyHolder) -> Json:
    return Json({"data": {"id": actor.team.id, "name": actor.team.name}})


@router.get("/members")
def list_members(request: Request, actor: KeyHolder) -> Json:
    people = [
        {
            "id": user.id,
            "email": user.email,
            "name": user.name,
            "role": user.role,
            "isCurrentUser": user.id == actor.user.id,
        }
        for user, _ in members(services(request), actor)
    ]
    return Json({"data": people})


@router.patch("/member/{id}")
def change_member(request: Request, actor: KeyHolder, id: ObjectIdPath, body: RoleChange) -> Json:
    user = change_role(services(request), actor, id, body, request_id=request_id(request))
    return Json({"data": {"id": user.id, "email": user.email, "name": user.name, "role": user.role}})


@router.delete("/member/{id}")
def remove(request: Request, actor: KeyHolder, id: ObjectIdPath) -> Json:
    remove_member(services(request), actor, id, request_id=request_id(request), may_leave=False)
    return Json(DONE)


@router.post("/invitation")
def create_invitation(request: Request, actor: KeyHolder, body: Invitation) -> Json:
    made = invite(services(request), actor, body, request_id=request_id(request))
    shown = {
        "email": made.email,
        "invitationId": made.id,
        "status": "pending",
        "url": invite_url(services(request), made),
    }
    return Json({"data": shown})


@router.get("/invitations")
def list_invitations(request: Request, actor: KeyHolder) -> Json:
    server = services(request)
    return Json({"data": [{"id": each.id, **invite_wire(server, each)} for each in server.auth.people.invites(actor)]})


@router.delete("/invitation/{id}")
def delete_invitation(request: Request, actor: KeyHolder, id: ObjectIdPath) -> Json:
    delete_invite(services(request), actor, id, request_id=request_id(request))
    return Json(DONE)

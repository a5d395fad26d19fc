"""The team: its name, its ingestion key, its people (reference/internal-routes.md §3.2)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import Field

from clickstack.auth import require_admin
from clickstack.core.clock import iso_millis
from clickstack.core.limits import NAME_CHARS_MAX

from ..context import SignedIn, services
from ..wire import Json, WireModel, private

router = APIRouter(prefix="/team")


class TeamName(WireModel):
    name: str = Field(min_length=1, max_length=NAME_CHARS_MAX)


@router.get("")
def team(actor: SignedIn) -> Json:
    body = {
        "_id": actor.team.id,
        "id": actor.team.id,
        "name": actor.team.name,
        "apiKey": actor.team.api_key,
        "allowedAuthMethods": [],
        "createdAt": iso_millis(actor.team.created_at),
        "isMetricsSeriesTableEnabled": False,
    }
    return private(Json(body))


@router.patch("/apiKey")
def rotate_ingestion_key(request: Request, actor: SignedIn) -> Json:
    return private(Json({"newApiKey": services(request).auth.rotate_ingestion_key(actor)}))


@router.patch("/name")
def rename(request: Request, actor: SignedIn, body: TeamName) -> Json:
    require_admin(actor)
    services(request).metadata.teams.rename(actor.team.id, body.name)
    return Json({"name": body.name})


@router.get("/members")
def members(request: Request, actor: SignedIn) -> Json:
    people = [
        {
            "_id": user.id,
            "email": user.email,
            "name": user.name,
            "role": user.role,
            "hasPasswordAuth": has_password,
            "isCurrentUser": user.id == actor.user.id,
        }
        for user, has_password in services(request).metadata.users.list(actor.team.id)
    ]
    return Json({"data": people})

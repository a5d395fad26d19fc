"""The team: its name and its ingestion key (reference/internal-routes.md §3.2)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import Field

from clickstack.core.clock import iso_millis
from clickstack.core.limits import NAME_CHARS_MAX

from ..context import SignedIn, services
from ..operations.team import ingestion_key_for
from ..revisions import request_id
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
        "apiKey": ingestion_key_for(actor),
        "allowedAuthMethods": [],
        "createdAt": iso_millis(actor.team.created_at),
        "isMetricsSeriesTableEnabled": False,
    }
    return private(Json(body))


@router.patch("/apiKey")
def rotate_ingestion_key(request: Request, actor: SignedIn) -> Json:
    return private(Json({"newApiKey": services(request).auth.rotate_ingestion_key(actor, request_id(request))}))


@router.patch("/name")
def rename(request: Request, actor: SignedIn, body: TeamName) -> Json:
    services(request).metadata.teams.rename(actor.team, body.name, actor.author, request_id(request))
    return Json({"name": body.name})

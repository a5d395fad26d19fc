"""The team: its name, its ingestion key, how it wants its queries, its tags (reference/internal-routes.md §3.2)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from clickstack.core.clock import iso_millis
from clickstack.core.limits import NAME_CHARS_MAX, TEAM_NUMBER_MAX, TEAM_QUERY_TIMEOUT_S_MAX

from ..context import SignedIn, services
from ..operations.team import ingestion_key_for
from ..revisions import request_id
from ..wire import Json, WireModel, private

router = APIRouter(prefix="/team")


class TeamName(WireModel):
    name: str = Field(min_length=1, max_length=NAME_CHARS_MAX)


Number = Annotated[int, Field(ge=0, le=TEAM_NUMBER_MAX)]


class QuerySettings(WireModel):
    """What is left out stays, null unsets. `query_timeout` in seconds, 0: as long as the server lets."""

    search_row_limit: Annotated[int, Field(ge=1, le=TEAM_NUMBER_MAX)] | None = None
    query_timeout: Annotated[int, Field(ge=0, le=TEAM_QUERY_TIMEOUT_S_MAX)] | None = None
    metadata_max_rows_to_read: Number | None = None
    filter_keys_fetch_limit: Number | None = None
    field_metadata_disabled: bool | None = None
    parallelize_when_possible: bool | None = None


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


@router.patch("/clickhouse-settings")
def change_query_settings(request: Request, actor: SignedIn, body: QuerySettings) -> Json:
    """What was sent, as it is kept."""
    sent = body.model_dump(by_alias=True, exclude_unset=True)
    if not sent:
        return Json({})
    kept = services(request).metadata.team_settings.change(actor.team, sent, actor.author, request_id(request))
    return Json({name: kept.get(name) for name in sent})


@router.get("/tags")
def tags(request: Request, actor: SignedIn) -> Json:
    """Of the dashboards and saved searches, each once, in alphabetical order."""
    kept, team_id = services(request).metadata, actor.team.id
    found = {tag for each in kept.dashboards.list(team_id) for tag in each.spec["tags"]}
    found |= {tag for each in kept.saved_searches.list(team_id) for tag in each.tags}
    return Json({"data": sorted(found)})

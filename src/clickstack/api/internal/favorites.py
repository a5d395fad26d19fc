"""What a person has starred, and the facets a team keeps open (reference/internal-routes.md §3.9)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from clickstack.core.errors import NotFound
from clickstack.core.limits import (
    NAME_LONG_CHARS_MAX,
    PINNED_FIELDS_MAX,
    PINNED_VALUES_MAX,
)
from clickstack.metadata.favorites import Favorite, FavoriteKind
from clickstack.metadata.pinned_filters import PinnedFilters

from ..context import SignedIn, services
from ..operations.moments import iso
from ..operations.sources import get_source
from ..operations.tile_fields import STORABLE
from ..validation import ObjectId, ObjectIdPath
from ..wire import Json, WireModel

router = APIRouter()

Short = Annotated[str, Field(max_length=NAME_LONG_CHARS_MAX), STORABLE]


class FavoriteBody(WireModel):
    resource_type: FavoriteKind
    resource_id: ObjectId


class PinnedBody(WireModel):
    source: ObjectId
    fields: Annotated[list[Short], Field(max_length=PINNED_FIELDS_MAX)]
    filters: Annotated[
        dict[Short, Annotated[list[Short | bool], Field(max_length=PINNED_VALUES_MAX)]],
        Field(max_length=PINNED_FIELDS_MAX),
    ]


@router.get("/favorites")
def list_favorites(request: Request, actor: SignedIn) -> Json:
    found = services(request).metadata.favorites.list(actor.team.id, actor.user.id)
    return Json([_favorite(each) for each in found])


@router.put("/favorites")
def add_favorite(request: Request, actor: SignedIn, body: FavoriteBody) -> Json:
    """Starring twice is starring once."""
    favorites = services(request).metadata.favorites
    return Json(_favorite(favorites.add(actor.team.id, actor.user.id, body.resource_type, body.resource_id)))


@router.delete("/favorites/{kind}/{id}")
def remove_favorite(request: Request, actor: SignedIn, kind: FavoriteKind, id: ObjectIdPath) -> Response:
    services(request).metadata.favorites.remove(actor.team.id, actor.user.id, kind, id)
    return Response(status_code=204)


@router.get("/pinned-filters")
def pinned_filters(request: Request, actor: SignedIn, source: Annotated[ObjectId, Query()]) -> Json:
    pinned = services(request).metadata.pinned_filters.get(actor.team.id, source)
    return Json({"team": pinned and _pinned(pinned)})


@router.put("/pinned-filters")
def pin_filters(request: Request, actor: SignedIn, body: PinnedBody) -> Json:
    here = services(request)
    try:
        get_source(here, actor, body.source)
    except NotFound as error:
        return Json({"error": error.message, "message": error.message}, status_code=404)
    return Json(_pinned(here.metadata.pinned_filters.put(actor.team.id, body.source, body.fields, body.filters)))


def _favorite(favorite: Favorite) -> dict[str, Any]:
    return {
        "_id": favorite.id,
        "id": favorite.id,
        "user": favorite.user_id,
        "team": favorite.team_id,
        "resourceType": favorite.kind,
        "resourceId": favorite.object_id,
        "createdAt": iso(favorite.created_ms),
    }


def _pinned(pinned: PinnedFilters) -> dict[str, Any]:
    return {"id": pinned.id, "fields": list(pinned.fields), "filters": dict(pinned.filters)}

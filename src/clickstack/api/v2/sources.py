"""GET /api/v2/sources and /api/v2/sources/{id} (reference/api-v2.md §10)."""

from __future__ import annotations

from fastapi import APIRouter, Request

from clickstack.core.errors import NotFound

from ..context import KeyHolder, services
from ..validation import ObjectIdPath
from ..wire import Json
from .source_wire import source_wire

router = APIRouter(prefix="/sources")


@router.get("")
def list_sources(request: Request, actor: KeyHolder) -> Json:
    found = services(request).metadata.sources.list(actor.team.id)
    return Json({"data": [source_wire(source) for source in found]})


@router.get("/{id}")
def get_source(request: Request, actor: KeyHolder, id: ObjectIdPath) -> Json:
    source = services(request).metadata.sources.get(actor.team.id, id)
    if source is None:
        raise NotFound("Source not found")
    return Json({"data": source_wire(source)})

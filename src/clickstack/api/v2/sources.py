"""GET /api/v2/sources and /api/v2/sources/{id} (reference/api-v2.md §10)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from clickstack.core.errors import NotFound
from clickstack.core.records import Actor

from ..context import bearer_actor, services
from ..validation import ObjectIdPath
from ..wire import Json
from .source_wire import source_wire

router = APIRouter(prefix="/sources")

Caller = Annotated[Actor, Depends(bearer_actor)]


@router.get("")
def list_sources(request: Request, actor: Caller) -> Json:
    found = services(request).metadata.sources.list(actor.team.id)
    return Json({"data": [source_wire(source) for source in found]})


@router.get("/{id}")
def get_source(request: Request, actor: Caller, id: ObjectIdPath) -> Json:
    source = services(request).metadata.sources.get(actor.team.id, id)
    if source is None:
        raise NotFound("Source not found")
    return Json({"data": source_wire(source)})

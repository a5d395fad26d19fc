"""/api/v2/sources (reference/api-v2.md §10)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Request

from clickstack.core.source import Source

from ..context import KeyHolder, services
from ..operations.source_body import AnySourceBody
from ..operations.sources import create_source, delete_source, get_source, list_sources, update_source
from ..revisions import ExpectedRevision, request_id, tagged
from ..validation import ObjectIdPath
from ..wire import Json
from .source_wire import source_wire

router = APIRouter(prefix="/sources")
SourceInBody = Annotated[AnySourceBody, Body()]


@router.get("")
def list_all(request: Request, actor: KeyHolder) -> Json:
    return Json({"data": [source_wire(source) for source in list_sources(services(request), actor)]})


@router.post("")
def create(request: Request, actor: KeyHolder, body: SourceInBody) -> Json:
    return _reply(create_source(services(request), actor, body, request_id=request_id(request)))


@router.get("/{id}")
def get(request: Request, actor: KeyHolder, id: ObjectIdPath) -> Json:
    return _reply(get_source(services(request), actor, id))


@router.put("/{id}")
def update(
    request: Request, actor: KeyHolder, id: ObjectIdPath, body: SourceInBody, expected: ExpectedRevision
) -> Json:
    source = update_source(
        services(request), actor, id, body, request_id=request_id(request), expected_revision=expected
    )
    return _reply(source)


@router.delete("/{id}")
def delete(request: Request, actor: KeyHolder, id: ObjectIdPath, expected: ExpectedRevision) -> Json:
    delete_source(services(request), actor, id, request_id=request_id(request), expected_revision=expected)
    return Json({})


def _reply(source: Source) -> Json:
    return tagged({"data": source_wire(source)}, source.revision)

"""The team's sources, as the UI and its tools keep them (reference/internal-routes.md §3.4).

Every field is shown, and steps of views are in words (`15 minute`), unlike v2.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from starlette.responses import Response

from clickstack.core.source import Source

from ..context import SignedIn, services
from ..operations.source_body import AnySourceBody
from ..operations.sources import create_source, delete_source, list_sources, update_source
from ..revisions import ExpectedRevision, request_id
from ..validation import ObjectIdPath
from ..wire import Json

router = APIRouter(prefix="/sources")
SourceInBody = Annotated[AnySourceBody, Body()]


@router.get("")
def list_all(request: Request, actor: SignedIn) -> Json:
    return Json([_shown(each) for each in list_sources(services(request), actor)])


@router.post("")
def create(request: Request, actor: SignedIn, body: SourceInBody) -> Json:
    return Json(_shown(create_source(services(request), actor, body, request_id=request_id(request))))


@router.put("/{id}")
def update(
    request: Request, actor: SignedIn, id: ObjectIdPath, body: SourceInBody, expected: ExpectedRevision
) -> Response:
    update_source(services(request), actor, id, body, request_id=request_id(request), expected_revision=expected)
    return Response()


@router.delete("/{id}")
def delete(request: Request, actor: SignedIn, id: ObjectIdPath, expected: ExpectedRevision) -> Response:
    delete_source(services(request), actor, id, request_id=request_id(request), expected_revision=expected)
    return Response()


def _shown(source: Source) -> dict[str, Any]:
    return {"_id": source.id, "team": source.team_id, "revision": source.revision, **source.to_wire()}

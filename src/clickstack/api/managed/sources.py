"""…/clickstack/sources: those of v2, and on logs and traces `filterSettings`, which v2 keeps and does not show."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request

from clickstack.core.limits import FILTER_COLUMNS_MAX
from clickstack.core.source import Source

from ..context import services
from ..operations.dashboard_grammar import Items, Variants
from ..operations.source_body import SOURCE_BODIES, LogSourceBody, NonEmpty, SourceBody, Text, TraceSourceBody
from ..operations.sources import create_source, delete_source, get_source, list_sources, update_source
from ..revisions import ExpectedRevision, request_id
from ..v2.source_wire import source_wire
from ..validation import ObjectIdPath
from ..wire import Json, WireModel
from .callers import ServiceActor
from .envelope import done, one, result

router = APIRouter(prefix="/sources")


class FilterColumnBody(WireModel):
    name: NonEmpty
    label: Text


class FilterSettingsBody(WireModel):
    database_name: NonEmpty
    table_name: NonEmpty
    columns: Annotated[list[FilterColumnBody], Items(most=FILTER_COLUMNS_MAX)]


class ManagedLogSourceBody(LogSourceBody):
    filter_settings: FilterSettingsBody | None = None


class ManagedTraceSourceBody(TraceSourceBody):
    filter_settings: FilterSettingsBody | None = None


MANAGED_SOURCE_BODIES: dict[str, type[SourceBody]] = {
    **SOURCE_BODIES,
    "log": ManagedLogSourceBody,
    "trace": ManagedTraceSourceBody,
}
SourceInBody = Annotated[SourceBody, Variants("kind", MANAGED_SOURCE_BODIES), Body()]


@router.get("")
def list_all(request: Request, actor: ServiceActor) -> Json:
    return result(request, [managed_source_wire(each) for each in list_sources(services(request), actor)])


@router.post("")
def create(request: Request, actor: ServiceActor, body: SourceInBody) -> Json:
    source = create_source(services(request), actor, body, request_id=request_id(request))
    return one(request, managed_source_wire(source), source.revision)


@router.get("/{id}")
def get(request: Request, actor: ServiceActor, id: ObjectIdPath) -> Json:
    source = get_source(services(request), actor, id)
    return one(request, managed_source_wire(source), source.revision)


@router.put("/{id}")
def update(
    request: Request, actor: ServiceActor, id: ObjectIdPath, body: SourceInBody, expected: ExpectedRevision
) -> Json:
    source = update_source(
        services(request), actor, id, body, request_id=request_id(request), expected_revision=expected
    )
    return one(request, managed_source_wire(source), source.revision)


@router.delete("/{id}")
def delete(request: Request, actor: ServiceActor, id: ObjectIdPath, expected: ExpectedRevision) -> Json:
    delete_source(services(request), actor, id, request_id=request_id(request), expected_revision=expected)
    return done(request)


def managed_source_wire(source: Source) -> dict[str, Any]:
    shown = {} if source.filter_settings is None else {"filterSettings": dict(source.filter_settings)}
    return {**source_wire(source), **shown}

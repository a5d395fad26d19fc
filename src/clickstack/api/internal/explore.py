"""What exploring asks: keys, values, facets. Answers are streams of frames (api.stream)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import StreamingResponse

from clickstack.core.chart import Filter, Language, Metric, MetricKind
from clickstack.core.limits import (
    FACETS_MAX,
    QUERY_TEXT_CHARS_MAX,
    VALUES_DEFAULT,
    VALUES_MAX,
)
from clickstack.core.records import Actor
from clickstack.core.timerange import TimeRange
from clickstack.query.events import Scope
from clickstack.query.facets import find_facets
from clickstack.query.keys import Key, find_keys
from clickstack.query.values import ValueList, Wanted, find_values

from ..context import Services, SignedIn, services
from ..stream import stream_query
from ..wire import WireModel
from .search import find_source, statistics_wire

router = APIRouter(prefix="/explore")

Milliseconds = Annotated[int, Field(ge=0)]
Text = Annotated[str, Field(max_length=QUERY_TEXT_CHARS_MAX)]
KeyText = Annotated[str, Field(min_length=1, max_length=1_000)]


class MetricBody(WireModel):
    name: str = Field(min_length=1, max_length=1_000)
    kind: MetricKind


class ScopeBody(WireModel):
    """Which events: the part every route here has."""

    source_id: str
    where: Text = ""
    where_language: Language = "lucene"
    start_time: Milliseconds
    end_time: Milliseconds
    metric: MetricBody | None = None

    def scope(self, here: Services, actor: Actor) -> Scope:
        return Scope(
            source=find_source(here, actor, self.source_id),
            time_range=TimeRange(self.start_time, self.end_time),
            where=Filter(self.where, self.where_language),
            metric=Metric(self.metric.name, self.metric.kind) if self.metric else None,
        )


class ValuesBody(ScopeBody):
    key: KeyText
    prefix: str = Field(default="", max_length=1_000)
    contains: str = Field(default="", max_length=1_000)
    limit: int = Field(default=VALUES_DEFAULT, ge=1, le=VALUES_MAX)


class SelectedBody(WireModel):
    """A filter that was chosen in the list of a key."""

    key: KeyText
    where: Text
    where_language: Language = "lucene"


class FacetsBody(ScopeBody):
    """Each of `selected` narrows the lists of all keys but its own."""

    keys: list[KeyText] = Field(min_length=1, max_length=FACETS_MAX)
    selected: list[SelectedBody] = Field(default_factory=list, max_length=FACETS_MAX)
    limit: int = Field(default=VALUES_DEFAULT, ge=1, le=VALUES_MAX)


@router.post("/keys")
def keys(request: Request, actor: SignedIn, body: ScopeBody) -> StreamingResponse:
    here = services(request)
    scope = body.scope(here, actor)

    def work(query_id: str) -> dict[str, Any]:
        found = find_keys(here.store, scope, query_id)
        return {
            "keys": [_key_wire(key) for key in found.keys],
            "truncated": found.truncated,
            "estimated": found.estimated,
            "statistics": statistics_wire(found.statistics),
        }

    return stream_query(request, here, work)


@router.post("/values")
def values(request: Request, actor: SignedIn, body: ValuesBody) -> StreamingResponse:
    here = services(request)
    scope = body.scope(here, actor)
    wanted = Wanted(body.prefix, body.contains)

    def work(query_id: str) -> dict[str, Any]:
        found = find_values(here.store, scope, body.key, body.limit, wanted, query_id)
        return {
            **_values_wire(found),
            "statistics": statistics_wire(found.statistics),
            "warnings": list(found.warnings),
        }

    return stream_query(request, here, work)


@router.post("/facets")
def facets(request: Request, actor: SignedIn, body: FacetsBody) -> StreamingResponse:
    here = services(request)
    scope = body.scope(here, actor)
    selected = {each.key: Filter(each.where, each.where_language) for each in body.selected}

    def work(query_id: str) -> dict[str, Any]:
        found = find_facets(here.store, scope, body.keys, body.limit, selected, query_id)
        return {
            "facets": [_values_wire(facet) for facet in found.facets],
            "statistics": statistics_wire(found.statistics),
            "warnings": list(found.warnings),
        }

    return stream_query(request, here, work)


def _key_wire(key: Key) -> dict[str, Any]:
    return {
        "name": key.name,
        "column": key.column,
        "attribute": key.attribute,
        "type": key.type,
        "facet": key.facet,
        "count": key.count,
    }


def _values_wire(found: ValueList) -> dict[str, Any]:
    return {
        "key": found.key,
        "values": [{"value": value, "count": count} for value, count in found.values],
        "truncated": found.truncated,
        "estimated": found.estimated,
        "method": found.method,
    }

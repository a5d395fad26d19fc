"""What the routes of exploring and analysing share: scope → find → wire, as a stream of frames (api.stream).

A route is a line in a table: its body, what finds the answer, what writes it down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Protocol, TypeVar

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from clickstack.core.chart import Filter, Language, Metric, MetricKind
from clickstack.core.limits import MOMENT_MS_MAX, QUERY_TEXT_CHARS_MAX, SEARCH_FILTERS_MAX
from clickstack.core.records import Actor
from clickstack.core.result import Statistics
from clickstack.core.timerange import TimeRange
from clickstack.query import Reader
from clickstack.query.events import Scope

from ..context import Services, SignedIn, services
from ..reading import find_source, reader, statistics_wire
from ..stream import stream_query
from ..wire import WireModel

Milliseconds = Annotated[int, Field(ge=0, le=MOMENT_MS_MAX)]
Text = Annotated[str, Field(max_length=QUERY_TEXT_CHARS_MAX)]


class MetricBody(WireModel):
    """Without a name: all metrics of the kind."""

    name: str = Field("", max_length=1_000)
    kind: MetricKind


class FilterBody(WireModel):
    """A condition beside `where`, in the form that saved searches keep."""

    type: Language = "sql"
    condition: Text = ""


Filters = Annotated[list[FilterBody], Field(max_length=SEARCH_FILTERS_MAX)]


def read_filters(bodies: Iterable[FilterBody]) -> tuple[Filter, ...]:
    return tuple(Filter(each.condition, each.type) for each in bodies)


class ScopeBody(WireModel):
    """Which events: the part every route here has."""

    source_id: str
    where: Text = ""
    where_language: Language = "lucene"
    filters: Filters = Field(default_factory=list)
    start_time: Milliseconds
    end_time: Milliseconds
    metric: MetricBody | None = None

    def scope(self, here: Services, actor: Actor) -> Scope:
        return Scope(
            source=find_source(here, actor, self.source_id),
            time_range=TimeRange(self.start_time, self.end_time),
            where=Filter(self.where, self.where_language),
            metric=Metric(self.metric.name, self.metric.kind) if self.metric else None,
            filters=read_filters(self.filters),
        )


class Found(Protocol):
    """What every answer tells besides itself."""

    @property
    def statistics(self) -> Statistics: ...

    @property
    def warnings(self) -> tuple[str, ...]: ...


Body = TypeVar("Body", bound=ScopeBody)
Answer = TypeVar("Answer", bound=Found)


@dataclass(frozen=True, slots=True)
class Route(Generic[Body, Answer]):
    """`find` blocks its thread; the last argument is the query's id."""

    path: str
    body: type[Body]
    find: Callable[[Reader, Scope, Body, str], Answer]
    wire: Callable[[Answer], dict[str, Any]]


def explore_router(routes: Iterable[Route[Any, Any]]) -> APIRouter:
    router = APIRouter(prefix="/explore")
    for route in routes:
        router.add_api_route(route.path, _handler(route), methods=["POST"])
    return router


def _handler(route: Route[Body, Answer]) -> Callable[..., Response]:
    def handle(request: Request, actor: Actor, body: Body) -> Response:
        here = services(request)
        asked, scope = reader(here, actor), body.scope(here, actor)

        def work(query_id: str) -> dict[str, Any]:
            found = route.find(asked, scope, body, query_id)
            about = {"statistics": statistics_wire(found.statistics), "warnings": list(found.warnings)}
            return {**route.wire(found), **about}

        return stream_query(request, here, work)

    handle.__annotations__ = {"request": Request, "actor": SignedIn, "body": route.body, "return": Response}
    handle.__name__ = route.path.strip("/")
    return handle

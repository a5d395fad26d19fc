"""One chart for a tile: built of fields, or of raw SQL. Answers are streams of frames (api.stream)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from clickstack.core.chart_wire import parse_chart
from clickstack.core.limits import MOMENT_MS_MAX, RAW_TEXT_CHARS_MAX, SEARCH_FILTERS_MAX, VARIABLE_VALUES_MAX
from clickstack.core.timerange import TimeRange, granularity_seconds
from clickstack.query import ChartResult, Point, Runner
from clickstack.query.raw import FilterSelection, RawChart, RawResult, RawRunner, Variable

from ..context import SignedIn, services
from ..reading import find_source, reader, statistics_wire
from ..stream import stream_query
from ..wire import WireModel
from .search import ChoiceBody, acceleration_wire

router = APIRouter(prefix="/explore")

Milliseconds = Annotated[int, Field(ge=0, le=MOMENT_MS_MAX)]


class ChartBody(WireModel):
    """`chart` is the chart's wire form (core.chart_wire)."""

    chart: dict[str, Any]
    start_time: Milliseconds
    end_time: Milliseconds


class VariableBody(WireModel):
    name: str = Field(max_length=100)
    values: list[str] = Field(default_factory=list, max_length=VARIABLE_VALUES_MAX)
    expression: str | None = Field(default=None, max_length=RAW_TEXT_CHARS_MAX)


class SqlChartBody(WireModel):
    sql: str = Field(max_length=RAW_TEXT_CHARS_MAX)
    display: Literal["line", "stacked_bar", "table", "number", "pie", "bar"] = "table"
    source_id: str | None = None
    start_time: Milliseconds
    end_time: Milliseconds
    granularity: str = "auto"
    variables: list[VariableBody] = Field(default_factory=list, max_length=SEARCH_FILTERS_MAX)
    filters: list[ChoiceBody] = Field(default_factory=list, max_length=SEARCH_FILTERS_MAX)


@router.post("/chart")
def chart(request: Request, actor: SignedIn, body: ChartBody) -> Response:
    here = services(request)
    asked = reader(here, actor)
    config = parse_chart(body.chart, lambda source_id: here.metadata.sources.recent(actor.team.id, source_id))
    time_range = TimeRange(body.start_time, body.end_time)

    def work(query_id: str) -> dict[str, Any]:
        return _chart_wire(Runner(asked).run(config, time_range, query_id))

    return stream_query(request, here, work)


@router.post("/sql-chart")
def sql_chart(request: Request, actor: SignedIn, body: SqlChartBody) -> Response:
    here = services(request)
    asked = reader(here, actor)
    raw = RawChart(
        sql=body.sql,
        display=body.display,
        source=find_source(here, actor, body.source_id) if body.source_id else None,
        reachable=tuple(here.metadata.sources.list(actor.team.id)),
        variables=tuple(Variable(each.name, tuple(each.values), each.expression) for each in body.variables),
        filters=tuple(
            FilterSelection(each.key, tuple(each.included), tuple(each.excluded), each.low, each.high)
            for each in body.filters
        ),
        granularity_s=None if body.granularity == "auto" else granularity_seconds(body.granularity),
    )
    time_range = TimeRange(body.start_time, body.end_time)

    def work(query_id: str) -> dict[str, Any]:
        return _sql_chart_wire(RawRunner(asked).run(raw, time_range, query_id))

    return stream_query(request, here, work)


def _chart_wire(found: ChartResult) -> dict[str, Any]:
    """Points are `[bucket in milliseconds, group, values]`; charts without buckets have bucket 0."""
    return {
        "values": list(found.values),
        "groups": list(found.groups),
        "numberFormats": list(found.formats),
        "points": _points_wire(found.points),
        "previous": None if found.previous is None else _points_wire(found.previous),
        "granularityS": found.width_s,
        "startTime": found.time_range.start_ms,
        "endTime": found.time_range.end_ms,
        "sql": found.sql,
        "statistics": statistics_wire(found.statistics),
        "warnings": list(found.warnings),
        "acceleration": acceleration_wire(found.acceleration),
    }


def _sql_chart_wire(found: RawResult) -> dict[str, Any]:
    return {
        "columns": [{"name": column.name, "type": column.type} for column in found.columns],
        "rows": found.rows,
        "truncated": found.truncated,
        "values": list(found.value_names),
        "groups": list(found.group_names),
        "points": _points_wire(found.points),
        "slices": [{"label": each.label, "value": each.value} for each in found.slices],
        "number": found.number,
        "granularityS": found.granularity_s,
        "sql": found.sql,
        "statistics": statistics_wire(found.statistics),
        "warnings": [],
    }


def _points_wire(points: Iterable[Point]) -> list[list[Any]]:
    return [[point.bucket_ms, list(point.group), list(point.values)] for point in points]

"""What the search page asks: rows, one row, the histogram. Answers are streams of frames (api.stream)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from clickstack.core.chart import Filter, Language
from clickstack.core.errors import BadRequest
from clickstack.core.limits import (
    CHART_BUCKETS_MAX,
    MOMENT_MS_MAX,
    QUERY_TEXT_CHARS_MAX,
    SEARCH_AROUND_MAX,
    SEARCH_FILTERS_MAX,
    SEARCH_ROWS_MAX,
    VARIABLE_VALUES_MAX,
)
from clickstack.core.timerange import TimeRange, checked_zone, granularity_seconds
from clickstack.query import Acceleration, Runner, Search, SearchConfig, SearchPage, explain, histogram, source_fields
from clickstack.query.filter_text import read_filter, write_filter
from clickstack.query.raw import FilterSelection

from ..context import SignedIn, services
from ..reading import find_source, reader, row_limit, statistics_wire
from ..stream import stream_query
from ..wire import WireModel
from .exploring import Filters, Text, read_filters

router = APIRouter(prefix="/search")

Milliseconds = Annotated[int, Field(ge=0, le=MOMENT_MS_MAX)]


class SearchBody(WireModel):
    source_id: str
    where: str = Field(default="", max_length=QUERY_TEXT_CHARS_MAX)
    where_language: Language = "lucene"
    start_time: Milliseconds
    end_time: Milliseconds
    limit: int | None = Field(default=None, ge=1, le=SEARCH_ROWS_MAX)
    cursor: str | None = Field(default=None, max_length=200)
    newer_than: str | None = Field(default=None, max_length=200)
    select: str = Field(default="", max_length=QUERY_TEXT_CHARS_MAX)
    filters: Filters = Field(default_factory=list)


class AroundBody(WireModel):
    """`where` and `filters` choose among the neighbours; the row itself is there in any case."""

    source_id: str
    row_id: str = Field(max_length=200)
    where: str = Field(default="", max_length=QUERY_TEXT_CHARS_MAX)
    where_language: Language = "lucene"
    filters: Filters = Field(default_factory=list)
    limit: int = Field(default=20, ge=1, le=SEARCH_AROUND_MAX)
    select: str = Field(default="", max_length=QUERY_TEXT_CHARS_MAX)


class ExplainBody(WireModel):
    source_id: str
    where: str = Field(default="", max_length=QUERY_TEXT_CHARS_MAX)


class ChoiceBody(WireModel):
    """What is chosen of one key: values to keep, values to leave out, a range with both ends included."""

    key: str = Field(min_length=1, max_length=QUERY_TEXT_CHARS_MAX)
    included: list[bool | int | float | str] = Field(default_factory=list, max_length=VARIABLE_VALUES_MAX)
    excluded: list[bool | int | float | str] = Field(default_factory=list, max_length=VARIABLE_VALUES_MAX)
    low: int | float | None = None
    high: int | float | None = None


class FiltersBody(WireModel):
    conditions: list[Text] = Field(default_factory=list, max_length=SEARCH_FILTERS_MAX)
    choices: list[ChoiceBody] = Field(default_factory=list, max_length=SEARCH_FILTERS_MAX)


class RowBody(WireModel):
    source_id: str
    row_id: str = Field(max_length=200)


class HistogramBody(WireModel):
    source_id: str
    where: str = Field(default="", max_length=QUERY_TEXT_CHARS_MAX)
    where_language: Language = "lucene"
    start_time: Milliseconds
    end_time: Milliseconds
    granularity: Literal["auto"] | str = "auto"
    filters: Filters = Field(default_factory=list)
    time_zone: str = Field(default="UTC", max_length=100)


@router.post("")
def search(request: Request, actor: SignedIn, body: SearchBody) -> Response:
    here = services(request)
    asked = reader(here, actor)
    config = SearchConfig(
        source=find_source(here, actor, body.source_id),
        where=Filter(body.where, body.where_language),
        time_range=TimeRange(body.start_time, body.end_time),
        limit=body.limit or row_limit(here, actor),
        select=body.select,
        cursor=body.cursor,
        newer_than=body.newer_than,
        filters=read_filters(body.filters),
    )

    def work(query_id: str) -> dict[str, Any]:
        page = Search(asked).page(config, query_id)
        return {**_page_wire(page), "nextCursor": page.next_cursor}

    return stream_query(request, here, work)


@router.post("/around")
def around(request: Request, actor: SignedIn, body: AroundBody) -> Response:
    here = services(request)
    asked = reader(here, actor)
    config = SearchConfig(
        source=find_source(here, actor, body.source_id),
        where=Filter(body.where, body.where_language),
        time_range=TimeRange(0, 0),
        limit=body.limit,
        select=body.select,
        filters=read_filters(body.filters),
    )

    def work(query_id: str) -> dict[str, Any]:
        found = Search(asked).around(config, body.row_id, query_id)
        about = {"at": found.at, "moreNewer": found.more_newer, "moreOlder": found.more_older}
        return {**_page_wire(found.page), **about}

    return stream_query(request, here, work)


@router.post("/explain")
def explain_search(request: Request, actor: SignedIn, body: ExplainBody) -> dict[str, Any]:
    """What a Lucene text asks for, in plain words that know the columns."""
    here = services(request)
    source = find_source(here, actor, body.source_id)
    return {"text": explain(body.where, source_fields(reader(here, actor), source))}


@router.post("/filters")
def filters(_actor: SignedIn, body: FiltersBody) -> dict[str, Any]:
    """SQL conditions as choices, null for those that are none; and choices as SQL conditions."""
    return {
        "choices": [_choices_wire(read_filter(text)) for text in body.conditions],
        "conditions": [
            write_filter(FilterSelection(each.key, tuple(each.included), tuple(each.excluded), each.low, each.high))
            for each in body.choices
        ],
    }


@router.post("/row")
def row(request: Request, actor: SignedIn, body: RowBody) -> Response:
    here = services(request)
    asked, source = reader(here, actor), find_source(here, actor, body.source_id)
    return stream_query(request, here, lambda query_id: {"row": Search(asked).row(source, body.row_id, query_id)})


@router.post("/histogram")
def search_histogram(request: Request, actor: SignedIn, body: HistogramBody) -> Response:
    here = services(request)
    asked, source = reader(here, actor), find_source(here, actor, body.source_id)
    where = Filter(body.where, body.where_language)
    time_range = TimeRange(body.start_time, body.end_time)
    zone, filters = checked_zone(body.time_zone), read_filters(body.filters)
    width_s = None if body.granularity == "auto" else granularity_seconds(body.granularity)
    if width_s and time_range.seconds / width_s > CHART_BUCKETS_MAX:
        raise BadRequest(f"granularity: more than {CHART_BUCKETS_MAX} buckets in this range; use a wider one")

    def work(query_id: str) -> dict[str, Any]:
        bars = histogram(Runner(asked), source, where, time_range, width_s, query_id, zone, filters)
        return {
            "granularityS": bars.granularity_s,
            "buckets": bars.buckets_ms,
            "groups": [{"name": group.name, "counts": group.counts} for group in bars.groups],
            "total": bars.total,
            "statistics": statistics_wire(bars.statistics),
            "sql": bars.sql,
            "warnings": list(bars.warnings),
            "acceleration": acceleration_wire(bars.acceleration),
        }

    return stream_query(request, here, work)


def acceleration_wire(acceleration: Acceleration | None) -> dict[str, Any] | None:
    """Which materialized view answered (null: none) and what was tried; null when the source has no views."""
    if acceleration is None:
        return None
    return {
        "view": acceleration.view,
        "rows": acceleration.rows,
        "tried": [{"view": each.view, "rows": each.rows, "reason": each.reason} for each in acceleration.tried],
    }


def _choices_wire(found: list[FilterSelection] | None) -> list[dict[str, Any]] | None:
    if found is None:
        return None
    return [
        {
            "key": each.expression,
            "included": list(each.included),
            "excluded": list(each.excluded),
            "low": each.low,
            "high": each.high,
        }
        for each in found
    ]


def _page_wire(page: SearchPage) -> dict[str, Any]:
    return {
        "columns": [{"name": column.name, "type": column.type} for column in page.columns],
        "rows": page.rows,
        "rowIds": page.row_ids,
        "statistics": statistics_wire(page.statistics),
        "sql": page.sql,
        "warnings": list(page.warnings),
    }

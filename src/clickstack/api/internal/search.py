"""What the search page asks: rows, one row, the histogram. Answers are streams of frames (api.stream)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from starlette.responses import StreamingResponse

from clickstack.core.chart import Filter, Language
from clickstack.core.errors import BadRequest, NotFound
from clickstack.core.limits import CHART_BUCKETS_MAX, QUERY_TEXT_CHARS_MAX, SEARCH_ROWS_DEFAULT, SEARCH_ROWS_MAX
from clickstack.core.records import Actor
from clickstack.core.result import Statistics
from clickstack.core.source import Source
from clickstack.core.timerange import TimeRange, granularity_seconds
from clickstack.query import Runner, Search, SearchConfig, histogram

from ..context import Services, services, session_actor
from ..stream import stream_query
from ..wire import WireModel

router = APIRouter(prefix="/search")

SignedIn = Annotated[Actor, Depends(session_actor)]
Milliseconds = Annotated[int, Field(ge=0)]


class SearchBody(WireModel):
    source_id: str
    where: str = Field(default="", max_length=QUERY_TEXT_CHARS_MAX)
    where_language: Language = "lucene"
    start_time: Milliseconds
    end_time: Milliseconds
    limit: int = Field(default=SEARCH_ROWS_DEFAULT, ge=1, le=SEARCH_ROWS_MAX)
    cursor: str | None = Field(default=None, max_length=200)
    newer_than: str | None = Field(default=None, max_length=200)
    select: str = Field(default="", max_length=QUERY_TEXT_CHARS_MAX)


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


@router.post("")
def search(request: Request, actor: SignedIn, body: SearchBody) -> StreamingResponse:
    here = services(request)
    config = SearchConfig(
        source=find_source(here, actor, body.source_id),
        where=Filter(body.where, body.where_language),
        time_range=TimeRange(body.start_time, body.end_time),
        limit=body.limit,
        select=body.select,
        cursor=body.cursor,
        newer_than=body.newer_than,
    )

    def work(query_id: str) -> dict[str, Any]:
        page = Search(here.store).page(config, query_id)
        return {
            "columns": [{"name": column.name, "type": column.type} for column in page.columns],
            "rows": page.rows,
            "rowIds": page.row_ids,
            "nextCursor": page.next_cursor,
            "statistics": statistics_wire(page.statistics),
            "sql": page.sql,
            "warnings": list(page.warnings),
        }

    return stream_query(request, here, work)


@router.post("/row")
def row(request: Request, actor: SignedIn, body: RowBody) -> StreamingResponse:
    here = services(request)
    source = find_source(here, actor, body.source_id)
    return stream_query(request, here, lambda query_id: {"row": Search(here.store).row(source, body.row_id, query_id)})


@router.post("/histogram")
def search_histogram(request: Request, actor: SignedIn, body: HistogramBody) -> StreamingResponse:
    here = services(request)
    source = find_source(here, actor, body.source_id)
    where = Filter(body.where, body.where_language)
    time_range = TimeRange(body.start_time, body.end_time)
    width_s = None if body.granularity == "auto" else granularity_seconds(body.granularity)
    if width_s and time_range.seconds / width_s > CHART_BUCKETS_MAX:
        raise BadRequest(f"granularity: more than {CHART_BUCKETS_MAX} buckets in this range; use a wider one")

    def work(query_id: str) -> dict[str, Any]:
        bars = histogram(Runner(here.store), source, where, time_range, width_s, query_id)
        return {
            "granularityS": bars.granularity_s,
            "buckets": bars.buckets_ms,
            "groups": [{"name": group.name, "counts": group.counts} for group in bars.groups],
            "total": bars.total,
            "statistics": statistics_wire(bars.statistics),
            "sql": bars.sql,
            "warnings": list(bars.warnings),
        }

    return stream_query(request, here, work)


def find_source(here: Services, actor: Actor, source_id: str) -> Source:
    """A source of the caller's team. Raises NotFound, also for another team's."""
    source = here.metadata.sources.get(actor.team.id, source_id)
    if source is None:
        raise NotFound("Source not found")
    return source


def statistics_wire(statistics: Statistics) -> dict[str, Any]:
    return {
        "rowsRead": statistics.rows_read,
        "bytesRead": statistics.bytes_read,
        "elapsedMs": round(statistics.elapsed_s * 1000, 3),
    }

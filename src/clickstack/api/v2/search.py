"""POST /api/v2/search: rows of a log, trace or session source (reference/api-v2.md §9)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, Field

from clickstack.core.chart import Filter, Language
from clickstack.core.errors import BadRequest, NotFound
from clickstack.core.ids import OBJECT_ID
from clickstack.core.limits import MOMENT_MS_MAX
from clickstack.core.records import Actor
from clickstack.core.result import Column
from clickstack.core.timerange import TimeRange
from clickstack.query import Search, SearchConfig

from ..context import Services, bearer_actor, services
from ..reading import reader
from ..stream import answer_query
from ..wire import Json, WireModel

router = APIRouter(prefix="/search")

Caller = Annotated[Actor, Depends(bearer_actor)]
DEFAULT_RANGE_MS = 15 * 60 * 1000
_ZONE = re.compile(r"DateTime(?:64)?\((?:\d+, )?'([^']+)'\)")
_SECONDS_CHARS = len("2026-01-01 00:00:00")
_FORBIDDEN = re.compile(r";|(?<!\w)select\s", re.IGNORECASE)


def _source_id(text: str) -> str:
    if not text:
        raise ValueError("sourceId is required")
    if not OBJECT_ID.fullmatch(text.lower()):
        raise ValueError("sourceId must be a valid ObjectId")
    return text.lower()


def _select(text: str) -> str:
    if _FORBIDDEN.search(text):
        raise ValueError("select must not contain semicolons or SELECT subqueries")
    return text


class SearchBody(WireModel):
    source_id: Annotated[str, AfterValidator(_source_id)]
    start_time: str = ""
    end_time: str = ""
    where: Annotated[str, Field(max_length=8192)] = ""
    where_language: Language = "lucene"
    select: Annotated[str, Field(max_length=4096), AfterValidator(_select)] = ""
    order_by: Annotated[str, Field(max_length=1024)] = ""
    max_results: Annotated[int, Field(ge=1, le=2000)] = 100
    offset: Annotated[int, Field(ge=0, le=10000)] = 0


@router.post("")
async def search_events(request: Request, actor: Caller, body: SearchBody) -> Json:
    here = services(request)
    rows = await answer_query(request, here, lambda query_id: _rows(here, actor, body, query_id))
    return Json({"data": rows, "rows": len(rows)})


def _rows(here: Services, actor: Actor, body: SearchBody, query_id: str) -> list[dict[str, Any]]:
    time_range = _time_range(body, here.clock.now_ns() // 1_000_000)
    source = here.metadata.sources.recent(actor.team.id, body.source_id)
    if source is None:
        raise NotFound(f"Source not found: {body.source_id}")
    page = Search(reader(here, actor)).page(
        SearchConfig(
            source=source,
            where=Filter(body.where, body.where_language),
            time_range=time_range,
            limit=body.max_results,
            select=body.select,
            order_by=body.order_by or source.order_by_expression or "",
            offset=body.offset,
            strict=True,
        ),
        query_id,
    )
    readers = [_reader(column) for column in page.columns]
    names = [column.name for column in page.columns]
    return [{name: read(value) for name, read, value in zip(names, readers, row, strict=False)} for row in page.rows]


def _time_range(body: SearchBody, now_ms: int) -> TimeRange:
    end_ms = _milliseconds(body.end_time) if body.end_time else now_ms
    start_ms = _milliseconds(body.start_time) if body.start_time else end_ms - DEFAULT_RANGE_MS
    if start_ms >= end_ms:
        raise BadRequest("endTime must be greater than startTime")
    return TimeRange(start_ms, end_ms)


def _milliseconds(text: str) -> int:
    """Times without a zone are UTC."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadRequest("Invalid startTime or endTime: must be valid ISO 8601 strings") from None
    moment_ms = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    if not 0 <= moment_ms < MOMENT_MS_MAX:
        raise BadRequest("Invalid startTime or endTime: must lie in the years 1970 to 2199")
    return moment_ms


def _reader(column: Column) -> Any:
    """Times leave as ISO 8601 with `T` and `Z`, also inside lists; everything else as the engine wrote it."""
    if "DateTime" not in column.type:
        return _as_is
    zone = _zone(column.type)
    return lambda value: [_iso(each, zone) for each in value] if isinstance(value, list) else _iso(value, zone)


def _zone(column_type: str) -> ZoneInfo | None:
    named = _ZONE.search(column_type)
    try:
        return ZoneInfo(named[1]) if named and named[1] != "UTC" else None
    except (KeyError, ValueError, OSError):  # a zone that the engine knows and this program does not
        return None


def _as_is(value: Any) -> Any:
    return value


def _iso(value: Any, zone: ZoneInfo | None) -> Any:
    """A time in UTC. An SQL expression may tell it by the clock of another zone; of an hour that the clock there shows
    twice, the first is meant."""
    if not isinstance(value, str):
        return value
    if zone is not None:
        there = datetime.fromisoformat(value[:_SECONDS_CHARS]).replace(tzinfo=zone)
        value = there.astimezone(UTC).isoformat()[:_SECONDS_CHARS] + value[_SECONDS_CHARS:]
    return value.replace(" ", "T") + "Z"

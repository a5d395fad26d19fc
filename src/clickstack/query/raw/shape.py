"""Rows of a raw statement → what the display draws (reference/query-engine.md §4.3)."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from clickstack.core.errors import BadQuery
from clickstack.core.limits import CHART_ROWS_MAX
from clickstack.core.result import Column, QueryResult

from ..columntype import parse_type
from ..shape import Point
from .chart import RawSlice

_ZONE = re.compile(r"DateTime(?:64)?\([^')]*'([^']+)'")
NO_TIME = (
    "A time chart needs a column of type Date or DateTime for its x axis.",
    "Select the bucket, e.g. $__timeInterval(Timestamp) AS ts, and group by it.",
)
NO_NUMBER = ("The chart needs a column of numbers.", "Select an aggregate, e.g. count() AS events.")


class Roles:
    """Which column plays which part: `time` the first moment, `numbers` all numbers, `groups` the rest."""

    def __init__(self, columns: tuple[Column, ...]) -> None:
        families = [parse_type(column.type).family for column in columns]
        self.time = next((at for at, family in enumerate(families) if family == "time"), None)
        self.numbers = [at for at, family in enumerate(families) if family == "number"]
        self.groups = [at for at, family in enumerate(families) if family != "number" and at != self.time]


def time_points(result: QueryResult) -> tuple[tuple[Point, ...], tuple[str, ...], tuple[str, ...]]:
    """Points in order of time, the names of the values, the names of the groups. Raises BadQuery."""
    roles = check_columns(result.columns, time=True)
    assert roles.time is not None
    if len(result.rows) > CHART_ROWS_MAX:
        raise BadQuery(
            f"The chart has more than {CHART_ROWS_MAX} points.",
            hint="Use a coarser granularity or group by something with fewer values.",
        )
    zone = _zone(result.columns[roles.time].type)
    points = [
        Point(
            _moment_ms(row[roles.time], zone),
            tuple(row[at] for at in roles.groups),
            tuple(_number(row[at]) for at in roles.numbers),
        )
        for row in result.rows
        if row[roles.time] is not None
    ]
    names = [column.name for column in result.columns]
    return (
        tuple(sorted(points, key=lambda point: point.bucket_ms)),
        tuple(names[at] for at in roles.numbers),
        tuple(names[at] for at in roles.groups),
    )


def check_columns(columns: tuple[Column, ...], *, time: bool) -> Roles:
    """Raises BadQuery when a column that the display needs is missing."""
    roles = Roles(columns)
    if time and roles.time is None:
        raise BadQuery(NO_TIME[0], hint=NO_TIME[1])
    if not roles.numbers:
        raise BadQuery(NO_NUMBER[0], hint=NO_NUMBER[1])
    return roles


def slices(result: QueryResult, *, ordered: bool) -> tuple[RawSlice, ...]:
    """The first number of each row under its groups; the largest first unless the statement orders. Raises BadQuery."""
    roles = check_columns(result.columns, time=False)
    labels = [at for at in range(len(result.columns)) if at not in roles.numbers]
    found = [
        RawSlice(" - ".join(_label(row[at]) for at in labels), value)
        for row in result.rows
        if (value := _number(row[roles.numbers[0]])) is not None
    ]
    return tuple(found if ordered else sorted(found, key=lambda each: -each.value))


def first_number(result: QueryResult) -> float | None:
    """The first number of the first row. Raises BadQuery when there is no column of numbers."""
    roles = check_columns(result.columns, time=False)
    return _number(result.rows[0][roles.numbers[0]]) if result.rows else None


def _number(value: Any) -> float | None:
    """Wide integers and decimals come as text."""
    return float(value) if isinstance(value, str) else value


def _label(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _zone(type_text: str) -> ZoneInfo | None:
    named = _ZONE.search(type_text)
    try:
        return ZoneInfo(named[1]) if named else None
    except (ZoneInfoNotFoundError, ValueError):  # zones the engine knows and Python does not
        return None


def _moment_ms(text: str, zone: ZoneInfo | None) -> int:
    """Milliseconds since 1970 of `2026-01-02`, `2026-01-02 03:04:05` or with a fraction, read in the column's zone."""
    whole, _, fraction = text.partition(".")
    moment = datetime.fromisoformat(whole).replace(tzinfo=zone or UTC)
    return int(moment.timestamp()) * 1000 + int((fraction + "000")[:3])

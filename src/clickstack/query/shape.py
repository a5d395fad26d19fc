"""Rows → points → the rows of a chart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clickstack.core.errors import BadQuery
from clickstack.core.limits import CHART_ROWS_MAX
from clickstack.core.result import QueryResult

from .compile import CompiledChart


@dataclass(frozen=True, slots=True)
class Point:
    """The values of one group in one bucket. `bucket_ms` is the bucket's start; 0 in a chart without buckets."""

    bucket_ms: int
    group: tuple[Any, ...]
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One bucket and group of several series. A series without data here is absent from `values`."""

    bucket_ms: int
    group: tuple[Any, ...]
    values: dict[int, Any]


def points(compiled: CompiledChart, result: QueryResult) -> list[Point]:
    """Raises BadQuery when there are more than anybody could draw."""
    if len(result.rows) > CHART_ROWS_MAX:
        raise BadQuery(
            f"The chart has more than {CHART_ROWS_MAX} points.",
            hint="Use a coarser granularity or group by something with fewer values.",
        )
    first = 1 if compiled.bucketed else 0
    after = first + len(compiled.groups)
    return [
        Point(row[0] * 1000 if compiled.bucketed else 0, tuple(row[first:after]), tuple(row[after:]))
        for row in result.rows
    ]


def filled(points: Sequence[Point], buckets_ms: Sequence[int], values: int, *, grouped: bool) -> list[Point]:
    """The points of every group in every bucket; where there was none, all values are 0 (§2.7).

    A chart that would grow beyond what anybody can draw is left as it is.
    """
    groups = {repr(point.group): point.group for point in points}
    if not groups and not grouped:
        groups = {"()": ()}
    if len(buckets_ms) * len(groups) > CHART_ROWS_MAX:
        return list(points)
    known = {(point.bucket_ms, repr(point.group)): point for point in points}
    nothing = (0,) * values
    return [
        known.get((bucket_ms, key)) or Point(bucket_ms, group, nothing)
        for bucket_ms in buckets_ms
        for key, group in groups.items()
    ]


def later(points: Sequence[Point], moved: Callable[[int], int]) -> list[Point]:
    """The points with their buckets moved on in time."""
    return [replace(point, bucket_ms=moved(point.bucket_ms)) for point in points]


def merge_series(series: Sequence[Sequence[Point]]) -> list[SeriesRow]:
    """Series of one value each, joined on bucket and group; in order of time, then of first appearance."""
    rows: dict[tuple[int, str], SeriesRow] = {}
    for index, each in enumerate(series):
        for point in each:
            key = (point.bucket_ms, repr(point.group))
            row = rows.setdefault(key, SeriesRow(point.bucket_ms, point.group, {}))
            row.values[index] = point.values[0]
    return sorted(rows.values(), key=lambda row: row.bucket_ms)


def ratio(row: SeriesRow) -> float | None:
    """First series ÷ second; a missing first is 0, nothing or 0 below the line is NULL (§2.9)."""
    above, below = row.values.get(0) or 0, row.values.get(1)
    return above / below if below else None

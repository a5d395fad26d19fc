"""What a statement of raw SQL says about each window. It is asked for one window after the other.

The value is the last column of numbers, of a number tile the first, which is what it shows. Over time, the columns
that are neither numbers nor the moment name the group; in a table no moment does, so that a column like
`max(Timestamp)` is no new group each time.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clickstack.core.clock import iso_millis, utc_datetime
from clickstack.core.limits import RAW_ROWS_MAX
from clickstack.core.result import Statistics
from clickstack.core.timerange import TimeRange
from clickstack.query import Point, Reader
from clickstack.query.columntype import parse_type
from clickstack.query.raw import RawChart, RawResult, RawRunner
from clickstack.query.raw.shape import check_columns

from .question import InvalidAlert
from .seen import Seen, seen_of
from .window import Window


@dataclass(frozen=True, slots=True)
class Said:
    """What was seen, by the end of the window; a window without rows has no entry. `sql` is the last that was asked."""

    seen: Mapping[int, tuple[Seen, ...]]
    sql: str
    statistics: Statistics


def ask(raw: RawChart, windows: Sequence[Window], reader: Reader, went_on: Callable[[], None]) -> Said:
    """Raises InvalidAlert for answers that cannot be judged, and what RawRunner raises."""
    runner = RawRunner(reader)
    seen: dict[int, tuple[Seen, ...]] = {}
    results = []
    for window in windows:
        aligned = replace(raw, origin_s=window.start_ms // 1000 % ((window.end_ms - window.start_ms) // 1000))
        result = runner.run(aligned, TimeRange(window.start_ms, window.end_ms))
        went_on()
        results.append(result)
        if found := _found(raw, result, window):
            seen[window.end_ms] = found
    return Said(seen, results[-1].sql, _total(results))


def _found(raw: RawChart, result: RawResult, window: Window) -> tuple[Seen, ...]:
    if raw.display == "number":
        return (Seen("", result.number, {}),) if result.rows else ()
    if raw.display == "table":
        return _of_table(result)
    _refuse_cut_buckets(result.points, window)
    within = (each for each in result.points if window.start_ms <= each.bucket_ms < window.end_ms)
    return tuple(seen_of(result.group_names, each.group, each.values[-1]) for each in within)


def _refuse_cut_buckets(points: Sequence[Point], window: Window) -> None:
    """Buckets made by the clock do not fit windows that were moved: each would be judged by a part of its rows."""
    starts = sorted({each.bucket_ms for each in points})
    gaps = (later - earlier for earlier, later in itertools.pairwise(starts))
    width_ms = min(gaps, default=window.end_ms - window.start_ms)
    width_ms = min(width_ms, window.end_ms - window.start_ms)
    cut = next((each for each in starts if each < window.start_ms < each + width_ms), None)
    if cut is not None:
        raise InvalidAlert(
            f"The statement has a bucket at {_iso(cut)}, which the window from {_iso(window.start_ms)} cuts "
            "in two. Write $__timeInterval(column): its buckets are the alert's windows. Or let the windows begin "
            "where the statement's buckets do (scheduleOffsetMinutes, scheduleStartAt)."
        )


def _of_table(result: RawResult) -> tuple[Seen, ...]:
    if result.truncated:
        raise InvalidAlert(
            f"The table has more than {RAW_ROWS_MAX} rows, so that groups may be missing. "
            "Group by something with fewer values."
        )
    families = [parse_type(column.type).family for column in result.columns]
    numbers = check_columns(result.columns, time=False).numbers
    texts = [at for at, family in enumerate(families) if family not in ("number", "time")]
    names = [result.columns[at].name for at in texts]
    groups = [tuple(row[at] for at in texts) for row in result.rows]
    if "time" not in families:  # otherwise rows of one group are its moments, and the worst of them counts
        _refuse_doubled(names, groups, result.columns[numbers[-1]].name)
    values = (_number(row[numbers[-1]]) for row in result.rows)
    return tuple(seen_of(names, group, value) for group, value in zip(groups, values, strict=True))


def _refuse_doubled(names: Sequence[str], groups: Sequence[tuple[Any, ...]], value: str) -> None:
    known: set[str] = set()
    for group in groups:
        key = repr(group)  # arrays and maps among the values have no hash
        if key in known:
            name = seen_of(names, group, None).group
            raise InvalidAlert(
                f"Two rows of the table are {f'about the group {name!r}' if name else 'about no group'}: the columns "
                f"of text name the group, and the last column of numbers, {value!r}, is the value. "
                "Write toString(column) around a number that names a group, or group by less."
            )
        known.add(key)


def _number(value: Any) -> float | None:
    """Wide integers and decimals come as text."""
    return None if value is None else float(value)


def _iso(ms: int) -> str:
    return iso_millis(utc_datetime(ms * 1_000_000))


def _total(results: Sequence[RawResult]) -> Statistics:
    return Statistics(
        sum(each.statistics.rows_read for each in results),
        sum(each.statistics.bytes_read for each in results),
        sum(each.statistics.elapsed_s for each in results),
    )

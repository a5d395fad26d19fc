"""Questions → values: one query for all windows of a question, one scan for questions that read the same rows.

Alerts that count events of the same source, over the same windows and by the same groups, differ only in a condition:
they become the conditional counts of one chart. If that chart fails, each is asked alone, so that a broken alert is
told of its own fault and breaks no other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clickstack.core.chart import ChartConfig, Filter, Select
from clickstack.core.errors import ClickstackError
from clickstack.core.limits import ALERT_SHARED_COUNTS_MAX
from clickstack.core.result import Statistics
from clickstack.core.timerange import TimeRange
from clickstack.query import ChartResult, Point, Reader, Runner

from .question import InvalidAlert, Question
from .seen import Seen, seen_of
from .statement import ask
from .window import Window


@dataclass(frozen=True, slots=True)
class Reading:
    """What was seen, by the end of the window. A window without rows has no entry."""

    seen: Mapping[int, tuple[Seen, ...]]
    sql: str
    statistics: Statistics


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about windows that touch each other, oldest first."""

    question: Question
    windows: tuple[Window, ...]

    @property
    def at_once(self) -> bool:
        """Whether one query answers for all windows: they are the buckets of a chart."""
        return self.question.chart is not None

    @property
    def origin_s(self) -> int:
        return self.windows[0].start_ms // 1000 % (self.question.interval_ms // 1000)

    @property
    def time_range(self) -> TimeRange:
        return TimeRange(self.windows[0].start_ms, self.windows[-1].end_ms)


Outcome = Reading | ClickstackError | InvalidAlert
Scan = tuple[Asked, ...]  # read together


def scans_of(asked: Sequence[Asked]) -> Iterator[Scan]:
    """Questions that one query can answer together, and the others alone."""
    shared: dict[Any, list[Asked]] = defaultdict(list)
    for each in asked:
        key = _shared_key(each)
        if key is None:
            yield (each,)
        else:
            shared[key].append(each)
    for members in shared.values():
        for start in range(0, len(members), ALERT_SHARED_COUNTS_MAX):
            yield tuple(members[start : start + ALERT_SHARED_COUNTS_MAX])


def read(scan: Scan, reader: Reader, went_on: Callable[[], None] = lambda: None) -> list[Outcome]:
    """An outcome for each question, in order. Faults of a question are outcomes, too; others are raised.

    `went_on` is called for each query that was run.
    """
    if len(scan) > 1:
        try:
            return list(_read_together(scan, reader, went_on))
        except ClickstackError:
            pass  # one of them is broken, or together they are too much
    return [_read_alone(each, reader, went_on) for each in scan]


def _read_alone(asked: Asked, reader: Reader, went_on: Callable[[], None]) -> Outcome:
    try:
        return _read_chart(asked, reader, went_on) if asked.question.chart else _read_raw(asked, reader, went_on)
    except (ClickstackError, InvalidAlert) as error:
        return error


def _read_chart(asked: Asked, reader: Reader, went_on: Callable[[], None]) -> Reading:
    chart = asked.question.chart
    assert chart is not None
    points: dict[int, list[Point]] = defaultdict(list)
    result = _result(chart, asked, reader)
    went_on()
    for point in result.points:
        points[point.bucket_ms + asked.question.interval_ms].append(point)
    seen = {end: tuple(_seen(point, result.groups, -1) for point in each) for end, each in points.items()}
    return Reading(seen, result.sql, result.statistics)


def _result(chart: ChartConfig, asked: Asked, reader: Reader) -> ChartResult:
    """The windows are the buckets of one query."""
    bucketed = replace(chart, granularity_s=asked.question.interval_ms // 1000, origin_s=asked.origin_s)
    return Runner(reader).run(bucketed, asked.time_range)


def _read_raw(asked: Asked, reader: Reader, went_on: Callable[[], None]) -> Reading:
    assert asked.question.raw is not None
    said = ask(asked.question.raw, asked.windows, reader, went_on)
    return Reading(said.seen, said.sql, said.statistics)


def _shared_key(asked: Asked) -> Any | None:
    chart = asked.question.chart
    if chart is None or not asked.question.counts or len(chart.select) != 1:
        return None
    select = chart.select[0]
    if select.metric is not None or (chart.where.text.strip() and select.where.text.strip()):
        return None
    return chart.source.id, chart.group_by, chart.filters, chart.filters_operator, asked.windows


def _condition(chart: ChartConfig) -> Filter:
    return chart.where if chart.where.text.strip() else chart.select[0].where


def _read_together(scan: Scan, reader: Reader, went_on: Callable[[], None]) -> Iterator[Reading]:
    """One chart with a count for each question; equal conditions are counted once."""
    charts = [each.question.chart for each in scan]
    first = charts[0]
    assert first is not None
    conditions = list(dict.fromkeys(_condition(chart) for chart in charts if chart))
    counts = tuple(Select("count", where=each) for each in conditions)
    together = replace(first, where=Filter(), select=counts)
    result = _result(together, scan[0], reader)
    went_on()
    interval_ms = scan[0].question.interval_ms
    for asked in scan:
        assert asked.question.chart is not None
        at = conditions.index(_condition(asked.question.chart))
        seen: dict[int, list[Seen]] = defaultdict(list)
        for point in result.points:
            # In the rows of others a group of this question is 0: it is not there at all.
            if point.values[at] or not asked.question.grouped:
                seen[point.bucket_ms + interval_ms].append(_seen(point, result.groups, at))
        yield Reading({end: tuple(each) for end, each in seen.items()}, result.sql, result.statistics)


def _seen(point: Point, names: Sequence[str], at: int) -> Seen:
    return seen_of(names, point.group, point.values[at])

"""The histogram above a search: events over time, by severity or status."""

from __future__ import annotations

from dataclasses import dataclass

from clickstack.core.chart import ChartConfig, Filter, Select
from clickstack.core.result import Statistics
from clickstack.core.source import Source
from clickstack.core.timerange import TimeRange, auto_granularity_seconds

from .accelerate import Acceleration
from .grid import Grid
from .run import Runner

BUCKETS_MAX = 100  # as many bars as a screen shows apart
GROUPS_MAX = 12  # values told apart; the rest is one group
REST = "other"

# Most severe first, so that a stack grows from its errors. Unknown values come after, by name.
_ORDER = "fatal critical emergency alert error err warn warning notice info information debug trace ok unset".split()


@dataclass(frozen=True, slots=True)
class HistogramGroup:
    name: str
    counts: list[int]


@dataclass(frozen=True, slots=True)
class Histogram:
    """`buckets_ms` are the starts of all buckets of the range, empty ones too; every group counts each of them."""

    granularity_s: int
    buckets_ms: list[int]
    groups: list[HistogramGroup]
    total: int
    statistics: Statistics
    sql: str
    warnings: tuple[str, ...]
    acceleration: Acceleration | None = None


def histogram(
    runner: Runner,
    source: Source,
    where: Filter,
    time_range: TimeRange,
    granularity_s: int | None,
    query_id: str | None,
    time_zone: str = "UTC",
    filters: tuple[Filter, ...] = (),
) -> Histogram:
    """Counts of a search. Without `granularity_s` the width fits the range. Raises what Runner.run raises."""
    width_s = granularity_s or auto_granularity_seconds(time_range, BUCKETS_MAX, step_min_s=1)
    by = source.severity_text_expression or source.status_code_expression
    chart = ChartConfig(
        source=source,
        select=(Select("count"),),
        where=where,
        group_by=(by,) if by else (),
        granularity_s=width_s,
        time_zone=time_zone,
        filters=filters,
    )
    result = runner.run(chart, time_range, query_id)
    buckets_ms = Grid(width_s, time_zone).starts_ms(time_range)
    place = {start_ms: index for index, start_ms in enumerate(buckets_ms)}
    counts: dict[str, list[int]] = {}
    for point in result.points:
        name = str(point.group[0] if point.group and point.group[0] is not None else "")
        counts.setdefault(name, [0] * len(buckets_ms))[place[point.bucket_ms]] += point.values[0]
    groups = _ordered(_folded(counts))
    total = sum(sum(group.counts) for group in groups)
    return Histogram(
        width_s, buckets_ms, groups, total, result.statistics, result.sql, result.warnings, result.acceleration
    )


def _folded(counts: dict[str, list[int]]) -> dict[str, list[int]]:
    """The largest groups; the others together as REST."""
    if len(counts) <= GROUPS_MAX:
        return counts
    by_size = sorted(counts, key=lambda name: (-sum(counts[name]), name))
    kept = {name: counts[name] for name in by_size[:GROUPS_MAX]}
    rest = [sum(column) for column in zip(*(counts[name] for name in by_size[GROUPS_MAX:]), strict=True)]
    kept[REST] = [a + b for a, b in zip(kept.get(REST, [0] * len(rest)), rest, strict=True)]
    return kept


def _ordered(counts: dict[str, list[int]]) -> list[HistogramGroup]:
    def rank(name: str) -> tuple[bool, int, str]:
        known = name.lower() in _ORDER
        return name == REST, _ORDER.index(name.lower()) if known else len(_ORDER), name

    return [HistogramGroup(name, counts[name]) for name in sorted(counts, key=rank)]

"""Charts against brute force in Python: buckets, top groups, ratio, quantiles; every type, every aggregate."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clickstack.core.chart import AggregateName, ChartConfig, Filter, Metric, Select
from clickstack.core.errors import BadQuery, BadRequest
from clickstack.core.timerange import TimeRange
from clickstack.query import Runner
from clickstack.query.grid import Grid
from clickstack.query.select import AGGREGATIONS
from clickstack.store import Store
from query.cases import Cases
from query.seeds import source

START = datetime.fromisoformat("2022-03-01T00:00:00+00:00")
START_MS = int(START.timestamp() * 1000)
FEW = settings(max_examples=25, deadline=None)

Event = tuple[int, str, bool]  # milliseconds after START, service, error?
events = st.lists(
    st.tuples(st.integers(0, 3_600_000), st.sampled_from(["a", "b", "c", "d", ""]), st.booleans()), max_size=40
)


def write_events(store: Store, rows: list[Event]) -> None:
    store.command("TRUNCATE TABLE otel_logs")
    values = [
        f"(fromUnixTimestamp64Milli({START_MS + ms}),'{service}','{'error' if error else 'info'}')"
        for ms, service, error in rows
    ]
    if values:
        store.command(f"INSERT INTO otel_logs (Timestamp, ServiceName, SeverityText) VALUES {','.join(values)}")


@FEW
@given(events, st.integers(0, 3_600_000), st.integers(1, 3_600_000), st.sampled_from([1, 7, 60, 420, 900, 3600]))
def test_buckets(_engine: Store, rows: list[Event], start: int, length: int, width_s: int) -> None:  # noqa: PT019
    write_events(_engine, rows)
    chart = ChartConfig(source("log"), (Select("count"),), granularity_s=width_s)
    found = Runner(_engine).run(chart, TimeRange(START_MS + start, START_MS + start + length))
    expected = Counter(
        (START_MS + ms) // 1000 // width_s * width_s * 1000 for ms, _, _ in rows if start <= ms < start + length
    )
    assert {point.bucket_ms: point.values[0] for point in found.points} == expected


@FEW
@given(events, st.integers(1, 4), st.booleans())
def test_top_groups(_engine: Store, rows: list[Event], limit: int, other: bool) -> None:  # noqa: PT019
    write_events(_engine, rows)
    chart = ChartConfig(
        source("log"),
        (Select("count"), Select("count", where=Filter('SeverityText:"error"'))),
        group_by=("ServiceName",),
        granularity_s=600,
        series_limit=limit,
        other=other,
    )
    found = Runner(_engine).run(chart, TimeRange(START_MS, START_MS + 3_600_001))
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    for ms, service, _ in rows:
        counts[service][ms // 600_000] += 1
    top = sorted(counts, key=lambda service: (-max(counts[service].values()), service))[:limit]
    expected: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    for ms, service, error in rows:
        if service in top or other:
            cell = expected[START_MS + ms // 600_000 * 600_000, service if service in top else "Other"]
            cell[0] += 1
            cell[1] += error
    assert {(point.bucket_ms, point.group[0]): list(point.values) for point in found.points} == expected


@FEW
@given(events, st.sampled_from(["per_group", "share_of_total"]))
def test_ratio(_engine: Store, rows: list[Event], mode: Any) -> None:  # noqa: PT019
    write_events(_engine, rows)
    below = Filter('ServiceName:"a" OR ServiceName:"b"')
    chart = ChartConfig(
        source("log"),
        (Select("count", where=Filter('SeverityText:"error"')), Select("count", where=below)),
        group_by=("ServiceName",),
        ratio=mode,
        display="table",
    )
    found = Runner(_engine).run(chart, TimeRange(START_MS, START_MS + 3_600_001))
    errors = Counter(service for _, service, error in rows if error)
    known = Counter(service for _, service, _ in rows if service in ("a", "b"))
    total = sum(known.values())
    for point in found.points:
        service = point.group[0]
        divisor = known[service] if mode == "per_group" else total
        assert point.values[0] == (pytest.approx(errors[service] / divisor) if divisor else None)


counts_strategy = st.lists(st.lists(st.integers(0, 30), min_size=4, max_size=4), min_size=1, max_size=6)


@FEW
@given(counts_strategy, st.sampled_from([0.0, 0.1, 0.5, 0.9, 0.99, 1.0]))
def test_histogram_quantiles(_engine: Store, points: list[list[int]], level: float) -> None:  # noqa: PT019
    """One cumulative series of bounds 10, 20, 40: what is new in every point, merged, then interpolated."""
    _engine.command("TRUNCATE TABLE otel_metrics_histogram")
    values = [
        f"('h',toDateTime64('2022-03-01 00:00:00', 9, 'UTC') + {second},{counts},[10,20,40],{sum(counts)},2)"
        for second, counts in enumerate(points)
    ]
    columns = "MetricName, TimeUnix, BucketCounts, ExplicitBounds, Count, AggregationTemporality"
    _engine.command(f"INSERT INTO otel_metrics_histogram ({columns}) VALUES {','.join(values)}")
    chart = ChartConfig(source("metric"), (Select("quantile", level=level, metric=Metric("h", "histogram")),))
    found = Runner(_engine).run(chart, TimeRange(START_MS, START_MS + 60_000))
    new = [0, 0, 0, 0]
    for previous, now in pairwise(points):
        reset = any(b < a for a, b in zip(previous, now, strict=True))
        new = [n + (b if reset else b - a) for n, a, b in zip(new, previous, now, strict=True)]
    expected = quantile(new, [10, 20, 40], level)
    assert [point.values[0] for point in found.points] == [None if expected is None else pytest.approx(expected)]


def quantile(counts: list[int], bounds: list[int], level: float) -> float | None:
    total, below = sum(counts), 0
    for index, count in enumerate(counts):
        if count and below + count >= level * total - 1e-9:
            if index == len(bounds):
                return bounds[-1]
            low = bounds[index - 1] if index else 0
            return low + (bounds[index] - low) * (level * total - below) / count
        below += count
    return None


@FEW
@given(st.lists(st.integers(0, 100), min_size=1, max_size=20), st.integers(1, 10))
def test_increase_is_what_prometheus_says(_engine: Store, values: list[int], width_s: int) -> None:  # noqa: PT019
    """One point a second; after a fall the new value is what has come."""
    _engine.command("TRUNCATE TABLE otel_metrics_sum")
    rows = [
        f"('c',toDateTime64('2022-03-01 00:00:00', 9, 'UTC') + {second},{value},2,true)"
        for second, value in enumerate(values)
    ]
    columns = "MetricName, TimeUnix, Value, AggregationTemporality, IsMonotonic"
    _engine.command(f"INSERT INTO otel_metrics_sum ({columns}) VALUES {','.join(rows)}")
    chart = ChartConfig(
        source("metric"), (Select("increase", metric=Metric("c", "sum")),), granularity_s=width_s, fill=True
    )
    found = Runner(_engine).run(chart, TimeRange(START_MS, START_MS + 20_000))
    steps = [0, *(b if b < a else b - a for a, b in pairwise(values))]
    per_bucket: Counter[int] = Counter()
    for second, step in enumerate(steps):
        moment = START + timedelta(seconds=second)
        per_bucket[int(moment.timestamp()) // width_s * width_s * 1000] += step
    assert {point.bucket_ms: point.values[0] for point in found.points if point.values[0]} == {
        bucket: step for bucket, step in per_bucket.items() if step
    }


@given(st.integers(0, 10**13), st.integers(1, 10**9), st.sampled_from([1, 60, 420, 86_400]))
def test_ranges_of_whole_buckets(start_ms: int, length_ms: int, width_s: int) -> None:
    time_range = TimeRange(start_ms, start_ms + length_ms)
    grid = Grid(width_s)
    wide = grid.aligned(time_range)
    assert wide.start_ms <= start_ms < wide.start_ms + width_s * 1000
    assert wide.end_ms - width_s * 1000 < time_range.end_ms <= wide.end_ms
    earlier = grid.before(time_range)
    assert (time_range.start_ms - earlier.start_ms) % (width_s * 1000) == 0
    assert earlier.end_ms <= time_range.start_ms
    assert earlier.end_ms - earlier.start_ms == length_ms


AGGREGATE_NAMES: list[AggregateName] = [name for name in AGGREGATIONS if name not in ("increase", "rate")]


@pytest.mark.parametrize("aggregate", AGGREGATE_NAMES)
def test_every_column_type_through_every_aggregate(cases: Cases, aggregate: AggregateName) -> None:
    """A number, a value, NULL, or words of ours that say what does not go. Never a failure of the engine's."""
    runner = Runner(cases.store)
    columns = [column.name for column in cases.schema.columns]
    refusals: dict[str, str] = {}
    for column in [*columns, "J.a.b", "LogAttributes.k", "NumMap.k", "Raw.user.id"]:
        expression = f"`{column}`" if "-" in column else column
        group = (expression,) if aggregate == "none" else ()
        none = Filter("id:>1000")
        chart = ChartConfig(
            cases.source,
            (Select(aggregate, expression, level=0.9), Select(aggregate, expression, level=0.9, where=none)),
            group_by=group,
            display="table",
            limit=5,
        )
        try:
            result = runner.run(chart, TimeRange(0, 1_800_000_000_000))
        except (BadQuery, BadRequest) as error:
            refusals[column] = error.message
            continue
        value, of_no_rows = result.points[0].values
        if aggregate != "none":
            # lists, maps and JSON know no NULL; text that is no number sums up to none
            nothing = {"count": [0], "count_distinct": [0], "sum": [0, None], "any": [None, [], {}]}
            assert of_no_rows in nothing.get(aggregate, [None]), column
        if aggregate in ("sum", "avg", "quantile"):
            assert value is None or isinstance(value, (int, float)), column
    unclear = {column: text for column, text in refusals.items() if not re.search("needs a number|list of maps", text)}
    assert not unclear

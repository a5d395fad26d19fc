"""The data sets of reference/query-engine.md §10.3 to §10.5: distributions, and metrics that are joined."""

# ruff: noqa: E501  (one series, one line)

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from clickstack.store import Store

T0 = "2022-01-05 00:00:00"
APRIL = "2025-04-15 10:00:00"
STARTED = "toDateTime64('2022-01-01 00:00:00', 9, 'UTC')"

Counts = Sequence[int]

# --- §10.3 H: host/service → second → bucket counts, cumulative, bounds 5, 10, 50, 100, 500 -----------------------
LATENCY_BOUNDS = (5, 10, 50, 100, 500)
LATENCY: Mapping[str, Mapping[int, Counts]] = {
    "a/1": {0: (5, 2, 0, 0, 0, 0), 30: (9, 3, 1, 0, 0, 0), 90: (9, 6, 6, 4, 2, 0), 150: (9, 9, 11, 8, 4, 0), 210: (19, 12, 11, 8, 4, 0)},
    "a/2": {0: (11, 0, 0, 0, 0, 0), 34: (17, 2, 0, 0, 0, 0), 94: (17, 4, 5, 7, 0, 0), 154: (17, 6, 10, 14, 0, 0), 214: (37, 10, 10, 14, 0, 0)},
    "a/3": {0: (0, 5, 0, 0, 0, 0), 38: (1, 7, 0, 0, 0, 0), 98: (1, 7, 0, 3, 2, 4), 158: (1, 7, 0, 3, 2, 18), 218: (20, 0, 0, 0, 0, 0)},
    "b/1": {0: (6, 3, 0, 0, 0, 0), 29: (12, 3, 0, 0, 0, 0), 89: (19, 5, 0, 0, 0, 0), 149: (26, 7, 0, 0, 0, 0), 209: (30, 9, 0, 0, 0, 0)},
    "b/2": {0: (1, 0, 0, 0, 0, 0), 31: (9, 1, 0, 0, 0, 0), 91: (12, 1, 1, 0, 0, 0), 151: (15, 1, 2, 0, 0, 0), 211: (21, 4, 3, 0, 0, 0)},
    "b/3": {0: (4, 2, 0, 0, 0, 0), 45: (4, 6, 0, 0, 0, 0), 105: (4, 8, 0, 0, 0, 0), 165: (4, 10, 0, 0, 0, 0), 225: (14, 11, 0, 0, 0, 0)},
}  # fmt: skip

# --- §10.4: metric → (temporality, minute → observations, scale) per series; cumulative starts empty ------------------
DELTA, CUMULATIVE, UNSPECIFIED = 1, 2, 0
Observed = Mapping[int, Sequence[float]]
EXPONENTIALS: Sequence[tuple[str, int, int, Observed]] = (
    ("exp.two_four", CUMULATIVE, 0, {0: (), 1: (2, 4)}),
    ("exp.four_four", CUMULATIVE, 0, {0: (), 1: (4, 4)}),
    ("exp.signs", CUMULATIVE, 0, {0: (), 1: (-4, -4, 0, 2)}),
    ("exp.negative", DELTA, 0, {1: (-8, -8, -4, -2)}),
    ("exp.more", CUMULATIVE, 0, {0: (2, 2), 1: (2, 2, 4, 4)}),
    ("exp.count", CUMULATIVE, 0, {-1: (2, 4), 0: (2, 4, 8), 1: (2, 4, 8, 16, 32)}),
    ("exp.scales", CUMULATIVE, -1, {0: (), 1: (4,)}),
    ("exp.scales", CUMULATIVE, 1, {0: (), 1: (4,)}),
    ("exp.delta", DELTA, 0, {0: (2,), 1: (2, 4)}),
    ("exp.unspecified", UNSPECIFIED, 0, {0: (2,), 1: (2, 4)}),
    ("exp.reset", CUMULATIVE, 0, {0: (2, 2, 2), 1: (16,)}),
)

# --- §10.5: metric → service → minute → value, from APRIL -----------------------------------------------------------
JOINED_GAUGES: Mapping[str, Mapping[str, Mapping[int, float]]] = {
    "gap.one": {"a": {0: 10, 1: 20}},
    "gap.two": {"a": {1: 200, 2: 300}},
    "ratio.err": {"a": {0: 5, 2: 8, 3: 7}},
    "ratio.total": {"a": {0: 10, 1: 20, 3: 0}},
    "grpratio.err": {"a": {0: 1, 1: 2}, "b": {0: 6}, "d": {0: 5}},
    "grpratio.total": {"a": {0: 4, 1: 5}, "b": {0: 12}, "c": {0: 8}},
    "col.one": {"a": {0: 10}, "b": {0: 30}},
    "tbl.one": {"a": {0: 10}, "b": {0: 20}},
    "tbl.two": {"a": {0: 100}},
    "form.success": {"a": {0: 90, 1: 0}},
    "form.error": {"a": {0: 8, 2: 5}},
    "form.fsi": {"a": {0: 2}},
    "mix.cpu": {"svc-a": {0: 1, 2: 3}},
    "mix.gauge": {"svc-a": {1: 42}},
}
JOINED_COUNTERS: Mapping[str, Mapping[str, Mapping[int, float]]] = {
    "mix.requests": {"svc-a": {0: 10, 1: 15, 2: 25}, "svc-b": {0: 100, 1: 104}},
    # §10.2 G14 and G16, the latter a gauge sent as a counter
    "two.resets": {
        "h1": {-1: 0, 0: 1, 1: 8, 2: 0, 3: 7, 10: 7, 12: 15, 14: 17, 16: 0, 19: 42},
        "h2": {-1: 0, 0: 2, 1: 9, 2: 0, 3: 15, 10: 25, 12: 35, 14: 57, 16: 0, 19: 92},
    },
    "uptime": {"h1": {-1: 518400, 0: 604800, 1: 691200, 2: 777600, 3: 864000, 4: 950400, 12: 1641600}},
}


def seed_distributions(store: Store) -> None:
    _gone(store)
    _explicit(store)
    _exponential(store)
    _summaries(store)
    columns = "(MetricName, TimeUnix, Value, ServiceName, ResourceAttributes"
    _insert(store, f"otel_metrics_gauge {columns})", _joined(JOINED_GAUGES, ""))
    counters = f"otel_metrics_sum {columns}, AggregationTemporality, IsMonotonic)"
    _insert(store, counters, _joined(JOINED_COUNTERS, ",2,true"))


def _gone(store: Store) -> None:
    """A counter whose target is gone at minute 2 (a point without a value) and back at minute 3."""
    points = ((0, 10, 0), (1, 12, 0), (2, 0, 1), (3, 15, 0))
    rows = [f"('gone',{_at(T0, 60 * minute)},{value},{flags},2,true)" for minute, value, flags in points]
    columns = "(MetricName, TimeUnix, Value, Flags, AggregationTemporality, IsMonotonic)"
    _insert(store, f"otel_metrics_sum {columns}", rows)


def _explicit(store: Store) -> None:
    rows = [_histogram("test.send_latency", series, -60, (0,) * 6, LATENCY_BOUNDS) for series in LATENCY]
    rows += [
        _histogram("test.send_latency", series, second, counts, LATENCY_BOUNDS)
        for series, points in LATENCY.items()
        for second, counts in points.items()
    ]
    rows += [
        _histogram("first.bucket", "a/1", 0, (0, 0, 0), (1, 30)),
        _histogram("first.bucket", "a/1", 60, (10, 0, 0), (1, 30)),
        _histogram("overflow", "a/1", 0, (0, 0, 0), (0, 30)),
        _histogram("overflow", "a/1", 60, (0, 0, 10), (0, 30)),
        _histogram("negative.bound", "a/1", 0, (4, 4, 2), (-10, 10), DELTA),
        _histogram("two.services", "api/1", 0, (2, 0), (10,), DELTA),
        _histogram("two.services", "worker/1", 0, (0, 1), (10,), DELTA),
        _histogram("mixed.bounds", "a/1", 0, (0, 10, 0), (0, 10), DELTA),
        _histogram("mixed.bounds", "b/1", 0, (0, 6, 4, 0), (0, 4, 10), DELTA),
        _histogram("new.bounds", "a/1", 0, (5, 5, 0), (10, 20)),
        _histogram("new.bounds", "a/1", 60, (0, 8, 0), (5, 20)),
        _histogram("no.buckets", "a/1", 0, (), (), DELTA),
        _histogram("one.bucket", "a/1", 0, (5,), (), DELTA),
        _histogram("mix.histogram", "svc-a/1", 0, (0, 0, 0), (10, 30), base=APRIL),
        _histogram("mix.histogram", "svc-a/1", 60, (10, 0, 0), (10, 30), base=APRIL),
    ]
    columns = (
        "MetricName, TimeUnix, ServiceName, ResourceAttributes, BucketCounts, ExplicitBounds, Count, Sum, Min, Max, "
        "AggregationTemporality"
    )
    _insert(store, f"otel_metrics_histogram ({columns})", rows)


def _histogram(
    name: str, series: str, second: int, counts: Counts, bounds: Counts, temporality: int = CUMULATIVE, base: str = T0
) -> str:
    """A point whose sum takes every observation for 2 and whose extremes are 1 and 9."""
    service, _, _ = series.partition("/")
    attributes = f"{{'host':'{service}','series':'{series}'}}"
    return (
        f"('{name}',{_at(base, second)},'{service}',{attributes},{list(counts)},{list(bounds)},{sum(counts)},"
        f"{2 * sum(counts)},1,9,{temporality})"
    )


def _exponential(store: Store) -> None:
    rows = []
    for number, (name, temporality, scale, points) in enumerate(EXPONENTIALS):
        for minute, observed in points.items():
            positive, negative = _placed(observed, scale), _placed([-each for each in observed], scale)
            rows.append(
                f"('{name}',{_at(T0, minute * 60)},{STARTED},{{'series':'{number}'}},{scale},"
                f"{sum(each == 0 for each in observed)},{positive[0]},{positive[1]},{negative[0]},{negative[1]},"
                f"{len(observed)},{sum(observed)},{temporality})"
            )
    columns = (
        "MetricName, TimeUnix, StartTimeUnix, ResourceAttributes, Scale, ZeroCount, PositiveOffset, PositiveBucketCounts, "
        "NegativeOffset, NegativeBucketCounts, Count, Sum, AggregationTemporality"
    )
    _insert(store, f"otel_metrics_exponential_histogram ({columns})", rows)


def _placed(observed: Iterable[float], scale: int) -> tuple[int, list[int]]:
    """Offset and counts of what is above zero: o falls in index ceil(log2(o) · 2^scale) - 1."""
    counts = Counter(math.ceil(math.log2(each) * 2**scale) - 1 for each in observed if each > 0)
    if not counts:
        return 0, []
    return min(counts), [counts[index] for index in range(min(counts), max(counts) + 1)]


def _summaries(store: Store) -> None:
    """Two hosts; at minutes 0 and 1: count, sum, p50 and p99."""
    points = {"h1": ((100, 1000, 8, 40), (150, 1600, 9, 50)), "h2": ((10, 100, 7, 70), (4, 20, 5, "nan"))}
    rows = [
        f"('test.summary',{_at(T0, 60 * minute)},{{'host':'{host}'}},{count},{total},[0.5,0.99],[{half},{high}])"
        for host, both in points.items()
        for minute, (count, total, half, high) in enumerate(both)
    ]
    columns = (
        "MetricName, TimeUnix, ResourceAttributes, Count, Sum, `ValueAtQuantiles.Quantile`, `ValueAtQuantiles.Value`"
    )
    _insert(store, f"otel_metrics_summary ({columns})", rows)


def _joined(metrics: Mapping[str, Mapping[str, Mapping[int, float]]], rest: str) -> list[str]:
    return [
        f"('{name}',{_at(T0 if name in ('two.resets', 'uptime') else APRIL, 60 * minute)},{value},"
        f"'{service}',{{'host':'{service}'}}{rest})"
        for name, services in metrics.items()
        for service, points in services.items()
        for minute, value in points.items()
    ]


def _at(base: str, second: int) -> str:
    return f"toDateTime64('{base}', 9, 'UTC') + toIntervalSecond({second})"


def _insert(store: Store, target: str, rows: Sequence[str]) -> None:
    store.command(f"INSERT INTO {target} VALUES {','.join(rows)}")

"""Points that senders really send, and that no data set of the golden charts has."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from clickstack.core.chart import AggregateName, ChartConfig, Metric, MetricKind, Select
from clickstack.core.timerange import TimeRange
from clickstack.query import Runner
from clickstack.store import Store
from query.seeds import source

T0_S = 1_641_340_800
DELTA, CUMULATIVE = 1, 2
Asked = tuple[AggregateName, float | None]


def asked(store: Store, kind: MetricKind, *selects: Asked, width_s: int | None = 60) -> dict[int, Sequence[object]]:
    """The values by second of the bucket."""
    select = tuple(Select(aggregate, "", level, metric=Metric("m", kind)) for aggregate, level in selects)
    chart = ChartConfig(source("metric"), select, granularity_s=width_s)
    points = Runner(store).run(chart, TimeRange(T0_S * 1000, (T0_S + 600) * 1000)).points
    return {point.bucket_ms // 1000 - T0_S if width_s else 0: point.values for point in points}


def sums(store: Store, points: Sequence[tuple[int, float, int]], *, monotonic: bool = True) -> None:
    rows = (f"('m', {T0_S + at}, {value}, {temporality}, {monotonic})" for at, value, temporality in points)
    store.command(
        "INSERT INTO otel_metrics_sum (MetricName, TimeUnix, Value, AggregationTemporality, IsMonotonic) VALUES "
        + ", ".join(rows)
    )


def histograms(
    store: Store, bounds: Sequence[float], points: Sequence[tuple[int, Sequence[int], int]], extremes: str = "0, 0"
) -> None:
    rows = (
        f"('m', {T0_S + at}, {sum(counts)}, {2 * sum(counts)}, {list(counts)}, {list(bounds)}, {extremes}, {kind})"
        for at, counts, kind in points
    )
    store.command(
        "INSERT INTO otel_metrics_histogram (MetricName, TimeUnix, Count, Sum, BucketCounts, ExplicitBounds, Min, Max, "
        f"AggregationTemporality) VALUES {', '.join(rows)}"
    )


def test_deltas_and_totals_under_one_identity_are_two_series(store: Store) -> None:
    totals = [(-60, 100, CUMULATIVE), (0, 110, CUMULATIVE), (60, 130, CUMULATIVE), (120, 140, CUMULATIVE)]
    sums(store, [*totals, (10, 5, DELTA), (70, 7, DELTA)])
    assert asked(store, "sum", ("increase", None)) == {0: (15,), 60: (27,), 120: (10,)}


def test_so_are_those_of_histograms(store: Store) -> None:
    histograms(store, [1, 5], [(-60, [1, 1, 1], CUMULATIVE), (0, [2, 2, 2], CUMULATIVE), (60, [4, 2, 2], CUMULATIVE)])
    histograms(store, [1, 5], [(10, [5, 0, 0], DELTA), (70, [0, 5, 0], DELTA)])
    found = asked(store, "histogram", ("count", None), ("quantile", 0.5))
    assert found == {0: (8, pytest.approx(4 / 6)), 60: (7, pytest.approx(2.2))}


def test_what_may_fall_increases_by_its_change(store: Store) -> None:
    queue = ((-60, 10), (0, 10), (60, 7), (120, 9), (180, 2))
    sums(store, [(at, length, CUMULATIVE) for at, length in queue], monotonic=False)
    assert asked(store, "sum", ("increase", None), ("last_value", None)) == {
        0: (0, 10),
        60: (-3, 7),
        120: (2, 9),
        180: (-7, 2),
    }
    assert asked(store, "sum", ("increase", None), ("rate", None), width_s=None) == {0: (-8, pytest.approx(-8 / 600))}


def test_a_last_bound_that_is_written_out_is_none(store: Store) -> None:
    """Prometheus ends its buckets with +Inf, OpenTelemetry leaves it out; some senders mix the two."""
    histograms(store, [1, 5, float("inf")], [(0, [1, 1, 8, 0], DELTA)])
    assert asked(store, "histogram", ("quantile", 0.15), ("quantile", 0.5), ("quantile", 1.0)) == {0: (3, 5, 5)}


@pytest.mark.parametrize(("extremes", "expected"), [("0, 0", (None, None)), ("0, 4", (0, 4)), ("-1, 0", (-1, 0))])
def test_extremes_that_nobody_sent_are_not_zero(store: Store, extremes: str, expected: tuple[object, ...]) -> None:
    histograms(store, [1, 5], [(0, [0, 3, 0], DELTA)], extremes)
    assert asked(store, "histogram", ("min", None), ("max", None)) == {0: expected}

"""The shop's metrics: every kind, counters that only fall at a restart, and agreement with the traces."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import pytest

from clickstack.demo import MetricPoint, SpanRecord, generate
from clickstack.demo.signals import Buckets
from demo.conftest import SECOND_NS, at

RATE = 2.0


def series_of(point: MetricPoint) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    attributes = tuple(sorted((key, str(value)) for key, value in point.attributes.items()))
    return point.instance.pod or point.instance.node, point.metric.name, attributes


@pytest.fixture(scope="module")
def points() -> list[MetricPoint]:
    """Two hours and all incidents, with hardly any traces."""
    found = generate(1, at(0), at(120), RATE)
    return [record for record in found if isinstance(record, MetricPoint)]


@pytest.fixture(scope="module")
def series(points: list[MetricPoint]) -> dict[object, list[MetricPoint]]:
    grouped: dict[object, list[MetricPoint]] = defaultdict(list)
    for point in points:
        grouped[series_of(point)].append(point)
    return grouped


def test_all_kinds_are_there(points: list[MetricPoint]) -> None:
    kinds = {(point.metric.kind, point.metric.monotonic, point.metric.temporality) for point in points}
    assert kinds == {
        ("gauge", False, "cumulative"),
        ("sum", True, "cumulative"),
        ("sum", True, "delta"),
        ("sum", False, "cumulative"),
        ("histogram", False, "cumulative"),
        ("exponential_histogram", False, "cumulative"),
    }


def numbers_of(point: MetricPoint) -> tuple[float, ...]:
    if isinstance(point.value, Buckets):
        return (*point.value.counts, point.value.sum, point.value.observations)
    return (point.value,)


def test_cumulative_values_fall_only_when_the_process_started_anew(series: dict[object, list[MetricPoint]]) -> None:
    resets = set()
    for found in series.values():
        metric = found[0].metric
        if metric.kind == "gauge" or metric.temporality == "delta" or (metric.kind == "sum" and not metric.monotonic):
            continue
        for before, after in pairwise(found):
            fell = any(new < old for old, new in zip(numbers_of(before), numbers_of(after), strict=True))
            if fell:
                assert after.start_ns > before.start_ns
            if after.start_ns != before.start_ns:
                resets.add((after.instance.service, after.instance.ordinal, after.start_ns))
    assert resets == {("cart", 0, at(50.5)), ("payment", 1, at(76))}


def test_the_cart_counter_starts_anew_at_its_restart(series: dict[object, list[MetricPoint]]) -> None:
    (found,) = [
        found
        for found in series.values()
        if (found[0].metric.name, found[0].instance.service, found[0].instance.ordinal)
        == ("container.cpu.time", "cart", 0)
    ]
    before = max(point for point in found if point.time_ns < at(50))
    after = min(point for point in found if point.time_ns > at(51))
    assert after.value < before.value


def test_points_lie_on_the_grid_and_after_their_start(points: list[MetricPoint]) -> None:
    for point in points:
        assert point.time_ns % (30 * SECOND_NS) == 0
        assert point.start_ns <= point.time_ns
        if isinstance(point.value, Buckets) and point.value.bounds:
            assert len(point.value.counts) == len(point.value.bounds) + 1


def test_request_counts_agree_with_the_traces() -> None:
    start_ns, end_ns, rate = at(84), at(94), 20.0
    requests = 0
    first: dict[object, int] = {}
    last: dict[object, int] = {}
    for record in generate(1, start_ns, end_ns, rate):
        if isinstance(record, SpanRecord) and record.name == "GET /api/products/:sku":
            requests += 1
        if isinstance(record, MetricPoint) and record.attributes.get("http.route") == "/api/products/:sku":
            assert isinstance(record.value, Buckets)
            first.setdefault(series_of(record), record.value.observations)
            last[series_of(record)] = record.value.observations
    counted = sum(last.values()) - sum(first.values())
    assert counted * 20 / 19 == pytest.approx(requests, rel=0.1)  # 20 points span 19 steps


def test_slow_checkout_shows_in_the_histogram(series: dict[object, list[MetricPoint]]) -> None:
    def above_a_second(start: float, end: float) -> float:
        slow = total = 0
        for found in series.values():
            if found[0].attributes.get("http.route") != "/checkout":
                continue
            inside = [p.value for p in found if at(start) <= p.time_ns <= at(end) and isinstance(p.value, Buckets)]
            slow += sum(inside[-1].counts[10:]) - sum(inside[0].counts[10:])
            total += inside[-1].observations - inside[0].observations
        return slow / total

    assert above_a_second(21, 26) > 0.7
    assert above_a_second(5, 19) < 0.05


def test_the_leaking_pod_grows_until_it_is_killed(series: dict[object, list[MetricPoint]]) -> None:
    (found,) = [
        found
        for found in series.values()
        if (found[0].metric.name, found[0].instance.service, found[0].instance.ordinal)
        == ("k8s.pod.memory.usage", "cart", 0)
    ]
    by_minute = {(point.time_ns - at(0)) // (60 * SECOND_NS): float(point.value) for point in found}  # type: ignore[arg-type]
    assert by_minute[49] > 1.5 * by_minute[52]

"""Quantiles of exponential histograms against an evaluator in plain Python, over series that grow, move their buckets,
halve their resolution, begin anew and end, cumulative and delta."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace

import pytest

from clickstack.core.chart import ChartConfig, Metric, Select
from clickstack.core.timerange import TimeRange
from clickstack.query import Runner
from clickstack.store import Store
from query.seeds import source

T0_S = 1_641_340_800
WIDTH_S = 120
RANGE = TimeRange(T0_S * 1000, (T0_S + 720) * 1000)
LEVELS = (0.0, 0.25, 0.5, 0.99, 1.0)
Buckets = Counter[tuple[int, int]]  # (sign, index) → count; the zero bucket is (0, 0)


@dataclass(frozen=True)
class Point:
    series: int
    at_s: int
    start_s: int
    delta: bool
    scale: int
    buckets: Buckets


def grown(chance: random.Random, series: int) -> list[Point]:
    """The points of a series, some before the range."""
    scale, start_s, delta, buckets = chance.randint(-1, 3), T0_S - 900, chance.random() < 0.25, Buckets()
    points = []
    for at_s in range(T0_S - 300 + series, T0_S + chance.randint(0, 720), 97):
        if chance.random() < 0.15:
            buckets, start_s = Buckets(), chance.choice([start_s, at_s - 5, at_s])
        if chance.random() < 0.2 and scale > -2:
            buckets, scale = coarser(buckets, 1), scale - 1
        if delta:
            buckets = Buckets()
        for _ in range(chance.randint(0, 5)):
            sign = chance.choice([1, 1, -1, 0])
            buckets[sign, chance.randint(-6, 9) if sign else 0] += chance.randint(1, 4)
        points.append(Point(series, at_s, start_s, delta, scale, Buckets(buckets)))
    return points


def coarser(buckets: Buckets, by: int) -> Buckets:
    found = Buckets()
    for (sign, index), count in buckets.items():
        found[sign, index >> by if sign else 0] += count
    return found


def values(point: Point, chance: random.Random) -> str:
    """The point as a row; arrays may begin and end with empty buckets."""

    def side(sign: int) -> tuple[int, list[int]]:
        there = [index for (each, index), count in point.buckets.items() if each == sign and count]
        if not there:
            return 0, []
        first, last = min(there) - chance.randint(0, 1), max(there) + chance.randint(0, 1)
        return first, [point.buckets[sign, index] for index in range(first, last + 1)]

    (positive, above), (negative, below) = side(1), side(-1)
    return (
        f"('m', map('series', '{point.series}'), {point.start_s}, {point.at_s}, {sum(point.buckets.values())}, "
        f"{point.scale}, {point.buckets[0, 0]}, {positive}, {above}, {negative}, {below}, {1 if point.delta else 2})"
    )


def expected(points: list[Point], level: float) -> dict[int, float]:
    """The quantile by bucket start."""
    new: list[tuple[int, int, int, Buckets]] = []  # bucket, sign of the sum, scale, counts
    before: dict[int, Point] = {}
    for point in sorted(points, key=lambda each: (each.series, each.at_s)):
        last, bucket = before.get(point.series), (point.at_s - T0_S) // WIDTH_S * WIDTH_S + T0_S
        before[point.series] = point
        if point.at_s < T0_S or not (point.delta or (last and point.start_s != point.at_s)):
            continue
        new.append((bucket, 1, point.scale, point.buckets))
        if not point.delta and last and point.start_s == last.start_s and not fell(last, point):
            new.append((bucket, -1, last.scale, last.buckets))
    scale = min((each for _, _, each, _ in new), default=0)
    sums: dict[int, Buckets] = {}
    for bucket, sign, own, buckets in new:
        held = sums.setdefault(bucket, Buckets())
        for place, count in coarser(buckets, own - scale).items():
            held[place] += sign * count
    return {bucket: found for bucket, each in sums.items() if (found := quantile(each, scale, level)) is not None}


def fell(last: Point, point: Point) -> bool:
    scale = min(last.scale, point.scale)
    was, now = (coarser(each.buckets, each.scale - scale) for each in (last, point))
    return any(now[place] < count for place, count in was.items())


def quantile(buckets: Buckets, scale: int, level: float) -> float | None:
    ordered = sorted((sign * (index + 1000), sign, index) for (sign, index), count in buckets.items() if count)
    rank, below = level * sum(buckets.values()), 0
    for _, sign, index in ordered:
        count = buckets[sign, index]
        if below + count >= rank:
            inside = (rank - below) / count
            if sign == 0:
                return 0.0
            return sign * 2 ** ((index + (inside if sign > 0 else 1 - inside)) / 2**scale)
        below += count
    return None


@pytest.mark.parametrize("seed", range(12))
def test_as_in_plain_python(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    points = [point for series in range(chance.randint(1, 5)) for point in grown(chance, series)]
    store.command(
        "INSERT INTO otel_metrics_exponential_histogram (MetricName, Attributes, StartTimeUnix, TimeUnix, Count, "
        "Scale, ZeroCount, PositiveOffset, PositiveBucketCounts, NegativeOffset, NegativeBucketCounts, "
        f"AggregationTemporality) VALUES {', '.join(values(point, chance) for point in points)}"
    )
    select = tuple(Select("quantile", "", level, metric=Metric("m", "exponential histogram")) for level in LEVELS)
    chart = ChartConfig(replace(source("metric"), id="metrics"), select, granularity_s=WIDTH_S)
    found = Runner(store).run(chart, RANGE).points
    for at, level in enumerate(LEVELS):
        got = {point.bucket_ms // 1000: point.values[at] for point in found if point.values[at] is not None}
        assert got == pytest.approx(expected(points, level)), level

"""Counters and histograms as functions of time alone.

A cumulative value at a moment is an integral of the traffic since the process started, taken not at the moment
itself but up to one step earlier, by a share that depends on the series and the moment. That gives each step its own
chance, and yet the value never falls: the moment looked at always lies between this point and the one before.
"""

from __future__ import annotations

from itertools import pairwise
from math import erf, floor, log, sqrt
from typing import NamedTuple

from .fleet import Instance, started_s
from .incidents import PAYMENT_ERRORS, SLOW_CHECKOUT, Planned, seconds_during
from .signals import Buckets
from .traffic import traffic_between, unit_of

METRIC_STEP_S = 30

# The boundaries the HTTP conventions advise, in seconds.
DURATION_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)


class Exposure(NamedTuple):
    """How much traffic a process has seen since it started, in average-seconds: all of it, and the bad parts."""

    total: float
    slow: float
    faulty: float


def exposure(seed: int, key: str, instance: Instance, second: int) -> tuple[int, Exposure]:
    """When the process started (seconds since 1970), and what it has seen up to a moment."""
    since = started_s(instance, second)
    until = max(since, second - METRIC_STEP_S * unit_of(seed, key, instance.pod, second))
    return since, Exposure(
        traffic_between(since, until),
        _traffic_during(SLOW_CHECKOUT, since, until),
        _traffic_during(PAYMENT_ERRORS, since, until),
    )


def _traffic_during(planned: Planned, since: float, until: float) -> float:
    return sum(traffic_between(begin, end) for begin, end in seconds_during(planned, since, until))


def durations(key: str, parts: tuple[tuple[float, float], ...], spread: float) -> Buckets:
    """A histogram of durations. `parts` are pairs of (how many, median in ms), each log-normal with `spread`."""
    expected = [0.0] * (len(DURATION_BOUNDS) + 1)
    for count, median_ms in parts:
        below = 0.0
        for number, bound in enumerate((*DURATION_BOUNDS, float("inf"))):
            share = _log_normal_share(bound * 1000, median_ms, spread)
            expected[number] += count * (share - below)
            below = share
    counts = tuple(floor(value + unit_of(key, number)) for number, value in enumerate(expected))
    if not any(counts):
        return Buckets(counts, 0.0, 0.0, 0.0, DURATION_BOUNDS)
    middles = _middles()
    filled = [number for number, count in enumerate(counts) if count]
    return Buckets(
        counts,
        round(sum(count * middle for count, middle in zip(counts, middles, strict=True)), 6),
        middles[filled[0]],
        middles[filled[-1]],
        DURATION_BOUNDS,
    )


def _middles() -> list[float]:
    edges = (DURATION_BOUNDS[0] / 4, *DURATION_BOUNDS, DURATION_BOUNDS[-1] * 1.5)
    return [round(sqrt(low * high), 6) for low, high in pairwise(edges)]


ORDER_VALUE_SCALE = 2  # four buckets for each doubling
_ORDER_VALUE_OFFSET, _ORDER_VALUE_BUCKETS = 8, 32  # from 4 to 1024


def order_values(key: str, count: float) -> Buckets:
    """An exponential histogram of what orders are worth: log-normal around 34 of the currency."""
    counts: list[int] = []
    total = 0.0
    for number in range(_ORDER_VALUE_BUCKETS):
        low = 2 ** ((_ORDER_VALUE_OFFSET + number) / 2**ORDER_VALUE_SCALE)
        high = 2 ** ((_ORDER_VALUE_OFFSET + number + 1) / 2**ORDER_VALUE_SCALE)
        share = _log_normal_share(high, 34.0, 0.8) - _log_normal_share(low, 34.0, 0.8)
        counts.append(floor(count * share + unit_of(key, number)))
        total += counts[-1] * sqrt(low * high)
    return Buckets(
        tuple(counts),
        round(total, 2),
        4.9 if total else 0.0,
        900.0 if total else 0.0,
        scale=ORDER_VALUE_SCALE,
        offset=_ORDER_VALUE_OFFSET,
    )


def _log_normal_share(value: float, median: float, spread: float) -> float:
    """The share of a log-normal spread that lies below a value."""
    if value == float("inf"):
        return 1.0
    return 0.5 * (1 + erf(log(value / median) / (spread * sqrt(2))))


def wobble(seed: int, key: str, second: int, step_s: int = METRIC_STEP_S) -> float:
    """A factor around 1 (0.85 to 1.15) that drifts: half of it lasts ten steps, half only one."""
    slow = unit_of(seed, key, "slow", second // (10 * step_s))
    return 0.85 + 0.15 * slow + 0.15 * unit_of(seed, key, second)

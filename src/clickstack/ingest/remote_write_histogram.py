"""Prometheus native histograms as points of OTLP histograms.

Prometheus counts bucket i as (base^(i-1), base^i] and skips empty ones in spans; OTLP counts bucket i as
(base^i, base^(i+1)] and has an unbroken list. Floating counts, which recording rules make, are rounded.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

from clickstack.core.limits import HISTOGRAM_BUCKETS_MAX

_CUSTOM_BUCKETS = -53
_SCHEMAS = range(-4, 9)
_COUNT_MAX = 2**64 - 1
_INDEX_MIN = -(2**31)


class _Impossible(Exception):
    """The histogram contradicts itself, or is not one we can hold. The text says how."""


def has_custom_buckets(histogram: Any) -> bool:
    return bool(histogram.schema == _CUSTOM_BUCKETS)


def fill_histogram_point(point: Any, histogram: Any) -> str:
    """Fill an exponential point, or one with explicit bounds when the buckets are custom; says why it cannot."""
    try:
        point.count = histogram.count_int or _count(histogram.count_float)
        point.sum = histogram.sum
        if has_custom_buckets(histogram):
            _fill_explicit(point, histogram)
        else:
            _fill_exponential(point, histogram)
    except _Impossible as reason:
        return str(reason)
    return ""


def _fill_exponential(point: Any, histogram: Any) -> None:
    if histogram.schema not in _SCHEMAS:
        raise _Impossible(f"native histograms of schema {histogram.schema} are not known.")
    point.scale = histogram.schema
    point.zero_count = histogram.zero_count_int or _count(histogram.zero_count_float)
    point.zero_threshold = histogram.zero_threshold
    for buckets, spans, deltas, floats in (
        (point.positive, histogram.positive_spans, histogram.positive_deltas, histogram.positive_counts),
        (point.negative, histogram.negative_spans, histogram.negative_deltas, histogram.negative_counts),
    ):
        first, counts = _dense(spans, _counts(deltas, floats))
        if counts:
            if first <= _INDEX_MIN:
                raise _Impossible("a bucket's index is out of range.")
            buckets.offset = first - 1
            buckets.bucket_counts.extend(counts)


def _fill_explicit(point: Any, histogram: Any) -> None:
    bounds = list(histogram.custom_values)
    first, counts = _dense(histogram.positive_spans, _counts(histogram.positive_deltas, histogram.positive_counts))
    size = len(bounds) + 1
    if counts and (first < 0 or first + len(counts) > size):
        raise _Impossible("a bucket lies outside custom_values.")
    point.explicit_bounds.extend(bounds)
    point.bucket_counts.extend([0] * first + counts + [0] * (size - first - len(counts)))


def _counts(deltas: Sequence[int], floats: Sequence[float]) -> list[int]:
    if floats:
        return [_count(each) for each in floats]
    counts = list(itertools.accumulate(deltas))
    if counts and not (min(counts) >= 0 and max(counts) <= _COUNT_MAX):
        raise _Impossible("a bucket's count is out of range.")
    return counts


def _count(number: float) -> int:
    if not (math.isfinite(number) and 0 <= number < _COUNT_MAX):
        raise _Impossible("a count is not a number of observations.")
    return round(number)


def _dense(spans: Sequence[Any], counts: list[int]) -> tuple[int, list[int]]:
    """(index of the first bucket, the counts with zeros in the gaps)."""
    if sum(span.length for span in spans) != len(counts):
        raise _Impossible("the spans and the buckets differ in number.")
    if not counts:
        return 0, []
    first = spans[0].offset
    dense: list[int] = []
    position = 0
    for index, span in enumerate(spans):
        gap = span.offset if index else 0
        if gap < 0:
            raise _Impossible("a span begins before the end of the one before it.")
        if len(dense) + gap + span.length > HISTOGRAM_BUCKETS_MAX:
            raise _Impossible(f"it has more than {HISTOGRAM_BUCKETS_MAX} buckets, the empty ones counted.")
        dense.extend([0] * gap)
        dense.extend(counts[position : position + span.length])
        position += span.length
    return first, dense

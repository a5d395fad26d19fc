"""Records that cannot be stored, taken out of their request alone (OTLP: partial success; reference/ingestion.md §4.1).

What can be corrected is corrected by the loader's SQL and stored. Left for here is what has no meaning that a row could
hold, or would spoil the answers about its neighbours: a chart brings all exponential histograms of a query to the
smallest scale among them, so that one impossible scale would flatten them all.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from operator import methodcaller
from typing import Any

from clickstack.core.errors import BadRequest
from clickstack.core.limits import (
    EXPONENTIAL_SCALE_MAX,
    EXPONENTIAL_SCALE_MIN,
    HISTOGRAM_BUCKETS_MAX,
    RECORD_BYTES_MAX,
)

from .signals import SIGNALS, SignalName

_NO_RECORDED_VALUE = 1  # bit of a point's flags
_INDEX_MAX = 2**31 - 1
_NUMBER_BYTES = 8  # of a packed count or bound
_NAME_CHARS_MAX = 200  # of a metric's name in a message

_HistogramShape = tuple[int, bytes]  # bytes of counts, bounds; eight bytes each
_ExponentialShape = tuple[int, tuple[int, int], tuple[int, int]]  # scale; offset and number of counts, twice


@dataclass(slots=True)
class Rejected:
    """How many records were taken out, and why the first of them."""

    count: int = 0
    reason: str = ""

    def add(self, count: int, reason: str) -> None:
        self.reason = self.reason or reason
        self.count += count

    @property
    def message(self) -> str:
        return f"{self.count} not stored, the others were. The first: {self.reason}" if self.count else ""


def take_out(signal: SignalName, request: Any, body_bytes: int) -> Rejected:
    """Remove from a parsed request, in place, what cannot be stored. `body_bytes`: no record can be larger.

    The request is of the scalar type (variants.py). Raises BadRequest for packed numbers that are cut off.
    """
    rejected = Rejected()
    if body_bytes > RECORD_BYTES_MAX:
        for records in SIGNALS[signal].records(request):
            _remove(records, rejected, _size_fault)
    if signal == "metrics":
        for each in request.resource_metrics:
            for scope in each.scope_metrics:
                for metric in scope.metrics:
                    _check_metric(metric, rejected)
    return rejected


def _check_metric(metric: Any, rejected: Rejected) -> None:
    kind = metric.WhichOneof("data")
    if kind is None:
        return
    points = getattr(metric, kind).data_points
    if not metric.name and points:
        rejected.add(len(points), "a metric without a name.")
        del points[:]
    elif kind in _SHAPES:
        shape_of, fault_of = _SHAPES[kind]
        if any(map(fault_of, set(map(shape_of, points)))):  # thousands of points have a few shapes
            named = f"metric {metric.name[:_NAME_CHARS_MAX]}: "
            _remove(points, rejected, lambda point: _point_fault(point, named, fault_of(shape_of(point))))


def _remove(records: Any, rejected: Rejected, fault_of: Callable[[Any], str]) -> None:
    if not any(map(fault_of, records)):
        return
    kept = []
    for record in records:
        if fault := fault_of(record):
            rejected.add(1, fault)
        else:
            kept.append(record)
    del records[:]
    records.extend(kept)


def _size_fault(record: Any) -> str:
    size = record.ByteSize()
    return f"a record of {size} bytes; at most {RECORD_BYTES_MAX} are stored." if size > RECORD_BYTES_MAX else ""


def _point_fault(point: Any, named: str, fault: str) -> str:
    """A point may say that there is nothing to say; then nothing is wrong with it."""
    return named + fault if fault and not point.flags & _NO_RECORDED_VALUE else ""


def _number_fault(kind: str | None) -> str:
    """A value that is NaN is a value."""
    return "" if kind else "a point without a value (as_double or as_int), and without the flag NO_RECORDED_VALUE."


def _histogram_shape(point: Any) -> _HistogramShape:
    return len(point.bucket_counts), point.explicit_bounds


def _histogram_fault(shape: _HistogramShape) -> str:
    counts_bytes, packed = shape
    if counts_bytes % _NUMBER_BYTES or len(packed) % _NUMBER_BYTES:
        raise BadRequest("The bucket_counts or explicit_bounds of a histogram are cut off within a number.")
    counts, bounds = counts_bytes // _NUMBER_BYTES, struct.unpack(f"<{len(packed) // _NUMBER_BYTES}d", packed)
    if counts not in (0, len(bounds) + 1):
        return (
            f"{counts} bucket_counts for {len(bounds)} explicit_bounds; "
            "there must be one count more than bounds, or none."
        )
    if counts > HISTOGRAM_BUCKETS_MAX:
        return f"{counts} buckets; at most {HISTOGRAM_BUCKETS_MAX} are stored."
    if bounds and (math.isnan(bounds[0]) or not all(lower < upper for lower, upper in pairwise(bounds))):
        return "explicit_bounds do not increase."
    return ""


def _exponential_shape(point: Any) -> _ExponentialShape:
    positive, negative = point.positive, point.negative
    return (
        point.scale,
        (positive.offset, len(positive.bucket_counts)),
        (negative.offset, len(negative.bucket_counts)),
    )


def _exponential_fault(shape: _ExponentialShape) -> str:
    scale, *sides = shape
    if not EXPONENTIAL_SCALE_MIN <= scale <= EXPONENTIAL_SCALE_MAX:
        return f"the scale {scale} is not one of {EXPONENTIAL_SCALE_MIN} to {EXPONENTIAL_SCALE_MAX}."
    for offset, count in sides:
        if count > HISTOGRAM_BUCKETS_MAX:
            return f"{count} buckets; at most {HISTOGRAM_BUCKETS_MAX} are stored."
        if offset + count > _INDEX_MAX:
            return f"the offset {offset} puts buckets beyond 32 bits."
    return ""


# Kind of data → what of a point can be wrong, and how it is.
_SHAPES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], str]]] = {
    "gauge": (methodcaller("WhichOneof", "value"), _number_fault),
    "sum": (methodcaller("WhichOneof", "value"), _number_fault),
    "histogram": (_histogram_shape, _histogram_fault),
    "exponential_histogram": (_exponential_shape, _exponential_fault),
}

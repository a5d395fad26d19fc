"""What the demo shop says: spans, log lines and metric points as plain values.

Named tuples, because a backfill makes hundreds of thousands of them and they are the cheapest immutable records.
All times are nanoseconds since 1970 UTC. Attribute mappings are shared between records and must not be changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from .fleet import Instance

Value = str | bool | int | float | Sequence[str]
Attributes = Mapping[str, Value]
SpanKind = Literal["internal", "server", "client", "producer", "consumer"]
SpanStatus = Literal["unset", "error"]
Severity = Literal["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
MetricKind = Literal["gauge", "sum", "histogram", "exponential_histogram"]
Temporality = Literal["cumulative", "delta"]


class SpanEvent(NamedTuple):
    time_ns: int
    name: str
    attributes: Attributes


class SpanLink(NamedTuple):
    trace_id: int
    span_id: int
    attributes: Attributes


class SpanRecord(NamedTuple):
    """One span. `parent_id` is 0 for a root; `remote_parent` says that the parent ran in another process."""

    instance: Instance
    scope: str
    trace_id: int
    span_id: int
    parent_id: int
    remote_parent: bool
    name: str
    kind: SpanKind
    start_ns: int
    end_ns: int
    attributes: Attributes
    status: SpanStatus
    status_message: str
    events: tuple[SpanEvent, ...]
    links: tuple[SpanLink, ...]


class LogLine(NamedTuple):
    """One log record. `trace_id` and `span_id` are 0 for a line written outside a request."""

    instance: Instance
    scope: str
    time_ns: int
    severity: Severity
    body: str
    attributes: Attributes
    trace_id: int
    span_id: int


class Metric(NamedTuple):
    """What a metric is, the same for all its points. `monotonic` and `temporality` speak of sums and histograms."""

    name: str
    unit: str
    description: str
    kind: MetricKind
    monotonic: bool = False
    temporality: Temporality = "cumulative"


class Buckets(NamedTuple):
    """The histogram part of a point. Explicit: `bounds`. Exponential: `scale` and `offset` (positive range only)."""

    counts: tuple[int, ...]
    sum: float
    min: float
    max: float
    bounds: tuple[float, ...] = ()
    scale: int = 0
    offset: int = 0

    @property
    def observations(self) -> int:
        """How many values the histogram has seen."""
        return sum(self.counts)


class MetricPoint(NamedTuple):
    """One point of one series. `start_ns` is when the series began to count (0 for gauges)."""

    instance: Instance
    metric: Metric
    attributes: Attributes
    start_ns: int
    time_ns: int
    value: int | float | Buckets


Record = SpanRecord | LogLine | MetricPoint

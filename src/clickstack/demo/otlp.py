"""The shop's records as values of the official OpenTelemetry SDK, ready for its exporters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.metrics import export as sdk_metrics
from opentelemetry.sdk.metrics.export import AggregationTemporality
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from .fleet import Instance
from .signals import Buckets, LogLine, Metric, MetricPoint, SpanRecord

_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_UNSET = Status(StatusCode.UNSET)
_KINDS = {kind.name.lower(): kind for kind in SpanKind}
_SEVERITIES = {number.name: number for number in SeverityNumber}
_TEMPORALITIES = {each.name.lower(): each for each in AggregationTemporality}
_METRIC_SCOPE = InstrumentationScope("shop.metrics", "1.0.0")


class _ShopResource(Resource):
    """A resource that computes its hash once. The exporters group by resource and ask for it at every record."""

    _hash: int | None = None

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = super().__hash__()
        return self._hash

    __eq__ = Resource.__eq__


@lru_cache(maxsize=256)
def _resource(instance: Instance) -> Resource:
    return _ShopResource(dict(instance.resource))


@lru_cache(maxsize=256)
def _scope(name: str) -> InstrumentationScope:
    return InstrumentationScope(name, "1.4.0")


def sdk_span(span: SpanRecord) -> ReadableSpan:
    parent = _context(span.trace_id, span.parent_id, span.remote_parent) if span.parent_id else None
    return ReadableSpan(
        name=span.name,
        context=_context(span.trace_id, span.span_id, False),
        parent=parent,
        resource=_resource(span.instance),
        attributes=span.attributes,
        events=[Event(event.name, event.attributes, event.time_ns) for event in span.events],
        links=[Link(_context(link.trace_id, link.span_id, True), link.attributes) for link in span.links],
        kind=_KINDS[span.kind],
        status=_UNSET if span.status == "unset" else Status(StatusCode.ERROR, span.status_message or None),
        start_time=span.start_ns,
        end_time=span.end_ns,
        instrumentation_scope=_scope(span.scope),
    )


def sdk_log(line: LogLine) -> ReadableLogRecord:
    context = Context()
    if line.trace_id:
        context = set_span_in_context(NonRecordingSpan(_context(line.trace_id, line.span_id, False)), context)
    record = LogRecord(
        timestamp=line.time_ns,
        observed_timestamp=line.time_ns + 2_000_000,
        context=context,
        severity_text=line.severity,
        severity_number=_SEVERITIES[line.severity],
        body=line.body,
        attributes=line.attributes,
    )
    return ReadableLogRecord(record, _resource(line.instance), _scope(line.scope))


def sdk_metrics_data(points: Iterable[MetricPoint]) -> sdk_metrics.MetricsData:
    """Points grouped as the data model wants them: by resource, then by metric."""
    grouped: dict[Instance, dict[Metric, list[MetricPoint]]] = defaultdict(lambda: defaultdict(list))
    for point in points:
        grouped[point.instance][point.metric].append(point)
    return sdk_metrics.MetricsData(
        [
            sdk_metrics.ResourceMetrics(
                _resource(instance),
                [
                    sdk_metrics.ScopeMetrics(
                        _METRIC_SCOPE, [_metric(metric, found) for metric, found in metrics.items()], ""
                    )
                ],
                "",
            )
            for instance, metrics in grouped.items()
        ]
    )


def _metric(metric: Metric, points: list[MetricPoint]) -> sdk_metrics.Metric:
    return sdk_metrics.Metric(metric.name, metric.description, metric.unit, _data(metric, points))


def _data(metric: Metric, points: list[MetricPoint]) -> sdk_metrics.DataT:
    temporality = _TEMPORALITIES[metric.temporality]
    if metric.kind == "gauge":
        return sdk_metrics.Gauge([_number(point) for point in points])
    if metric.kind == "sum":
        return sdk_metrics.Sum([_number(point) for point in points], temporality, metric.monotonic)
    if metric.kind == "histogram":
        return sdk_metrics.Histogram([_histogram(point) for point in points], temporality)
    return sdk_metrics.ExponentialHistogram([_exponential(point) for point in points], temporality)


def _number(point: MetricPoint) -> sdk_metrics.NumberDataPoint:
    assert not isinstance(point.value, Buckets)
    return sdk_metrics.NumberDataPoint(point.attributes, point.start_ns, point.time_ns, point.value)


def _histogram(point: MetricPoint) -> sdk_metrics.HistogramDataPoint:
    value = point.value
    assert isinstance(value, Buckets)
    return sdk_metrics.HistogramDataPoint(
        attributes=point.attributes,
        start_time_unix_nano=point.start_ns,
        time_unix_nano=point.time_ns,
        count=value.observations,
        sum=value.sum,
        bucket_counts=value.counts,
        explicit_bounds=value.bounds,
        min=value.min,
        max=value.max,
    )


def _exponential(point: MetricPoint) -> sdk_metrics.ExponentialHistogramDataPoint:
    value = point.value
    assert isinstance(value, Buckets)
    return sdk_metrics.ExponentialHistogramDataPoint(
        attributes=point.attributes,
        start_time_unix_nano=point.start_ns,
        time_unix_nano=point.time_ns,
        count=value.observations,
        sum=value.sum,
        scale=value.scale,
        zero_count=0,
        positive=sdk_metrics.Buckets(value.offset, value.counts),
        negative=sdk_metrics.Buckets(0, []),
        flags=0,
        min=value.min,
        max=value.max,
    )


def _context(trace_id: int, span_id: int, remote: bool) -> SpanContext:
    return SpanContext(trace_id, span_id, remote, _SAMPLED)

"""The three signals and the kinds of rows their requests hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces

SignalName = Literal["logs", "traces", "metrics"]
SIGNAL_NAMES: tuple[SignalName, ...] = get_args(SignalName)

# Kinds of rows, as bits: a segment remembers which of them its requests may hold, so that the others cost nothing.
LOG, SESSION, SPAN = 1, 2, 4
GAUGE, SUM, HISTOGRAM, EXPONENTIAL_HISTOGRAM, SUMMARY = 8, 16, 32, 64, 128

SESSION_KEY = "rr-web.event"  # the attribute that makes a log record one of a session replay

# What a request is of; one that cannot be stored is rejected alone.
RECORD_TYPES = frozenset(
    {
        "LogRecord",
        "Span",
        "NumberDataPoint",
        "HistogramDataPoint",
        "ExponentialHistogramDataPoint",
        "SummaryDataPoint",
    }
)

_POINT_KINDS = {
    "gauge": GAUGE,
    "sum": SUM,
    "histogram": HISTOGRAM,
    "exponential_histogram": EXPONENTIAL_HISTOGRAM,
    "summary": SUMMARY,
}


@dataclass(frozen=True, slots=True)
class Census:
    """`kinds` are the bits above. `repeated_bytes`: what a request says once and its rows say each for themselves."""

    records: int
    kinds: int
    repeated_bytes: int


@dataclass(frozen=True, slots=True)
class Signal:
    """What the protocol says about a signal. `census` takes stock of a parsed request; `records` are its lists of
    records, those of metrics being points.
    """

    name: SignalName
    request: type[Any]
    response: type[Any]
    rejected_field: str
    grpc_service: str
    census: Callable[[Any], Census]
    records: Callable[[Any], Iterator[Any]]


def _log_census(request: Any) -> Census:
    return _census(
        ((each, scope, len(scope.log_records)) for each in request.resource_logs for scope in each.scope_logs), LOG
    )


def _span_census(request: Any) -> Census:
    return _census(
        ((each, scope, len(scope.spans)) for each in request.resource_spans for scope in each.scope_spans), SPAN
    )


def _census(scopes: Iterable[tuple[Any, Any, int]], kinds: int) -> Census:
    records = repeated_bytes = 0
    for each, scope, count in scopes:
        records += count
        repeated_bytes += count * (each.resource.ByteSize() + scope.scope.ByteSize())
    return Census(records, kinds, repeated_bytes)


def _log_records(request: Any) -> Iterator[Any]:
    return (scope.log_records for each in request.resource_logs for scope in each.scope_logs)


def _spans(request: Any) -> Iterator[Any]:
    return (scope.spans for each in request.resource_spans for scope in each.scope_spans)


def _points(request: Any) -> Iterator[Any]:
    for each in request.resource_metrics:
        for scope in each.scope_metrics:
            for metric in scope.metrics:
                if kind := metric.WhichOneof("data"):
                    yield getattr(metric, kind).data_points


def _point_census(request: Any) -> Census:
    points = kinds = repeated_bytes = 0
    for each in request.resource_metrics:
        for scope in each.scope_metrics:
            shared_bytes = each.resource.ByteSize() + scope.scope.ByteSize()
            for metric in scope.metrics:
                kind = metric.WhichOneof("data")
                count = len(getattr(metric, kind).data_points) if kind else 0
                if kind and count:  # a metric without data says nothing (reference/ingestion.md §3.10)
                    points += count
                    kinds |= _POINT_KINDS[kind]
                    repeated_bytes += count * (shared_bytes + len(metric.name) + len(metric.description))
    return Census(points, kinds, repeated_bytes)


SIGNALS: dict[SignalName, Signal] = {
    "logs": Signal(
        name="logs",
        request=logs.ExportLogsServiceRequest,
        response=logs.ExportLogsServiceResponse,
        rejected_field="rejected_log_records",
        grpc_service="opentelemetry.proto.collector.logs.v1.LogsService",
        census=_log_census,
        records=_log_records,
    ),
    "traces": Signal(
        name="traces",
        request=traces.ExportTraceServiceRequest,
        response=traces.ExportTraceServiceResponse,
        rejected_field="rejected_spans",
        grpc_service="opentelemetry.proto.collector.trace.v1.TraceService",
        census=_span_census,
        records=_spans,
    ),
    "metrics": Signal(
        name="metrics",
        request=metrics.ExportMetricsServiceRequest,
        response=metrics.ExportMetricsServiceResponse,
        rejected_field="rejected_data_points",
        grpc_service="opentelemetry.proto.collector.metrics.v1.MetricsService",
        census=_point_census,
        records=_points,
    ),
}

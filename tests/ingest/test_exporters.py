"""The official Python exporters against the running receivers, all three signals, both transports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode

from clickstack.core.sql import Sql
from clickstack.ingest import Ingest
from clickstack.store import Store
from ingest.requests import KEY, count_rows

HEADERS = {"authorization": f"Bearer {KEY}"}
RESOURCE = Resource({"service.name": "sdk", "list": ["a", "b"]})


@pytest.fixture(params=["http", "http gzip", "grpc"])
def exporter(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    """Makes an exporter for logs, traces or metrics."""
    if request.param == "grpc":
        target = request.getfixturevalue("otlp_grpc")
        types = {"logs": GrpcLogs, "traces": GrpcSpans, "metrics": GrpcMetrics}
        return lambda signal: types[signal](endpoint=target, insecure=True, headers=HEADERS)
    url = request.getfixturevalue("otlp_http")
    compression = Compression.Gzip if "gzip" in request.param else Compression.NoCompression
    http = {"logs": HttpLogs, "traces": HttpSpans, "metrics": HttpMetrics}
    return lambda signal: http[signal](endpoint=f"{url}/v1/{signal}", headers=HEADERS, compression=compression)


def test_logs(exporter: Callable[[str], Any], ingest: Ingest, store: Store) -> None:
    provider = LoggerProvider(RESOURCE, shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter("logs")))
    attributes = {"user": "u", "tags": ["x", 1]}
    record = LogRecord(
        body={"a": {"b": 1}}, severity_number=SeverityNumber.WARN, severity_text="WARN", attributes=attributes
    )
    provider.get_logger("lib", "1.0").emit(record)
    provider.shutdown()
    assert ingest.flush(20)
    (row,) = store.query(Sql.of("SELECT *, ResourceAttributes['list'] AS list FROM otel_logs")).dicts()
    assert row["LogAttributes"] == {"user": "u", "tags.0": "x", "tags.1": "1", "a.b": "1"}
    assert (row["SeverityText"], row["SeverityNumber"], row["Body"]) == ("warn", 13, '{"a":{"b":1}}')
    assert (row["ServiceName"], row["ScopeName"], row["list"]) == ("sdk", "lib", '["a","b"]')


def test_traces(exporter: Callable[[str], Any], ingest: Ingest, store: Store) -> None:
    provider = TracerProvider(resource=RESOURCE, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter("traces")))
    tracer = provider.get_tracer("lib", "1.0")
    with tracer.start_as_current_span("parent", kind=SpanKind.SERVER) as parent:
        parent.add_event("cache miss", {"key": "k"})
        with tracer.start_as_current_span("child", attributes={"n": 1.5}) as child:
            child.set_status(StatusCode.ERROR, "broken")
    provider.shutdown()
    assert ingest.flush(20)
    child_row, parent_row = store.query(
        Sql.of(
            "SELECT SpanName, SpanKind, StatusCode, StatusMessage, SpanAttributes, TraceId, SpanId, ParentSpanId, "
            "`Events.Name` AS events, Duration > 0 AS lasted FROM otel_traces ORDER BY SpanName"
        )
    ).dicts()
    assert (parent_row["SpanKind"], parent_row["StatusCode"], parent_row["events"]) == (
        "Server",
        "Unset",
        ["cache miss"],
    )
    assert (child_row["StatusCode"], child_row["StatusMessage"], child_row["SpanAttributes"]) == (
        "Error",
        "broken",
        {"n": "1.5"},
    )
    assert child_row["ParentSpanId"] == parent_row["SpanId"] == f"{parent.get_span_context().span_id:016x}"
    assert child_row["TraceId"] == parent_row["TraceId"]
    assert child_row["lasted"]


def test_metrics(exporter: Callable[[str], Any], ingest: Ingest, store: Store) -> None:
    reader = PeriodicExportingMetricReader(exporter("metrics"), export_interval_millis=60_000)
    provider = MeterProvider([reader], RESOURCE, shutdown_on_exit=False)
    meter = provider.get_meter("lib")
    meter.create_counter("requests").add(3, {"route": "/"})
    meter.create_histogram("latency").record(0.2)
    meter.create_gauge("load").set(0.5)
    provider.force_flush()
    provider.shutdown()
    assert ingest.flush(20)
    value = "SELECT Value, Attributes, IsMonotonic, AggregationTemporality FROM otel_metrics_sum LIMIT 1"
    assert store.query(Sql.of(value)).rows == [[3, {"route": "/"}, True, 2]]
    assert count_rows(store, "otel_metrics_histogram") >= 1
    assert count_rows(store, "otel_metrics_gauge") >= 1

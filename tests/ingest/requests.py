"""Requests for tests, small and readable."""

from __future__ import annotations

from collections.abc import Iterable

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from clickstack.core.sql import Sql
from clickstack.store import Store

START_NS = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z, where FixedClock stands
KEY = "key-of-the-team"
DAY_NS = 86_400_000_000_000


def count_rows(store: Store, table: str) -> int:
    return int(store.query(Sql.of(f"SELECT count() FROM {table}")).scalar())


def logs(
    bodies: Iterable[str], *, session: bool = False, days: int = 1, service: str = "shop", start_ns: int = START_NS
) -> bytes:
    """A request with one record per body, spread over some days; `session` makes replay records of them."""
    request = ExportLogsServiceRequest()
    resource = request.resource_logs.add()
    resource.resource.attributes.add(key="service.name").value.string_value = service
    scope = resource.scope_logs.add()
    for index, body in enumerate(bodies):
        record = scope.log_records.add(time_unix_nano=start_ns + index % days * DAY_NS + index, severity_number=9)
        record.body.string_value = body
        if session:
            record.attributes.add(key="rr-web.event").value.double_value = index
    return bytes(request.SerializeToString())


def spans(names: Iterable[str], *, start_ns: int = START_NS) -> bytes:
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for index, name in enumerate(names):
        scope.spans.add(
            name=name,
            trace_id=bytes(15) + b"\1",
            span_id=bytes(7) + b"\1",
            start_time_unix_nano=start_ns + index,
            end_time_unix_nano=start_ns + index + 1000,
        )
    return bytes(request.SerializeToString())


def gauges(names: Iterable[str], *, start_ns: int = START_NS) -> bytes:
    request = ExportMetricsServiceRequest()
    scope = request.resource_metrics.add().scope_metrics.add()
    for index, name in enumerate(names):
        scope.metrics.add(name=name).gauge.data_points.add(time_unix_nano=start_ns + index, as_int=index)
    return bytes(request.SerializeToString())


def within(tag: int, content: bytes) -> bytes:
    """A protobuf field that holds a message."""
    length, prefix = len(content), bytearray()
    while length > 0x7F:
        prefix.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([tag, *prefix, length]) + content


def sums(names: Iterable[str]) -> bytes:
    request = ExportMetricsServiceRequest()
    scope = request.resource_metrics.add().scope_metrics.add()
    for index, name in enumerate(names):
        scope.metrics.add(name=name).sum.data_points.add(time_unix_nano=START_NS + index, as_int=index)
    return bytes(request.SerializeToString())

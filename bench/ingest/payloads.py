"""Requests as services of a mid-sized shop send them: 500 records each, a resource of six attributes."""

from __future__ import annotations

import random
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

RECORDS = 500
WORDS = (
    "user order payment cart request completed failed timeout cache redis query slow fetch index page service upstream "
    "connection reset by peer retry"
).split()
RESOURCE = {
    "k8s.namespace.name": "prod",
    "deployment.environment.name": "production",
    "telemetry.sdk.language": "python",
}


def logs(chance: random.Random, index: int, now_ns: int) -> bytes:
    message = ExportLogsServiceRequest()
    scope = _describe(message.resource_logs.add(), index).scope_logs.add()
    scope.scope.name = "app.logger"
    for number in range(RECORDS):
        record = scope.log_records.add(
            time_unix_nano=now_ns + index * 1_000_000_000 + number * 1_000_000,
            severity_number=chance.choice([9, 9, 9, 13, 17]),
            severity_text="INFO",
            trace_id=chance.randbytes(16),
            span_id=chance.randbytes(8),
        )
        record.body.string_value = " ".join(chance.choices(WORDS, k=8)) + f" {chance.randrange(1_000_000)}"
        _attributes(record.attributes, chance)
    return bytes(message.SerializeToString())


def traces(chance: random.Random, index: int, now_ns: int) -> bytes:
    """Traces of ten spans, one of them with an exception event."""
    message = ExportTraceServiceRequest()
    scope = _describe(message.resource_spans.add(), index).scope_spans.add()
    for number in range(RECORDS):
        if number % 10 == 0:
            trace_id, parent_id = chance.randbytes(16), b""
        start_ns = now_ns + index * 1_000_000_000 + number * 1_000_000
        span = scope.spans.add(
            trace_id=trace_id,
            span_id=chance.randbytes(8),
            parent_span_id=parent_id,
            name=f"{chance.choice(['GET', 'POST'])} /api/v1/{chance.randrange(30)}",
            kind=chance.choice([1, 2, 3]),
            start_time_unix_nano=start_ns,
            end_time_unix_nano=start_ns + int(chance.lognormvariate(15, 1)),
        )
        parent_id = span.span_id
        _attributes(span.attributes, chance)
        if number % 10 == 9:
            span.status.code = 2
            event = span.events.add(time_unix_nano=start_ns, name="exception")
            event.attributes.add(key="exception.type").value.string_value = "TimeoutError"
    return bytes(message.SerializeToString())


def metrics(chance: random.Random, index: int, now_ns: int) -> bytes:
    """Gauges, counters and histograms of fifty series each turn."""
    message = ExportMetricsServiceRequest()
    scope = _describe(message.resource_metrics.add(), index).scope_metrics.add()
    gauge, counter, histogram = (scope.metrics.add(name=name) for name in ("memory.used", "requests", "duration"))
    counter.sum.is_monotonic, counter.sum.aggregation_temporality = True, 2
    histogram.histogram.aggregation_temporality = 2
    time_ns = now_ns + index * 1_000_000_000
    for number in range(RECORDS):
        route = f"/api/v1/{number % 50}"
        if number % 4 == 0:
            point: Any = histogram.histogram.data_points.add(
                time_unix_nano=time_ns, count=100, sum=chance.random() * 100
            )
            point.explicit_bounds.extend([0.005, 0.01, 0.05, 0.1, 0.5, 1, 5])
            point.bucket_counts.extend(chance.randrange(20) for _ in range(8))
        elif number % 4 == 1:
            point = gauge.gauge.data_points.add(time_unix_nano=time_ns, as_double=chance.random() * 1e9)
        else:
            point = counter.sum.data_points.add(time_unix_nano=time_ns, as_int=index * 10 + number)
        point.attributes.add(key="http.route").value.string_value = route
        point.attributes.add(key="http.status_code").value.int_value = chance.choice([200, 404, 500])
    return bytes(message.SerializeToString())


def logs_later(body: bytes, by_ns: int) -> bytes:
    """The same records, that much later."""
    message = ExportLogsServiceRequest.FromString(body)
    for record in message.resource_logs[0].scope_logs[0].log_records:
        record.time_unix_nano += by_ns
    return bytes(message.SerializeToString())


def traces_later(body: bytes, by_ns: int) -> bytes:
    message = ExportTraceServiceRequest.FromString(body)
    for span in message.resource_spans[0].scope_spans[0].spans:
        span.start_time_unix_nano += by_ns
        span.end_time_unix_nano += by_ns
    return bytes(message.SerializeToString())


def metrics_later(body: bytes, by_ns: int) -> bytes:
    message = ExportMetricsServiceRequest.FromString(body)
    for metric in message.resource_metrics[0].scope_metrics[0].metrics:
        for point in getattr(metric, metric.WhichOneof("data")).data_points:
            point.time_unix_nano += by_ns
    return bytes(message.SerializeToString())


def _describe(origin: Any, index: int) -> Any:
    names = {"service.name": f"svc-{index % 8}", "host.name": f"host-{index % 16}", "k8s.pod.name": f"pod-{index % 40}"}
    for key, value in {**names, **RESOURCE}.items():
        origin.resource.attributes.add(key=key).value.string_value = value
    return origin


def _attributes(attributes: Any, chance: random.Random) -> None:
    attributes.add(key="http.method").value.string_value = chance.choice(["GET", "POST"])
    attributes.add(key="http.route").value.string_value = f"/api/v1/{chance.randrange(30)}"
    attributes.add(key="http.status_code").value.int_value = chance.choice([200, 200, 200, 404, 500])
    attributes.add(key="duration_ms").value.double_value = chance.random() * 100
    attributes.add(key="user.id").value.string_value = f"u{chance.randrange(5000)}"
    attributes.add(key="request.id").value.string_value = chance.randbytes(8).hex()

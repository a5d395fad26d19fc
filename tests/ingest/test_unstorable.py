"""Partial success: a record that cannot be stored is left out alone, and the sender is told."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import grpc
import httpx
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    ExponentialHistogram,
    ExponentialHistogramDataPoint,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    Sum,
    Summary,
    SummaryDataPoint,
)

from clickstack.core.limits import HISTOGRAM_BUCKETS_MAX, RECORD_BYTES_MAX
from clickstack.ingest import Ingest
from clickstack.ingest.check import check
from clickstack.ingest.signals import GAUGE
from clickstack.store import Store
from ingest.requests import KEY, count_rows, gauges, logs, spans

Buckets = ExponentialHistogramDataPoint.Buckets


def request_of(*metrics: Metric) -> bytes:
    request = ExportMetricsServiceRequest()
    request.resource_metrics.add().scope_metrics.add().metrics.extend(metrics)
    return bytes(request.SerializeToString())


def gauge(name: str = "g", **point: Any) -> Metric:
    return Metric(name=name, gauge=Gauge(data_points=[NumberDataPoint(**point)]))


def histogram(**point: Any) -> Metric:
    return Metric(name="h", histogram=Histogram(data_points=[HistogramDataPoint(count=1, **point)]))


def exponential(**point: Any) -> Metric:
    points = [ExponentialHistogramDataPoint(count=1, **point)]
    return Metric(name="e", exponential_histogram=ExponentialHistogram(data_points=points))


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        (gauge("", as_int=1), "a metric without a name"),
        (Metric(summary=Summary(data_points=[SummaryDataPoint(count=1)])), "a metric without a name"),
        (gauge(), "metric g: a point without a value"),
        (gauge(flags=2), "metric g: a point without a value"),
        (Metric(name="s", sum=Sum(data_points=[NumberDataPoint()])), "metric s: a point without a value"),
        (histogram(bucket_counts=[1, 0], explicit_bounds=[1, 2]), "2 bucket_counts for 2 explicit_bounds"),
        (histogram(bucket_counts=[1, 0, 0, 0], explicit_bounds=[1, 2]), "4 bucket_counts for 2 explicit_bounds"),
        (histogram(bucket_counts=[1, 0, 0], explicit_bounds=[2, 1]), "explicit_bounds do not increase"),
        (histogram(bucket_counts=[1, 0, 0], explicit_bounds=[1, 1]), "explicit_bounds do not increase"),
        (histogram(bucket_counts=[1, 0], explicit_bounds=[math.nan]), "explicit_bounds do not increase"),
        (exponential(scale=-11), "the scale -11"),
        (exponential(scale=21), "the scale 21"),
        (exponential(positive=Buckets(offset=2**31 - 1, bucket_counts=[1])), "beyond 32 bits"),
        (exponential(negative=Buckets(bucket_counts=[0] * (HISTOGRAM_BUCKETS_MAX + 1))), "at most 16384 are stored"),
    ],
)
def test_what_means_nothing_is_left_out_and_its_neighbours_stay(metric: Metric, reason: str) -> None:
    checked = check("metrics", request_of(gauge("before", as_int=1), metric, gauge("after", as_double=2)))
    assert (checked.records, checked.rejected, checked.kinds) == (2, 1, GAUGE)
    assert reason in checked.message
    kept = ExportMetricsServiceRequest.FromString(checked.body).resource_metrics[0].scope_metrics[0].metrics
    points = {each.name: len(getattr(each, str(each.WhichOneof("data"))).data_points) for each in kept}
    assert (points.pop("before"), points.pop("after"), *points.values()) == (1, 1, 0)


@pytest.mark.parametrize(
    "metric",
    [
        gauge(as_double=math.nan),
        gauge(as_double=math.inf),
        gauge(as_int=0),
        gauge(flags=1),
        histogram(),
        histogram(explicit_bounds=[1, 2]),
        histogram(bucket_counts=[1]),
        histogram(bucket_counts=[1, 0], explicit_bounds=[math.inf]),
        histogram(bucket_counts=[1], explicit_bounds=[2, 1], flags=1),
        exponential(scale=-10, positive=Buckets(offset=-(2**31), bucket_counts=[1])),
        exponential(scale=20),
        exponential(scale=99, flags=1),
    ],
)
def test_what_is_only_odd_is_stored(metric: Metric) -> None:
    checked = check("metrics", request_of(metric))
    assert (checked.records, checked.rejected, checked.message) == (1, 0, "")


LARGE = "x" * RECORD_BYTES_MAX


@pytest.mark.parametrize(("signal", "body"), [("logs", logs(["a", LARGE, "b"])), ("traces", spans(["a", LARGE, "b"]))])
def test_a_record_over_the_limit_is_left_out_alone(signal: Any, body: bytes) -> None:
    checked = check(signal, body)
    assert (checked.records, checked.rejected) == (2, 1)
    assert f"at most {RECORD_BYTES_MAX} are stored" in checked.message
    assert len(checked.body) < 1000


def test_a_large_request_of_small_records_is_whole() -> None:
    body = logs(["x" * 1_000_000] * 20)
    assert len(body) > RECORD_BYTES_MAX
    checked = check("logs", body)
    assert (checked.records, checked.rejected) == (20, 0)
    assert checked.body == body


def mixed() -> bytes:
    return request_of(gauge("good", as_int=1), gauge("bad"), histogram(bucket_counts=[1], explicit_bounds=[1]))


def answer_over_http(url: str) -> ExportMetricsServiceResponse:
    headers = {"authorization": KEY, "content-type": "application/x-protobuf"}
    reply = httpx.post(f"{url}/v1/metrics", content=mixed(), headers=headers)
    assert reply.status_code == 200
    return ExportMetricsServiceResponse.FromString(reply.content)


def answer_over_grpc(target: str) -> ExportMetricsServiceResponse:
    with grpc.insecure_channel(target) as channel:
        export: Callable[..., bytes] = channel.unary_unary(
            "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
        )
        return ExportMetricsServiceResponse.FromString(export(mixed(), metadata=(("authorization", KEY),), timeout=20))


def test_both_transports_say_how_many_and_why(otlp_http: str, otlp_grpc: str, ingest: Ingest, store: Store) -> None:
    for answer in (answer_over_http(otlp_http), answer_over_grpc(otlp_grpc)):
        assert answer.partial_success.rejected_data_points == 2
        assert answer.partial_success.error_message.startswith("2 not stored, the others were. The first: metric bad")
    assert ingest.flush(20)
    assert (count_rows(store, "otel_metrics_gauge"), count_rows(store, "otel_metrics_histogram")) == (2, 0)
    counters = ingest.counters()["metrics"]
    assert (counters.accepted, counters.rejected_records, counters.rejected, counters.dead) == (2, 4, 0, 0)


def test_json_says_so_in_json(otlp_http: str) -> None:
    metric = {"name": "g", "gauge": {"dataPoints": [{"asInt": 1}, {"timeUnixNano": 5}]}}
    document = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}
    reply = httpx.post(f"{otlp_http}/v1/metrics", json=document, headers={"authorization": KEY})
    assert reply.status_code == 200
    partial = reply.json()["partialSuccess"]
    assert partial["rejectedDataPoints"] == "1"
    assert "as_double or as_int" in partial["errorMessage"]


def test_a_request_of_nothing_else_succeeds_and_stores_nothing(ingest: Ingest, store: Store) -> None:
    accepted = ingest.accept("metrics", request_of(gauge()))
    assert (accepted.records, accepted.rejected) == (0, 1)
    assert ingest.counters()["metrics"].rejected_records == 1
    assert ingest.flush(20)
    assert count_rows(store, "otel_metrics_gauge") == 0


def test_names_of_the_counts_are_those_of_the_protocol(otlp_http: str) -> None:
    headers = {"authorization": KEY, "content-type": "application/x-protobuf"}
    reply = httpx.post(f"{otlp_http}/v1/logs", content=logs(["a", LARGE]), headers=headers)
    assert ExportLogsServiceResponse.FromString(reply.content).partial_success.rejected_log_records == 1
    reply = httpx.post(f"{otlp_http}/v1/metrics", content=gauges(["a"]), headers=headers)
    assert (reply.status_code, reply.content) == (200, b"")


def test_a_session_record_and_a_span_without_ids_are_stored() -> None:
    request = ExportTraceServiceRequest()
    request.resource_spans.add().scope_spans.add().spans.add(name="no ids")
    assert check("traces", request.SerializeToString()).rejected == 0
    record = ExportLogsServiceRequest.FromString(logs(["a"], session=True))
    assert check("logs", record.SerializeToString()).rejected == 0


def test_every_second_of_many_points_is_left_out_in_reasonable_time() -> None:
    points = [NumberDataPoint(as_int=1) if number % 2 else NumberDataPoint() for number in range(200_000)]
    checked = check("metrics", request_of(Metric(name="g", gauge=Gauge(data_points=points))))
    assert (checked.records, checked.rejected) == (100_000, 100_000)

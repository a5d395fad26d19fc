"""The whole way of telemetry: official SDK → OTLP over HTTP and gRPC → tables → REST API → the UI's search."""

from __future__ import annotations

import json
import logging
import re
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from program import LiveServer, call, serve, sign_up

SEARCHABLE_WITHIN_S = 10.0  # the goal is two; a busy test machine must not fail a test


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serve(tmp_path_factory.mktemp("slice") / "data", "--self-telemetry", "false") as running:
        yield running


@pytest.fixture(scope="module")
def cookie(server: LiveServer) -> str:
    return sign_up(server)


@pytest.fixture(scope="module")
def keys(server: LiveServer, cookie: str) -> dict[str, str]:
    me = call("GET", f"{server.api_url}/me", cookie=cookie)[2]
    return {"access": me["accessKey"], "ingestion": me["team"]["apiKey"]}


@pytest.fixture(scope="module")
def sources(server: LiveServer, keys: dict[str, str]) -> dict[str, dict[str, Any]]:
    status, _, body = call("GET", f"{server.api_url}/api/v2/sources", authorization=f"Bearer {keys['access']}")
    assert status == 200
    return {source["name"]: source for source in body["data"]}


def exporters(server: LiveServer, protocol: str, key: str) -> tuple[Any, Any, Any]:
    if protocol == "http":
        url, headers = server.otlp_http_url, {"authorization": key}
        return (
            HttpSpans(f"{url}/v1/traces", headers=headers),
            HttpMetrics(f"{url}/v1/metrics", headers=headers),
            HttpLogs(f"{url}/v1/logs", headers=headers),
        )
    options: dict[str, Any] = {
        "endpoint": server.otlp_grpc_target,
        "insecure": True,
        "headers": (("authorization", key),),
    }
    return GrpcSpans(**options), GrpcMetrics(**options), GrpcLogs(**options)


def shop(resource: Resource, spans: Any, metrics: Any, logs: Any) -> None:
    """A program as its developers would instrument it: one request that fails, its log, one counter."""
    tracers, readers = TracerProvider(resource=resource), PeriodicExportingMetricReader(metrics, 60_000)
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    meters, loggers = MeterProvider([readers], resource=resource), LoggerProvider(resource=resource)
    loggers.add_log_record_processor(SimpleLogRecordProcessor(logs))
    log = logging.Logger("shop")
    log.addHandler(LoggingHandler(logger_provider=loggers))
    with tracers.get_tracer("shop").start_as_current_span(
        "POST /checkout", attributes={"http.route": "/checkout"}
    ) as span:
        span.record_exception(ValueError("card declined"))
        log.error("checkout failed", extra={"order.id": 17})
        log.info("cart emptied")
    meters.get_meter("shop").create_counter("orders", unit="{order}").add(3, {"currency": "EUR"})
    for provider in (meters, loggers, tracers):
        provider.shutdown()


def series(server: LiveServer, key: str, source_id: str, where: str, **more: Any) -> list[dict[str, Any]]:
    """The rows of charts/series over the last hour and the next minute."""
    now_ms = time.time_ns() // 1_000_000
    item = {"sourceId": source_id, "aggFn": "count", "where": where, "groupBy": [], **more}
    body = {"startTime": now_ms - 3_600_000, "endTime": now_ms + 60_000, "granularity": "1h", "series": [item]}
    status, _, reply = call("POST", f"{server.api_url}/api/v2/charts/series", body, authorization=f"Bearer {key}")
    assert status == 200, reply
    return list(reply["data"])


def total(rows: list[dict[str, Any]]) -> float:
    return sum(row["series_0.data"] for row in rows)


@pytest.mark.filterwarnings("ignore:.*LoggingHandler.*")
@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_an_sdk_sends_and_the_api_answers(
    server: LiveServer, keys: dict[str, str], sources: dict[str, dict[str, Any]], protocol: str
) -> None:
    service = f"shop-{protocol}"
    shop(Resource({"service.name": service}), *exporters(server, protocol, keys["ingestion"]))
    where = f'ServiceName:"{service}"'
    logs, traces, metrics = (sources[name]["id"] for name in ("Logs", "Traces", "Metrics"))
    deadline = time.monotonic() + SEARCHABLE_WITHIN_S
    while time.monotonic() < deadline:
        found = (
            total(series(server, keys["access"], logs, where)),
            total(series(server, keys["access"], traces, where)),
            total(series(server, keys["access"], logs, f"{where} SeverityText:error")),
        )
        orders = series(
            server, keys["access"], metrics, where, aggFn="sum", metricDataType="sum", metricName="orders",
            groupBy=["Attributes['currency']"],
        )  # fmt: skip
        if found == (2, 1, 1) and orders:
            break
        time.sleep(0.05)
    assert found == (2, 1, 1)
    assert [row["group"] for row in orders] == [["EUR"]]


def test_the_example_of_the_products_api_page(
    server: LiveServer, keys: dict[str, str], sources: dict[str, dict[str, Any]]
) -> None:
    """The body of the page's charts/series example, as it stands there but for the source id; two logs inside it."""
    body = {
        "startTime": 1647014400000, "endTime": 1647100800000, "granularity": "1h",
        "series": [{"sourceId": sources["Logs"]["id"], "aggFn": "count", "where": "SeverityText:error", "groupBy": []}],
    }  # fmt: skip
    status, _, reply = call(
        "POST", f"{server.api_url}/api/v2/charts/series", body, authorization=f"Bearer {keys['access']}"
    )
    assert (status, reply) == (200, {"data": []})


@pytest.mark.parametrize("granularity_s", [60, 3600])
def test_buckets_are_aligned_and_count_what_lies_in_them(
    server: LiveServer, keys: dict[str, str], sources: dict[str, dict[str, Any]], granularity_s: int
) -> None:
    service, step_ms = f"buckets-{granularity_s}", granularity_s * 1000
    base_ms = (time.time_ns() // 1_000_000 // step_ms - 4) * step_ms
    moments_ms = [base_ms, base_ms + step_ms - 1, base_ms + step_ms, base_ms + 3 * step_ms]
    send(server, keys["ingestion"], service, [(moment, "error") for moment in moments_ms] + [(base_ms, "info")])
    bearer = f"Bearer {keys['access']}"
    body = {
        "startTime": base_ms, "endTime": base_ms + 3 * step_ms, "granularity": {60: "1m", 3600: "1h"}[granularity_s],
        "series": [{
            "sourceId": sources["Logs"]["id"], "aggFn": "count", "groupBy": ["SeverityText"],
            "where": f'ServiceName:"{service}" SeverityText:error',
        }],
    }  # fmt: skip
    deadline = time.monotonic() + SEARCHABLE_WITHIN_S
    expected = [(base_ms, ["error"], 2), (base_ms + step_ms, ["error"], 1)]  # the end is not inside
    while True:
        reply = call("POST", f"{server.api_url}/api/v2/charts/series", body, authorization=bearer)[2]
        found = [(row["ts_bucket"], row["group"], row["series_0.data"]) for row in reply["data"]]
        if found == expected or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    assert found == expected


def send(server: LiveServer, key: str, service: str, logs: list[tuple[int, str]]) -> None:
    """Send logs of (moment in ms, severity) as OTLP/JSON."""
    records = [
        {"timeUnixNano": str(ms * 1_000_000), "severityText": severity, "body": {"stringValue": f"at {ms}"}}
        for ms, severity in logs
    ]
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    request = {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": records}]}]}
    assert call("POST", f"{server.otlp_http_url}/v1/logs", request, authorization=key)[0] == 200


def frames(server: LiveServer, path: str, body: Any, cookie: str) -> list[dict[str, Any]]:
    """The NDJSON frames of a query route of the UI."""
    request = urllib.request.Request(
        server.app_url + path, json.dumps(body).encode(), {"content-type": "application/json", "cookie": cookie}
    )
    with urllib.request.urlopen(request, timeout=20) as reply:
        assert reply.headers["content-type"].startswith("application/x-ndjson")
        return [json.loads(line) for line in reply.read().splitlines()]


def test_the_uis_search_shows_rows_histogram_and_one_whole_row(
    server: LiveServer, keys: dict[str, str], sources: dict[str, dict[str, Any]], cookie: str
) -> None:
    now_ms = time.time_ns() // 1_000_000
    send(server, keys["ingestion"], "searched", [(now_ms - 2000, "error"), (now_ms - 1000, "info")])
    query = {
        "sourceId": sources["Logs"]["id"], "where": "ServiceName:searched", "whereLanguage": "lucene",
        "startTime": now_ms - 60_000, "endTime": now_ms + 60_000,
    }  # fmt: skip
    deadline = time.monotonic() + SEARCHABLE_WITHIN_S
    while True:
        found = frames(server, "/api/search", query, cookie)[-1]
        assert found["type"] == "result", found
        if len(found["rows"]) == 2 or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    names = [column["name"] for column in found["columns"]]
    assert [dict(zip(names, row, strict=True))["SeverityText"] for row in found["rows"]] == ["info", "error"]
    histogram = frames(server, "/api/search/histogram", query, cookie)[-1]
    assert histogram["total"] == 2
    assert {group["name"]: sum(group["counts"]) for group in histogram["groups"]} == {"error": 1, "info": 1}
    assert all(len(group["counts"]) == len(histogram["buckets"]) for group in histogram["groups"])
    whole = {"sourceId": query["sourceId"], "rowId": found["rowIds"][1]}
    row = frames(server, "/api/search/row", whole, cookie)[-1]["row"]
    assert row["ResourceAttributes"] == {"service.name": "searched"}
    assert re.fullmatch(r"at \d+", row["Body"])


def test_a_wrong_query_is_the_users_error_with_its_place(
    server: LiveServer, sources: dict[str, dict[str, Any]], cookie: str
) -> None:
    query = {
        "sourceId": sources["Logs"]["id"], "where": "(SeverityText:error", "whereLanguage": "lucene",
        "startTime": 1_700_000_000_000, "endTime": 1_700_000_001_000,
    }  # fmt: skip
    last = frames(server, "/api/search", query, cookie)[-1]
    assert (last["type"], last["code"]) == ("error", "bad_query")
    assert isinstance(last["position"], int)


def test_the_ui_is_served_for_every_page(server: LiveServer) -> None:
    index = Path(__file__).resolve().parents[2] / "src" / "clickstack" / "api" / "ui" / "index.html"
    assert index.exists(), "run `make ui` first (make test does)"
    for path in ("/", "/search", "/team?tab=api-keys", "/no-such-page"):
        status, fields, body = call("GET", server.app_url + path, accept="text/html")
        assert (status, fields["content-type"].split(";")[0]) == (200, "text/html"), path
        assert "<div id=" in body

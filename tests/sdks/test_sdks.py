"""Official SDKs of other makers send to the real server: Node's OpenTelemetry, and the reference's own for Python."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from program import LiveServer, call, clean_environment, serve, sign_up

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "hatch_build.py"
STORED_WITHIN_S = 10.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serve(tmp_path_factory.mktemp("sdks") / "data", "--self-telemetry", "false") as running:
        yield running


@pytest.fixture(scope="module")
def me(server: LiveServer) -> dict[str, Any]:
    account: dict[str, Any] = call("GET", f"{server.api_url}/me", cookie=sign_up(server))[2]
    return account


def rows(server: LiveServer, me: dict[str, Any], source: str, service: str, select: str) -> list[dict[str, Any]]:
    """The rows of a service, once there are any."""
    bearer = f"Bearer {me['accessKey']}"
    sources = call("GET", f"{server.api_url}/api/v2/sources", authorization=bearer)[2]["data"]
    body = {
        "sourceId": next(each["id"] for each in sources if each["name"] == source),
        "where": f'ServiceName:"{service}"', "select": select,
    }  # fmt: skip
    deadline = time.monotonic() + STORED_WITHIN_S
    while True:
        found: list[dict[str, Any]] = call("POST", f"{server.api_url}/api/v2/search", body, authorization=bearer)[2][
            "data"
        ]
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


def test_the_opentelemetry_sdk_of_node(server: LiveServer, me: dict[str, Any]) -> None:
    """Spans as gzipped protobuf, logs as JSON, metrics over gRPC: what the exporters send by themselves."""
    subprocess.run(
        [sys.executable, str(BUILD), "node", str(HERE / "node"), "send.mjs", server.otlp_http_url,
         f"http://{server.otlp_grpc_target}", me["team"]["apiKey"], "node-shop"],
        check=True, env=clean_environment(), timeout=300,
    )  # fmt: skip
    assert rows(server, me, "Traces", "node-shop", "SpanName, StatusCode, `Events.Name`") == [
        {"SpanName": "GET /cart", "StatusCode": "Unset", "`Events.Name`": ["exception"]}
    ]
    assert rows(server, me, "Logs", "node-shop", "SeverityText, Body, LogAttributes") == [
        {
            "SeverityText": "error",
            "Body": '{"msg":"cart failed","order":{"id":17}}',
            "LogAttributes": {"attempt": "2", "ratio": "0.5", "last": "true", "msg": "cart failed", "order.id": "17"},
        }
    ]
    assert carts(server, me) == [(["EUR"], 1)]


def carts(server: LiveServer, me: dict[str, Any]) -> list[tuple[list[str], int]]:
    """Currency and number of series of the counter the Node program has."""
    bearer, now_ms = f"Bearer {me['accessKey']}", time.time_ns() // 1_000_000
    sources = call("GET", f"{server.api_url}/api/v2/sources", authorization=bearer)[2]["data"]
    series = {
        "sourceId": next(each["id"] for each in sources if each["name"] == "Metrics"),
        "aggFn": "count", "where": 'ServiceName:"node-shop"', "groupBy": ["Attributes['currency']"],
        "metricDataType": "sum", "metricName": "carts",
    }  # fmt: skip
    body = {"startTime": now_ms - 3_600_000, "endTime": now_ms + 60_000, "granularity": "30d", "series": [series]}
    deadline = time.monotonic() + STORED_WITHIN_S
    while True:
        reply = call("POST", f"{server.api_url}/api/v2/charts/series", body, authorization=bearer)[2]
        found = [(row["group"], row["series_0.data"]) for row in reply["data"]]
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


def test_the_python_sdk_of_the_reference(server: LiveServer, me: dict[str, Any]) -> None:
    """hyperdx-opentelemetry with the two variables its users set."""
    environment = {
        **clean_environment(),
        "HYPERDX_API_KEY": me["team"]["apiKey"],
        "OTEL_EXPORTER_OTLP_ENDPOINT": server.otlp_http_url,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_SERVICE_NAME": "hyperdx-shop",
    }
    instrument = Path(sys.executable).parent / "opentelemetry-instrument"
    program = [str(instrument), sys.executable, str(HERE / "hyperdx_app.py")]
    subprocess.run(program, check=True, env=environment, timeout=60, capture_output=True)
    (log,) = rows(server, me, "Logs", "hyperdx-shop", "SeverityText, Body, LogAttributes, TraceId")
    assert (log["SeverityText"], log["Body"], log["LogAttributes"]["order.id"]) == ("error", "order refused", "17")
    (span,) = rows(server, me, "Traces", "hyperdx-shop", "SpanName, TraceId")
    assert (span["SpanName"], span["TraceId"]) == ("POST /orders", log["TraceId"])

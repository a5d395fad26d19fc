"""The server's own logs, traces and metrics: what is kept, what is not, and that nothing feeds on itself."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.trace import get_tracer_provider

from clickstack.core.clock import FixedClock
from clickstack.core.errors import Busy
from clickstack.core.limits import SELF_TELEMETRY_QUEUE_MAX
from clickstack.core.log import ROOT, fields, get_logger
from clickstack.core.settings import Settings
from clickstack.self_telemetry import SelfTelemetry, Signal, TracingMiddleware, open_self_telemetry


class Store:
    """Takes what the server says about itself, as the ingest room does."""

    def __init__(self) -> None:
        self.bodies: list[tuple[Signal, bytes]] = []
        self.error: Exception | None = None

    def accept(self, signal: Signal, body: bytes) -> None:
        if self.error:
            raise self.error
        self.bodies.append((signal, body))

    def logs(self) -> list[Any]:
        requests = [ExportLogsServiceRequest.FromString(body) for signal, body in self.bodies if signal == "logs"]
        return [
            record
            for request in requests
            for resource in request.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]

    def spans(self) -> list[Any]:
        requests = [ExportTraceServiceRequest.FromString(body) for signal, body in self.bodies if signal == "traces"]
        return [
            span
            for request in requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def metrics(self) -> dict[str, Any]:
        requests = [ExportMetricsServiceRequest.FromString(body) for signal, body in self.bodies if signal == "metrics"]
        return {
            metric.name: metric
            for request in requests
            for resource in request.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


def plain(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


@pytest.fixture
def kept() -> Store:
    return Store()


@pytest.fixture(autouse=True)
def _info_lines() -> Iterator[None]:
    logger = logging.getLogger(ROOT)
    was = logger.level
    logger.setLevel(logging.INFO)
    yield
    logger.setLevel(was)


@pytest.fixture
def telemetry(kept: Store, clock: FixedClock) -> Iterator[SelfTelemetry]:
    opened = open_self_telemetry(Settings(self_telemetry_sample_ratio=1.0), "1.2.3", kept.accept, clock)
    yield opened
    opened.close(5.0)


def ask(app: Any, telemetry: SelfTelemetry, path: str, method: str = "GET", **headers: str) -> None:
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }

    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(_: Any) -> None:
        pass

    asyncio.run(TracingMiddleware(app, telemetry, "api")(scope, receive, send))


def answering(status: int, route: str = "") -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if route:
            scope["clickstack.route_note"]["route"] = route
        get_logger("api").info("request", extra=fields(status=status))
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return app


async def failing(scope: Any, receive: Any, send: Any) -> None:
    raise ZeroDivisionError("no way")


# --- logs ------------------------------------------------------------------------------------------------------


def test_a_line_becomes_a_log_record_of_service_clickstack(telemetry: SelfTelemetry, kept: Store) -> None:
    get_logger("api").warning("slow %s", "query", extra=fields(ms=12.5, rows=3, signal="logs", why=None))
    telemetry.flush()
    request = ExportLogsServiceRequest.FromString(kept.bodies[0][1])
    resource = plain(request.resource_logs[0].resource.attributes)
    assert (resource["service.name"], resource["service.version"]) == ("clickstack", "1.2.3")
    (record,) = kept.logs()
    assert (record.body.string_value, record.severity_text, record.severity_number) == ("slow query", "WARN", 13)
    assert plain(record.attributes) == {"ms": 12.5, "rows": 3, "signal": "logs"}
    assert request.resource_logs[0].scope_logs[0].scope.name == "clickstack.api"


def test_debug_lines_are_not_kept(telemetry: SelfTelemetry, kept: Store) -> None:
    logging.getLogger(ROOT).setLevel(logging.DEBUG)
    get_logger("api").debug("chatter")
    telemetry.flush()
    assert kept.logs() == []


def test_an_exception_is_kept_with_its_stack(telemetry: SelfTelemetry, kept: Store) -> None:
    try:
        raise ValueError("bad")
    except ValueError:
        get_logger("api").exception("failed")
    telemetry.flush()
    attributes = plain(kept.logs()[0].attributes)
    assert attributes["exception.type"] == "builtins.ValueError"
    assert attributes["exception.message"] == "bad"
    assert "test_an_exception_is_kept" in attributes["exception.stacktrace"]


def test_a_line_belongs_to_the_span_it_is_written_in(telemetry: SelfTelemetry, kept: Store) -> None:
    with telemetry.tracer.start_as_current_span("work"):
        get_logger("api").info("inside")
    telemetry.flush()
    (span,), (record,) = kept.spans(), kept.logs()
    assert (record.trace_id, record.span_id) == (span.trace_id, span.span_id)


def test_of_an_unsampled_request_only_warnings_and_errors_are_kept(kept: Store, clock: FixedClock) -> None:
    telemetry = open_self_telemetry(Settings(self_telemetry_sample_ratio=0.0), "1", kept.accept, clock)
    with telemetry.tracer.start_as_current_span("request"):
        get_logger("api").info("request")
        get_logger("api").error("it failed")
    get_logger("server").info("ready")
    telemetry.close(5.0)
    assert [record.body.string_value for record in kept.logs()] == ["it failed", "ready"]
    assert kept.spans() == []


# --- no feedback -----------------------------------------------------------------------------------------------


def test_what_happens_while_handing_over_is_neither_logged_nor_traced(kept: Store, clock: FixedClock) -> None:
    telemetry: SelfTelemetry

    def accept(signal: Signal, body: bytes) -> None:
        get_logger("server").error("handing over")
        with telemetry.tracer.start_as_current_span("append to spool"):
            kept.accept(signal, body)

    telemetry = open_self_telemetry(Settings(self_telemetry_sample_ratio=1.0), "1", accept, clock)
    get_logger("server").info("one line")
    for _ in range(5):
        telemetry.flush()
    telemetry.close(5.0)
    assert [record.body.string_value for record in kept.logs()] == ["one line"]
    assert kept.spans() == []


def test_the_line_of_another_thread_that_loads_our_batch_is_not_kept(kept: Store, clock: FixedClock) -> None:
    def accept(signal: Signal, body: bytes) -> None:
        kept.accept(signal, body)
        loader = threading.Thread(target=lambda: get_logger("ingest").info("loaded", extra=fields(rows=1)))
        loader.start()
        loader.join(10)

    telemetry = open_self_telemetry(Settings(), "1", accept, clock)
    get_logger("server").info("one line")
    for _ in range(5):
        telemetry.flush()
    telemetry.close(5.0)
    assert [record.body.string_value for record in kept.logs()] == ["one line"]


def test_trouble_in_the_ingest_room_is_kept(telemetry: SelfTelemetry, kept: Store) -> None:
    get_logger("ingest").warning("the engine refuses a segment")
    telemetry.flush()
    assert len(kept.logs()) == 1


# --- bounds ----------------------------------------------------------------------------------------------------


def test_what_is_refused_is_dropped_and_counted(telemetry: SelfTelemetry, kept: Store) -> None:
    kept.error = Busy("the spool is full")
    get_logger("api").info("lost")
    telemetry.flush()
    kept.error = None
    get_logger("api").info("kept")
    telemetry.flush()
    assert [record.body.string_value for record in kept.logs()] == ["kept"]
    assert telemetry.dropped["logs"] == 1
    points = kept.metrics()["clickstack.self_telemetry.dropped"].sum.data_points
    assert {plain(point.attributes)["signal"]: point.as_int for point in points}["logs"] == 1


def test_a_full_queue_drops_and_counts_and_never_blocks(clock: FixedClock) -> None:
    handing_over, go_on = threading.Event(), threading.Event()

    def accept(signal: Signal, body: bytes) -> None:
        handing_over.set()
        go_on.wait(10)

    telemetry = open_self_telemetry(Settings(), "1", accept, clock)
    log = get_logger("server")
    log.info("first")
    threading.Thread(target=telemetry.flush, daemon=True).start()
    assert handing_over.wait(5)
    for _ in range(SELF_TELEMETRY_QUEUE_MAX + 10):
        log.info("more")
    assert telemetry.dropped["logs"] == 10
    go_on.set()
    telemetry.close(5.0)


def test_closing_hands_over_what_waits_and_the_metrics(kept: Store, clock: FixedClock) -> None:
    telemetry = open_self_telemetry(Settings(), "1", kept.accept, clock)
    get_logger("server").info("stopping")
    telemetry.close(5.0)
    get_logger("server").info("after")
    telemetry.close(5.0)
    assert [record.body.string_value for record in kept.logs()] == ["stopping"]
    assert "process.thread.count" in kept.metrics()


def test_closing_does_not_wait_for_a_store_that_hangs(clock: FixedClock) -> None:
    go_on = threading.Event()
    telemetry = open_self_telemetry(Settings(), "1", lambda signal, body: go_on.wait(30), clock)
    get_logger("server").info("stopping")
    telemetry.close(0.05)
    assert not go_on.is_set()
    go_on.set()


# --- metrics ---------------------------------------------------------------------------------------------------


def test_the_process_is_measured(telemetry: SelfTelemetry, kept: Store) -> None:
    telemetry.flush()
    metrics = kept.metrics()
    assert metrics["process.memory.usage"].gauge.data_points[0].as_int > 1_000_000
    assert metrics["process.unix.file_descriptor.count"].gauge.data_points[0].as_int > 2
    assert {plain(p.attributes)["cpu.mode"] for p in metrics["process.cpu.time"].sum.data_points} == {"user", "system"}


# --- requests --------------------------------------------------------------------------------------------------


def test_a_request_is_a_server_span_named_after_its_route(telemetry: SelfTelemetry, kept: Store) -> None:
    ask(answering(200, "/api/v2/alerts/{id}"), telemetry, "/api/v2/alerts/65f0", **{"user-agent": "curl/8"})
    telemetry.flush()
    (span,) = kept.spans()
    assert (span.name, span.kind, span.status.code) == ("GET /api/v2/alerts/{id}", 2, 0)
    attributes = plain(span.attributes)
    assert attributes["http.request.method"] == "GET"
    assert attributes["http.route"] == "/api/v2/alerts/{id}"
    assert attributes["http.response.status_code"] == 200
    assert attributes["clickstack.listener"] == "api"
    assert "65f0" not in str(span)
    (record,) = kept.logs()
    assert record.trace_id == span.trace_id


def test_a_request_is_measured_whether_sampled_or_not(kept: Store, clock: FixedClock) -> None:
    telemetry = open_self_telemetry(Settings(self_telemetry_sample_ratio=0.0), "1", kept.accept, clock)
    ask(answering(503, "/search"), telemetry, "/search", "POST")
    telemetry.close(5.0)
    assert kept.spans() == []
    (point,) = kept.metrics()["http.server.request.duration"].histogram.data_points
    assert point.count == 1
    attributes = plain(point.attributes)
    assert (attributes["http.route"], attributes["http.response.status_code"]) == ("/search", 503)
    assert attributes["error.type"] == "503"
    assert "user_agent.original" not in attributes


def test_a_failed_request_is_an_error_with_the_exception(telemetry: SelfTelemetry, kept: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        ask(failing, telemetry, "/x")
    telemetry.flush()
    (span,) = kept.spans()
    assert span.status.code == 2
    assert plain(span.attributes)["error.type"] == "builtins.ZeroDivisionError"
    assert span.events[0].name == "exception"


def test_a_callers_trace_goes_on(telemetry: SelfTelemetry, kept: Store) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    ask(answering(200), telemetry, "/x", traceparent=parent)
    telemetry.flush()
    (span,) = kept.spans()
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (parent[3:35], parent[36:52])


def test_unknown_methods_do_not_make_names(telemetry: SelfTelemetry, kept: Store) -> None:
    ask(answering(405), telemetry, "/x", "HACK-42")
    telemetry.flush()
    assert plain(kept.spans()[0].attributes)["http.request.method"] == "_OTHER"


@pytest.mark.parametrize("path", ["/health", "/ready", "/assets/index-1.js"])
def test_health_checks_and_static_files_are_left_alone(telemetry: SelfTelemetry, kept: Store, path: str) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    ask(app, telemetry, path)
    telemetry.flush()
    assert kept.spans() == []
    assert "http.server.request.duration" not in kept.metrics()


# --- the switch and the environment ----------------------------------------------------------------------------


def test_switched_off_it_keeps_nothing(kept: Store, clock: FixedClock) -> None:
    before = logging.getLogger(ROOT).handlers[:]
    telemetry = open_self_telemetry(Settings(self_telemetry=False), "1", kept.accept, clock)
    assert logging.getLogger(ROOT).handlers == before
    ask(answering_without_note, telemetry, "/x")
    with telemetry.tracer.start_as_current_span("work"):
        get_logger("api").error("line")
    telemetry.flush()
    telemetry.close(1.0)
    assert kept.bodies == []
    assert telemetry.dropped == {}


async def answering_without_note(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


def test_nothing_global_is_set(telemetry: SelfTelemetry) -> None:
    assert type(get_tracer_provider()).__name__ == "ProxyTracerProvider"


def test_the_machines_otel_variables_change_nothing(
    monkeypatch: pytest.MonkeyPatch, kept: Store, clock: FixedClock
) -> None:
    for name, value in {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.example:4318",
        "OTEL_RESOURCE_ATTRIBUTES": "service.name=other",
        "OTEL_SERVICE_NAME": "other",
        "OTEL_TRACES_SAMPLER": "always_off",
        "OTEL_PROPAGATORS": "nonsense",
        "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "many",
        "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "-5",
        "OTEL_METRICS_EXEMPLAR_FILTER": "nonsense",
        "OTEL_PYTHON_METER_PROVIDER": "nonsense",
        "OTEL_PYTHON_TRACER_PROVIDER": "nonsense",
        "OTEL_BSP_SCHEDULE_DELAY": "soon",
    }.items():
        monkeypatch.setenv(name, value)
    telemetry = open_self_telemetry(Settings(self_telemetry_sample_ratio=1.0), "1", kept.accept, clock)
    with telemetry.tracer.start_as_current_span("work"):
        get_logger("api").info("line")
    telemetry.close(5.0)
    request = ExportTraceServiceRequest.FromString(next(body for signal, body in kept.bodies if signal == "traces"))
    assert plain(request.resource_spans[0].resource.attributes)["service.name"] == "clickstack"
    assert len(kept.logs()) == 1

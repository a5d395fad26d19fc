"""The gRPC receiver as a client meets it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from clickstack.core.errors import Busy, StartupError
from clickstack.core.limits import GRPC_CALLS_MAX, INGEST_BODY_BYTES_MAX
from clickstack.ingest import Ingest, OtlpGrpc
from clickstack.ingest.admission import Admission
from clickstack.ingest.grpc_arrivals import Arrivals
from clickstack.store import Store
from ingest.requests import KEY, count_rows, gauges, logs, spans

LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
METRICS = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"


@pytest.fixture
def channel(otlp_grpc: str) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(otlp_grpc, options=[("grpc.max_send_message_length", -1)]) as channel:
        yield channel


def call(channel: grpc.Channel, method: str, body: bytes, key: str = KEY, **options: object) -> bytes:
    metadata = (("authorization", key),) if key else ()
    return channel.unary_unary(method)(body, metadata=metadata, timeout=20, **options)


@pytest.mark.parametrize(
    ("method", "body", "table"),
    [
        (LOGS, logs(["a"]), "otel_logs"),
        (TRACES, spans(["a"]), "otel_traces"),
        (METRICS, gauges(["a"]), "otel_metrics_gauge"),
    ],
)
def test_requests_become_rows(
    channel: grpc.Channel, ingest: Ingest, store: Store, method: str, body: bytes, table: str
) -> None:
    assert call(channel, method, body) == b""
    assert ingest.flush(20)
    assert count_rows(store, table) == 1


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_compression(channel: grpc.Channel, ingest: Ingest, compression: grpc.Compression) -> None:
    call(channel, LOGS, logs(f"line {index}" for index in range(500)), compression=compression)
    assert ingest.counters()["logs"].accepted == 500


def test_an_empty_request_succeeds(channel: grpc.Channel) -> None:
    assert call(channel, LOGS, b"") == b""


@pytest.mark.parametrize(
    ("method", "body", "key", "code"),
    [
        (LOGS, b"\xff\xff", KEY, grpc.StatusCode.INVALID_ARGUMENT),
        (LOGS, b"", "secret-guess", grpc.StatusCode.UNAUTHENTICATED),
        (LOGS, b"", "", grpc.StatusCode.UNAUTHENTICATED),
        (LOGS.replace("Export", "Import"), b"", KEY, grpc.StatusCode.UNIMPLEMENTED),
        (LOGS, bytes(INGEST_BODY_BYTES_MAX + 1), KEY, grpc.StatusCode.RESOURCE_EXHAUSTED),
    ],
)
def test_refusals(channel: grpc.Channel, method: str, body: bytes, key: str, code: grpc.StatusCode) -> None:
    with pytest.raises(grpc.RpcError) as refusal:
        call(channel, method, body, key)
    assert refusal.value.code() is code
    assert "secret-guess" not in refusal.value.details()
    assert retry_info(refusal.value) is None


def test_unknown_methods_are_counted(channel: grpc.Channel, ingest: Ingest) -> None:
    for method in ("/opentelemetry.proto.collector.profiles.v1.ProfilesService/Export", "/x/y"):
        with pytest.raises(grpc.RpcError) as refusal:
            call(channel, method, b"")
        assert refusal.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert ingest.stray_requests() == 2


def test_a_bomb_is_refused(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as refusal:
        call(channel, LOGS, bytes(2 * INGEST_BODY_BYTES_MAX), compression=grpc.Compression.Gzip)
    assert refusal.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("key", [KEY, f"Bearer {KEY}", f"bearer {KEY}"])
def test_forms_of_the_key(channel: grpc.Channel, key: str) -> None:
    call(channel, LOGS, b"", key)


def test_a_full_spool_says_when_to_come_back(
    channel: grpc.Channel, ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise Busy("The ingestion spool is full.", retry_after_s=7)

    monkeypatch.setattr(ingest, "accept", full)
    with pytest.raises(grpc.RpcError) as refusal:
        call(channel, LOGS, logs(["x"]))
    assert refusal.value.code() is grpc.StatusCode.UNAVAILABLE
    assert retry_info(refusal.value) == 7


def test_too_much_at_once_is_resource_exhausted(
    channel: grpc.Channel, ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "admission", Admission(requests_max=0, bytes_max=0))
    with pytest.raises(grpc.RpcError) as refusal:
        call(channel, LOGS, logs(["x"]))
    assert refusal.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert retry_info(refusal.value) == 1


def test_a_fault_of_ours_is_masked(channel: grpc.Channel, ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a detail nobody should see")

    monkeypatch.setattr(ingest, "accept", broken)
    with pytest.raises(grpc.RpcError) as refusal:
        call(channel, LOGS, logs(["x"]))
    assert refusal.value.code() is grpc.StatusCode.INTERNAL
    assert "detail" not in refusal.value.details()
    assert ingest.counters()["logs"].rejected == 1


def test_health(channel: grpc.Channel) -> None:
    assert call(channel, "/grpc.health.v1.Health/Check", b"", key="") == b"\x08\x01"


def test_a_used_port_is_an_error(otlp_grpc: str, ingest: Ingest) -> None:
    host, port = otlp_grpc.split(":")
    with pytest.raises(StartupError, match=port):
        OtlpGrpc(ingest, lambda _: True).start(host, int(port))


def retry_info(error: grpc.RpcError) -> int | None:
    """Seconds of RetryInfo in the status details."""
    for name, value in error.trailing_metadata():
        if name == "grpc-status-details-bin":
            for detail in Status.FromString(value).details:
                info = RetryInfo()
                if detail.Unpack(info):
                    return info.retry_delay.seconds
    return None


@contextlib.contextmanager
def calls_without_message(target: str, method: str, key: str, count: int) -> Iterator[list[grpc.Future]]:
    """Calls, each on a connection of its own, that send headers and then nothing."""
    over = threading.Event()

    def nothing() -> Iterator[bytes]:
        over.wait(60)
        yield from ()

    with contextlib.ExitStack() as stack:
        calls = []
        for number in range(count):
            channel = stack.enter_context(grpc.insecure_channel(target, options=[("test.number", number)]))
            calls.append(channel.stream_unary(method).future(nothing(), metadata=(("authorization", key),)))
        stack.callback(over.set)
        yield calls


@pytest.mark.parametrize("method", [LOGS, "/grpc.health.v1.Health/Check"])
def test_strangers_that_send_no_message_hold_nobody_up(channel: grpc.Channel, otlp_grpc: str, method: str) -> None:
    with calls_without_message(otlp_grpc, method, "nobody", GRPC_CALLS_MAX) as calls:
        for each in calls:
            answered = each.exception(timeout=20)
            assert answered is None or answered.code() is grpc.StatusCode.UNAUTHENTICATED
        assert call(channel, LOGS, b"") == b""


def test_senders_whose_message_does_not_come_are_let_go(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Arrivals.__init__, "__defaults__", (0.5,))
    receiver = OtlpGrpc(ingest, lambda key: key == KEY)
    target = f"127.0.0.1:{receiver.start('127.0.0.1', 0)}"
    try:
        with calls_without_message(target, LOGS, KEY, GRPC_CALLS_MAX), grpc.insecure_channel(target) as channel:
            assert call(channel, LOGS, b"") == b""
    finally:
        receiver.stop(0)

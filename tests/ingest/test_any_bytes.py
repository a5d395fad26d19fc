"""Any bytes on any port: the real server answers or hangs up, goes on serving others, and does not grow."""

from __future__ import annotations

import contextlib
import gzip
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.requests import gauges, logs, spans
from program import LiveServer, free_ports, serve

KEY = "key-of-the-settings"
EXAMPLES = 60
WAIT_S = 3.0  # a server that keeps a silent client waiting longer than this may: the client goes
GROWTH_BYTES_MAX = 150 * 2**20

PATHS = ("/v1/logs", "/v1/traces", "/v1/metrics", "/api/v1/write", "/loki/api/v1/push")
TYPES = ("application/x-protobuf", "application/json", "text/plain", "")
ENCODINGS = ("", "gzip", "zstd", "deflate", "zlib", "snappy", "x-snappy-framed", "lz4", "br")
GOOD = (logs(["line"] * 5), spans(["span"] * 5), gauges(["gauge"] * 5), b'{"resourceLogs":[{"scopeLogs":[{}]}]}')
HTTP2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
STARTS = (
    b"",
    b"POST /v1/logs HTTP/1.1\r\nhost: x\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    HTTP2,
    HTTP2 + bytes(3) + b"\x04" + bytes(5),  # with settings
    b"\x16\x03\x01",  # TLS
    b"\x94\xa4PING",
    b"\x96\xa4PING\xa1h",
)


@pytest.fixture(scope="module")
def fluent_port() -> int:
    return free_ports(1)[0]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, fluent_port: int) -> Iterator[LiveServer]:
    options = ("--ingestion-api-key", KEY, "--self-telemetry", "false", "--fluent-port", str(fluent_port))
    with serve(tmp_path_factory.mktemp("bytes") / "data", *options) as running:
        yield running


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good request with some bytes changed, cut or put in twice; or just bytes."""
    body = bytearray(draw(st.sampled_from(GOOD)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, max(0, len(body) - 1)))
        match draw(st.sampled_from(("change", "cut", "twice"))):
            case "change":
                body[place : place + 1] = bytes([draw(st.integers(0, 255))])
            case "cut":
                del body[place:]
            case "twice":
                body[place:place] = body[place : place + 40]
    return draw(st.one_of(st.just(bytes(body)), st.binary(max_size=300)))


def test_any_request_to_the_http_receivers_is_answered(server: LiveServer) -> None:
    with httpx.Client(base_url=server.otlp_http_url, headers={"authorization": KEY}, timeout=20) as client:

        @settings(max_examples=3 * EXAMPLES, deadline=None, derandomize=True)
        @given(st.sampled_from(PATHS), st.sampled_from(TYPES), st.sampled_from(ENCODINGS), damaged(), st.booleans())
        def answered(path: str, media: str, encoding: str, body: bytes, compressed: bool) -> None:
            data = gzip.compress(body) if compressed and encoding == "gzip" else body
            headers = {"content-type": media, "content-encoding": encoding}
            reply = client.post(path, content=data, headers={name: value for name, value in headers.items() if value})
            assert reply.status_code in (200, 204, 400, 413, 415)

        answered()
    assert_well(server)


def test_any_bytes_on_any_port(server: LiveServer, fluent_port: int) -> None:
    ports = [int(url.rsplit(":", 1)[1]) for url in (server.app_url, server.api_url, server.otlp_http_url)]
    ports += [int(server.otlp_grpc_target.rsplit(":", 1)[1]), fluent_port]
    before = resident_bytes(server)

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(STARTS), st.binary(max_size=2_000), st.booleans())
    def survived(start: bytes, rest: bytes, patient: bool) -> None:
        for port in ports:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as client:
                client.sendall(start + rest)
                client.shutdown(socket.SHUT_WR)
                if patient:
                    client.settimeout(0.05)
                    client.recv(65_536)

    survived()
    assert_well(server)
    assert resident_bytes(server) - before < GROWTH_BYTES_MAX


def test_a_long_stream_of_nothing_costs_nothing(server: LiveServer, fluent_port: int) -> None:
    """32 MiB that begin like something and go on for ever, on the ports that read streams."""
    before = resident_bytes(server)
    for port, start in (
        (fluent_port, b"\xdb\xff\xff\xff\xff"),
        (int(server.otlp_grpc_target.rsplit(":", 1)[1]), HTTP2),
        (int(server.otlp_http_url.rsplit(":", 1)[1]), b"POST /v1/logs HTTP/1.1\r\nx: "),
        (server.api_port, b"GET /"),
    ):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as client:
            client.sendall(start)
            for _ in range(32):
                client.sendall(b"a" * 2**20)
    assert_well(server)
    assert resident_bytes(server) - before < GROWTH_BYTES_MAX


def assert_well(server: LiveServer) -> None:
    """It lives, takes telemetry, and its log has no fault of its own."""
    assert server.process.poll() is None
    headers = {"authorization": KEY, "content-type": "application/x-protobuf"}
    reply = httpx.post(f"{server.otlp_http_url}/v1/logs", content=logs(["well"]), headers=headers, timeout=10)
    assert reply.status_code == 200
    log = Path(server.data_dir.parent / f"{server.data_dir.name}.log").read_text(errors="replace")
    assert "Traceback" not in log, log[log.index("Traceback") - 500 :][:3000]


def resident_bytes(server: LiveServer) -> float:
    with urllib.request.urlopen(f"{server.api_url}/metrics", timeout=10) as reply:
        text = reply.read().decode()
    name = "process_resident_memory_bytes "
    return next(float(line.removeprefix(name)) for line in text.splitlines() if line.startswith(name))

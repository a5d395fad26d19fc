"""The HTTP receiver as a client meets it."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import cramjam
import httpx
import pytest
from google.rpc.status_pb2 import Status

from clickstack.core.errors import Busy
from clickstack.core.limits import INGEST_BODY_BYTES_MAX
from clickstack.ingest import Ingest
from clickstack.ingest.admission import Admission
from clickstack.store import Store
from ingest.requests import KEY, count_rows, gauges, logs, spans

PROTOBUF, JSON = "application/x-protobuf", "application/json"
JSON_LOGS = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hello"}}]}]}]}'


@pytest.fixture
def client(otlp_http: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=otlp_http, headers={"authorization": KEY}) as client:
        yield client


def post(
    client: httpx.Client, body: bytes, media: str = PROTOBUF, path: str = "/v1/logs", **headers: str
) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(path, content=body, headers={"content-type": media, **named})


@pytest.mark.parametrize(
    ("path", "body", "table"),
    [
        ("/v1/logs", logs(["a", "b"]), "otel_logs"),
        ("/v1/traces", spans(["a", "b"]), "otel_traces"),
        ("/v1/metrics", gauges(["a", "b"]), "otel_metrics_gauge"),
    ],
)
def test_protobuf_requests_become_rows(
    client: httpx.Client, ingest: Ingest, store: Store, path: str, body: bytes, table: str
) -> None:
    reply = post(client, body, path=path)
    assert (reply.status_code, reply.headers["content-type"], reply.content) == (200, PROTOBUF, b"")
    assert ingest.flush(20)
    assert count_rows(store, table) == 2


def test_json_requests_get_json(client: httpx.Client, ingest: Ingest, store: Store) -> None:
    reply = post(client, JSON_LOGS, "Application/JSON; charset=utf-8")
    assert (reply.status_code, reply.headers["content-type"], reply.json()) == (200, JSON, {"partialSuccess": {}})
    assert ingest.flush(20)
    assert count_rows(store, "otel_logs") == 1


@pytest.mark.parametrize(("media", "body"), [(PROTOBUF, b""), (JSON, b"{}"), (JSON, b'{"resourceLogs":[]}')])
def test_an_empty_request_succeeds(client: httpx.Client, media: str, body: bytes) -> None:
    assert post(client, body, media).status_code == 200


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


COMPRESSIONS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "none": ("", bytes),
    "identity": ("identity", bytes),
    "gzip": ("gzip", gzip.compress),
    "gzip upper case": ("GZIP", gzip.compress),
    "zstd": ("zstd", lambda data: bytes(cramjam.zstd.compress(data))),
    "zlib": ("zlib", zlib.compress),
    "deflate as zlib": ("deflate", zlib.compress),
    "deflate raw": ("deflate", raw_deflate),
    "snappy block": ("snappy", lambda data: bytes(cramjam.snappy.compress_raw(data))),
    "snappy framed": ("snappy", lambda data: bytes(cramjam.snappy.compress(data))),
    "x-snappy-framed": ("x-snappy-framed", lambda data: bytes(cramjam.snappy.compress(data))),
    "lz4": ("lz4", lambda data: bytes(cramjam.lz4.compress(data))),
}


@pytest.mark.parametrize("name", COMPRESSIONS)
def test_every_compression_is_read(client: httpx.Client, ingest: Ingest, name: str) -> None:
    encoding, compress = COMPRESSIONS[name]
    body = compress(logs(f"line {index}" for index in range(500)))
    assert post(client, body, content_encoding=encoding).status_code == 200
    assert ingest.counters()["logs"].accepted == 500


@pytest.mark.parametrize("name", [name for name in COMPRESSIONS if name not in ("none", "identity")])
def test_damaged_compression_is_the_clients_fault(client: httpx.Client, name: str) -> None:
    encoding, compress = COMPRESSIONS[name]
    reply = post(client, compress(logs(["x" * 1000]))[:-12], content_encoding=encoding)
    assert reply.status_code == 400
    assert Status.FromString(reply.content).code == 3


@pytest.mark.parametrize("name", ["gzip", "zstd", "deflate as zlib", "snappy framed", "lz4"])
def test_a_bomb_is_refused_without_its_memory(client: httpx.Client, name: str) -> None:
    encoding, compress = COMPRESSIONS[name]
    bomb = compress(bytes(INGEST_BODY_BYTES_MAX + 1))
    tracemalloc.start()
    reply = post(client, bomb, content_encoding=encoding)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert reply.status_code == 413
    assert "after inflation" in Status.FromString(reply.content).message
    assert peak < INGEST_BODY_BYTES_MAX


def test_a_body_over_the_limit_is_refused(client: httpx.Client) -> None:
    reply = post(client, bytes(INGEST_BODY_BYTES_MAX + 1))
    assert reply.status_code == 413
    assert Status.FromString(reply.content).code == 8


BAD = {
    "garbage": (b"\xff\xff\xff", "POST", "/v1/logs", {}, 400, 3),
    "cut": (logs(["hello"])[:-3], "POST", "/v1/logs", {}, 400, 3),
    "another signal's path": (b"", "POST", "/v1/profiles", {}, 404, 5),
    "root": (b"", "POST", "/", {}, 404, 5),
    "method": (None, "GET", "/v1/logs", {}, 405, 12),
    "put": (b"", "PUT", "/v1/logs", {}, 405, 12),
    "encoding": (b"", "POST", "/v1/logs", {"content-encoding": "br"}, 415, 3),
    "no key": (b"", "POST", "/v1/logs", {"authorization": ""}, 401, 16),
    "wrong key": (b"", "POST", "/v1/logs", {"authorization": "Bearer secret-guess"}, 401, 16),
}


@pytest.mark.parametrize("media", [PROTOBUF, JSON])
@pytest.mark.parametrize("name", BAD)
def test_refusals_are_a_status_in_the_requests_type(client: httpx.Client, name: str, media: str) -> None:
    body, method, path, headers, http_status, code = BAD[name]
    reply = client.request(method, path, content=body, headers={"content-type": media, **headers})
    assert (reply.status_code, reply.headers["content-type"]) == (http_status, media)
    status = Status.FromString(reply.content) if media == PROTOBUF else Status(**reply.json())
    assert status.code == code
    assert status.message
    assert "secret-guess" not in str(reply.headers) + str(status)
    assert reply.headers.get("www-authenticate") == ('Bearer realm="clickstack"' if http_status == 401 else None)
    assert ("allow" in reply.headers) == (http_status == 405)


@pytest.mark.parametrize("media", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_other_content_types_are_refused_in_json(client: httpx.Client, media: str) -> None:
    reply = client.post("/v1/logs", content=b"x", headers={"content-type": media} if media else {})
    assert (reply.status_code, reply.headers["content-type"], reply.json()["code"]) == (415, JSON, 3)


@pytest.mark.parametrize(
    "document",
    [
        b"{",
        b"[]",
        b'{"resourceLogs":{}}',
        b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"soon"}]}]}]}',
        b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":"LOUD"}]}]}]}',
        b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"flags":-1}]}]}]}',
        b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"boolValue":"yes"}}]}]}]}',
        b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"bytesValue":"*"}}]}]}]}',
    ],
)
def test_wrong_json_is_refused_with_the_place(client: httpx.Client, document: bytes) -> None:
    reply = post(client, document, JSON)
    assert (reply.status_code, reply.json()["code"]) == (400, 3)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"authorization": KEY}, 200),
        ({"authorization": f"Bearer {KEY}"}, 200),
        ({"authorization": f"bearer  {KEY}"}, 200),
        ({"authorization": f"BEARER {KEY}"}, 200),
        ({"x-api-key": KEY}, 200),
        ({"authorization": f"Basic {KEY}"}, 401),
        ({"authorization": f"{KEY}x"}, 401),
        ({"x-api-key": "no"}, 401),
        ({}, 401),
    ],
)
def test_forms_of_the_key(otlp_http: str, headers: dict[str, str], status: int) -> None:
    reply = httpx.post(f"{otlp_http}/v1/logs", content=b"", headers={"content-type": PROTOBUF, **headers})
    assert reply.status_code == status


def test_preflight_needs_no_key_and_is_remembered(otlp_http: str) -> None:
    asked = {
        "origin": "https://shop.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    reply = httpx.options(f"{otlp_http}/v1/traces", headers=asked)
    assert (reply.status_code, reply.content) == (204, b"")
    assert reply.headers["access-control-allow-origin"] == "https://shop.example"
    assert reply.headers["access-control-allow-headers"] == "authorization,content-type"
    assert reply.headers["access-control-allow-methods"] == "POST"
    assert int(reply.headers["access-control-max-age"]) > 600


def test_a_page_may_read_refusals(otlp_http: str) -> None:
    reply = httpx.post(f"{otlp_http}/v1/logs", content=b"", headers={"origin": "https://shop.example"})
    assert reply.status_code == 401
    assert reply.headers["access-control-allow-origin"] == "https://shop.example"
    assert httpx.post(f"{otlp_http}/v1/logs").headers["access-control-allow-origin"] == "*"


def test_a_full_spool_says_when_to_come_back(
    client: httpx.Client, ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise Busy("The ingestion spool is full.", retry_after_s=7)

    monkeypatch.setattr(ingest, "submit", full)
    reply = post(client, logs(["x"]))
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "7")
    assert Status.FromString(reply.content).code == 14
    assert ingest.counters()["logs"].rejected == 1


def test_too_much_at_once_is_429(client: httpx.Client, ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "admission", Admission(requests_max=10, bytes_max=100))
    reply = post(client, logs(["x" * 200]))
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "1")
    assert post(client, logs(["x"])).status_code == 200  # the place was given back


def test_a_fault_of_ours_is_masked(client: httpx.Client, ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a detail nobody should see")

    monkeypatch.setattr(ingest, "submit", broken)
    reply = post(client, JSON_LOGS, JSON)
    assert (reply.status_code, reply.json()["code"]) == (500, 13)
    assert "detail" not in json.dumps(reply.json())
    assert ingest.counters()["logs"].rejected == 1

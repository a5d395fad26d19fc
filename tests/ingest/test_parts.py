"""A request that is small on the wire and huge in memory is refused before it has become huge."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import httpx
import pytest

from clickstack.core.errors import TooLarge
from clickstack.core.limits import REQUEST_JSON_PARTS_MAX, REQUEST_JSON_VALUES_MAX, REQUEST_SMALL_PARTS_MAX
from clickstack.ingest.parts import require_few_json_parts, require_few_parts
from ingest.requests import KEY, logs, within

PROTOBUF, JSON = "application/x-protobuf", "application/json"


MANY = REQUEST_SMALL_PARTS_MAX + 1
ATTACKS = {
    "empty resources": b"\x0a\x00" * MANY,
    "empty scopes": within(0x0A, b"\x12\x00" * MANY),
    "empty records": within(0x0A, within(0x12, b"\x12\x00" * MANY)),
    "records of a severity": within(0x0A, within(0x12, b"\x12\x02\x10\x09" * MANY)),
    "empty attributes": within(0x0A, within(0x12, within(0x12, b"\x32\x00" * MANY))),
    "empty values in an array": within(
        0x0A, within(0x12, within(0x12, within(0x2A, within(0x2A, b"\x0a\x00" * MANY))))
    ),
}
JSON_ATTACKS = {
    "empty records": b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[' + b"{}," * REQUEST_JSON_PARTS_MAX + b"{}]}]}]}",
    "empty lists": b'{"x":[' + b"[]," * REQUEST_JSON_PARTS_MAX + b"[]]}",
    "numbers": b'{"x":[' + b"1," * (REQUEST_JSON_VALUES_MAX + 1) + b"1]}",
    "a well": b'{"x":' + b"[" * REQUEST_JSON_PARTS_MAX,
}


@pytest.fixture
def client(otlp_http: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=otlp_http, headers={"authorization": KEY}) as client:
        yield client


@pytest.mark.parametrize("name", ATTACKS)
def test_millions_of_tiny_messages_are_refused(client: httpx.Client, otlp_grpc: str, name: str) -> None:
    for path in ("/v1/logs", "/v1/traces", "/v1/metrics"):
        reply = client.post(path, content=ATTACKS[name], headers={"content-type": PROTOBUF})
        assert (reply.status_code, b"Send fewer at once" in reply.content) == (413, True)
    with grpc.insecure_channel(otlp_grpc, options=[("grpc.max_send_message_length", -1)]) as channel:
        export = channel.unary_unary("/opentelemetry.proto.collector.logs.v1.LogsService/Export")
        with pytest.raises(grpc.RpcError) as refusal:
            export(ATTACKS[name], metadata=(("authorization", KEY),), timeout=20)
        assert refusal.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("name", JSON_ATTACKS)
@pytest.mark.parametrize("path", ["/v1/logs", "/loki/api/v1/push"])
def test_millions_of_json_objects_are_refused(client: httpx.Client, path: str, name: str) -> None:
    reply = client.post(path, content=JSON_ATTACKS[name], headers={"content-type": JSON})
    assert (reply.status_code, b"Send fewer at once" in reply.content) == (413, True)


def test_usual_requests_are_far_from_the_limit() -> None:
    require_few_parts(logs(f"line {index}" for index in range(100_000)))
    require_few_json_parts(b'{"key":"k","value":{"stringValue":"v"}}' * 100_000)
    with pytest.raises(TooLarge):
        require_few_parts(ATTACKS["empty records"])


CHILD = """
import resource, sys
from clickstack.core.errors import Exposed
from clickstack.ingest.check import check
from clickstack.ingest.parts import require_few_parts
from ingest.requests import within
RECORD_OF_TIME_AND_SEVERITY = bytes.fromhex("120b0901020304050607081009")
check("logs", b"")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for size in (7, 63):
    for pattern in (b"\\x12\\x00", b"\\x12\\x02\\x10\\x09", RECORD_OF_TIME_AND_SEVERITY):
        body = within(0x0a, within(0x12, pattern * (size * 2**20 // len(pattern))))
        try:
            require_few_parts(body)
            check("logs", body)
        except Exposed:
            pass
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_the_memory_of_reading_is_bounded() -> None:
    """The worst there is, at the largest size there is, in a process of its own: 63 MiB of records."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run(
        [sys.executable, "-c", CHILD], capture_output=True, text=True, check=True, timeout=120, env=environment
    )
    assert int(done.stdout) < 1000, done.stdout

"""Values that are deeper than the protobuf library reads cost their own record and no other."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from clickstack.core.errors import BadRequest
from clickstack.ingest.check import check

MARK = "here the value goes"


def field(number: int, content: bytes) -> bytes:
    """A field that holds bytes, a text or a message."""
    size, length = len(content), b""
    while size > 127:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


def deep(levels: int) -> bytes:
    """An AnyValue of maps in maps."""
    value = field(1, b"x")
    for _ in range(levels):
        value = field(6, field(1, field(1, b"k") + field(2, value)))
    return value


def marked(key: str = "k") -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=MARK))


def with_value(request: Any, value: bytes) -> bytes:
    """A request's bytes with another value in the place of the one that is marked."""
    plain: bytes = request.SerializeToString()
    return grown(plain, field(1, MARK.encode()), value)


def grown(message: bytes, old: bytes, new: bytes) -> bytes:
    """The message with `old`, which lies at the end of everything it is in, replaced."""
    if message == old:
        return new
    at, pieces = 0, []
    while at < len(message):
        number, kind = message[at] >> 3, message[at] & 7
        assert kind == 2, "only texts and messages here"
        size, start, shift = 0, at + 1, 0
        while True:
            size |= (message[start] & 127) << shift
            shift, start = shift + 7, start + 1
            if message[start - 1] < 128:
                break
        content = message[start : start + size]
        pieces.append(field(number, grown(content, old, new) if old in content else content))
        at = start + size
    return b"".join(pieces)


def logs() -> Any:
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    records.add().body.string_value = "before"
    records.add().body.string_value = MARK
    records.add(attributes=[KeyValue(key="bytes", value=AnyValue(bytes_value=b"x"))]).body.string_value = "after"
    return request


def spans() -> Any:
    request = ExportTraceServiceRequest()
    found = request.resource_spans.add().scope_spans.add().spans
    found.add(name="before")
    found.add(name="deep").events.add(name="e", attributes=[marked()])
    found.add(name="after")
    return request


def points() -> Any:
    request = ExportMetricsServiceRequest()
    found = request.resource_metrics.add().scope_metrics.add().metrics.add(name="m").gauge.data_points
    found.add(flags=1)
    found.add().exemplars.add(filtered_attributes=[marked()])
    return request


@pytest.mark.parametrize("levels", [33, 200, 5000])
@pytest.mark.parametrize(("signal", "request_of"), [("logs", logs), ("traces", spans)])
def test_a_record_that_is_too_deep_is_rejected_alone(signal: Any, request_of: Any, levels: int) -> None:
    checked = check(signal, with_value(request_of(), deep(levels)))
    assert (checked.records, checked.rejected) == (2, 1)
    assert "nested too deeply" in checked.message
    assert b"before" in checked.body
    assert b"after" in checked.body


@pytest.mark.parametrize("levels", [0, 3, 20])
def test_what_the_library_reads_is_kept(levels: int) -> None:
    checked = check("logs", with_value(logs(), deep(levels)))
    assert (checked.records, checked.rejected) == (3, 0)


@pytest.mark.parametrize("levels", range(24, 40))
def test_there_is_no_depth_between_kept_and_rejected(levels: int) -> None:
    for signal, request in (("logs", logs()), ("traces", spans())):
        checked = check(signal, with_value(request, deep(levels)))  # type: ignore[arg-type]
        assert checked.records + checked.rejected == 3


def test_text_that_is_not_utf8_is_mended_beside_it() -> None:
    body = with_value(logs(), deep(100)).replace(b"after", b"aft\xffr")
    checked = check("logs", body)
    assert (checked.records, checked.rejected) == (2, 1)
    assert "aft\ufffdr".encode() in checked.body


@pytest.mark.parametrize("body", [b"nonsense", field(1, field(2, field(2, field(5, deep(100)))))])
def test_nothing_but_nonsense_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        check("logs", body)


def test_a_resource_that_is_too_deep_is_refused() -> None:
    request = logs()
    request.resource_logs[0].resource.attributes.append(marked("r"))
    with pytest.raises(BadRequest):
        check("logs", with_value(request, deep(100)))

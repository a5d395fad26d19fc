"""Loki's push API as OTLP logs: JSON and protobuf (`logproto.PushRequest` in a snappy block).

A stream's labels are the resource; the first of _SERVICE_LABELS is also its service.name. Structured metadata are
attributes of the record, its ids of a trace and span apart. `level` or `detected_level`, wherever it is, is the
severity and an attribute of the record.
The line is the body, and goes through the same transforms as any log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from clickstack.core.errors import BadRequest

from .allowance import Allowance
from .http_door import JSON, PROTOBUF, TEXT, Door, Form, Reading
from .json_text import load_json
from .key_value import attribute_of
from .loki_labels import parse_labels
from .message_types import message_types
from .parts import require_few_json_parts
from .trace_context import take_ids

_TYPES = message_types(
    "logproto",
    {
        "PushRequest": "streams 1 Stream*",
        "Stream": "labels 1 bytes, entries 2 Entry*",
        "Entry": "timestamp 1 Timestamp, line 2 bytes, structured_metadata 3 Label*",
        "Timestamp": "seconds 1 int64, nanos 2 int32",
        "Label": "name 1 bytes, value 2 bytes",
    },
)
PushRequest = _TYPES["PushRequest"]

_SERVICE_LABELS = ("service.name", "service_name", "service", "app", "application", "job", "container")
_LEVEL_LABELS = ("level", "detected_level")
# Words of a level → number of OTLP. Other words are left to the rules for every log (reference/ingestion.md §2.4).
_SEVERITIES = {
    **dict.fromkeys(("trace", "trc"), 1),
    **dict.fromkeys(("debug", "dbg"), 5),
    **dict.fromkeys(("info", "information", "inf"), 9),
    **dict.fromkeys(("warn", "warning", "wrn"), 13),
    **dict.fromkeys(("error", "err"), 17),
    **dict.fromkeys(("fatal", "critical", "crit", "emerg", "alert", "panic"), 21),
}
_NS_PER_S = 1_000_000_000
_NS_MAX = 2**64


def loki_door() -> Door:
    """`POST /loki/api/v1/push`. Without a Content-Type it is protobuf, as Loki has it."""
    protobuf = Form(read_protobuf, encoding="snappy", answer=TEXT)
    json = Form(read_json, encoding="", answer=TEXT, bound=require_few_json_parts)
    return Door(
        protocol="loki",
        name="Loki push",
        signal="logs",
        forms={PROTOBUF: protobuf, "": protobuf, JSON: json},
        answer=TEXT,
    )


def read_protobuf(body: bytes) -> Reading:
    """A logproto.PushRequest as OTLP. Raises BadRequest, TooLarge.

    Text that is not UTF-8 gets U+FFFD in place of the bad bytes.
    """
    push = PushRequest()
    try:
        push.ParseFromString(body)
    except DecodeError:
        raise BadRequest("The body is not a logproto.PushRequest.") from None
    request, allowance = ExportLogsServiceRequest(), Allowance()
    for stream in push.streams:
        records, shared = _stream(request, parse_labels(_text(stream.labels)))
        _allow(allowance, shared, len(stream.entries))
        for entry in stream.entries:
            time_ns = entry.timestamp.seconds * _NS_PER_S + entry.timestamp.nanos
            metadata = {_text(label.name): _text(label.value) for label in entry.structured_metadata}
            _add_record(records, time_ns, _text(entry.line), shared, metadata)
    return Reading(request.SerializeToString())


def read_json(body: bytes) -> Reading:
    """`{"streams": [{"stream": {label: value}, "values": [[nanoseconds, line, {metadata}?]]}]}` as OTLP.

    Raises BadRequest naming the place, TooLarge.
    """
    document = load_json(body)
    request, allowance = ExportLogsServiceRequest(), Allowance()
    streams = _optional(_expect(document, dict, "the body").get("streams"), list, "streams")
    for index, stream in enumerate(streams):
        where = f"streams[{index}]"
        labels = _labels(_expect(stream, dict, where).get("stream"), f"{where}.stream")
        records, shared = _stream(request, labels)
        values = _optional(stream.get("values"), list, f"{where}.values")
        _allow(allowance, shared, len(values))
        for number, value in enumerate(values):
            _add_json_record(records, value, shared, f"{where}.values[{number}]")
    return Reading(request.SerializeToString())


def _add_json_record(records: Any, value: Any, shared: dict[str, str], where: str) -> None:
    if not isinstance(value, list) or not 2 <= len(value) <= 3:
        raise BadRequest(f"{where}: must be a list of the time in nanoseconds as text, the line, and maybe metadata.")
    try:
        time_ns = int(value[0]) if isinstance(value[0], (str, int)) else -1
    except ValueError:
        time_ns = -1
    if not 0 <= time_ns < _NS_MAX:
        raise BadRequest(f"{where}[0]: must be the time in nanoseconds as text.")
    metadata = _labels(value[2], f"{where}[2]") if len(value) == 3 else {}
    _add_record(records, time_ns, _expect(value[1], str, f"{where}[1]"), shared, metadata)


def _stream(request: ExportLogsServiceRequest, labels: Mapping[str, str]) -> tuple[Any, dict[str, str]]:
    """(the records of a new resource, the labels that go to every record)."""
    each = request.resource_logs.add()
    service = next((labels[name] for name in _SERVICE_LABELS if labels.get(name)), None)
    if service is not None:
        each.resource.attributes.append(attribute_of("service.name", service))
    shared = {}
    for name, value in labels.items():
        if name in _LEVEL_LABELS:
            shared[name] = value
        elif name not in ("service_name", "service.name"):
            each.resource.attributes.append(attribute_of(name, value))
    return each.scope_logs.add().log_records, shared


def _allow(allowance: Allowance, shared: Mapping[str, str], records: int) -> None:
    """Raises TooLarge. `shared` labels are written for every record."""
    allowance.records(records)
    allowance.text(records * sum(len(name) + len(value) for name, value in shared.items()))


def _add_record(records: Any, time_ns: int, line: str, shared: dict[str, str], metadata: Mapping[str, str]) -> None:
    record = records.add()
    if 0 < time_ns < _NS_MAX:
        record.time_unix_nano = time_ns
    record.body.string_value = line
    attributes = {**shared, **metadata} if shared else metadata
    level = next((attributes[name] for name in _LEVEL_LABELS if attributes.get(name)), None)
    if level is not None and (number := _SEVERITIES.get(level.lower())):
        record.severity_text = level
        record.severity_number = number
    record.attributes.extend(attribute_of(*pair) for pair in take_ids(record, attributes.items()))


def _labels(value: Any, where: str) -> dict[str, str]:
    labels: dict[str, str] = _optional(value, dict, where)
    for name, text in labels.items():
        _expect(text, str, f"{where}.{name[:64]}")
    return labels


_WHAT: dict[type, str] = {dict: "an object", list: "a list", str: "text"}


def _expect(value: Any, kind: type, where: str) -> Any:
    if not isinstance(value, kind):
        raise BadRequest(f"{where}: must be {_WHAT[kind]}.")
    return value


def _optional(value: Any, kind: type, where: str) -> Any:
    return kind() if value is None else _expect(value, kind, where)


def _text(data: bytes) -> str:
    return data.decode(errors="replace")

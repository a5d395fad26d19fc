"""Messages of the Fluent Forward protocol as OTLP logs (reference/ingestion.md §1.11).

The tag is the attribute `fluentd.tag`; the last of the fields `log` and `message` is the body; `service.name` is the
resource's; all other fields are attributes, nested ones flattened like those of any log. (The reference loses the
earlier of `log` and `message`.)
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from clickstack.core.errors import BadRequest

from .allowance import Allowance
from .inflate import inflate
from .key_value import attribute_of, set_value
from .msgpack import Extension, Reader

_TAG, _SERVICE = "fluentd.tag", "service.name"
_BODY_FIELDS = ("log", "message")
_EVENT_TIME = struct.Struct(">II")  # seconds, nanoseconds
_EVENT_TIME_TYPE = 0
_NS_PER_S, _NS_PER_US, _US_PER_S = 1_000_000_000, 1_000, 1_000_000
_NS_MAX = 2**64
_LOGS_SIGNAL = 0  # of Fluent Bit, which also forwards metrics and traces in forms of its own


@dataclass(frozen=True, slots=True)
class Batch:
    """A message as an ExportLogsServiceRequest; `chunk` is what the sender wants to have acknowledged."""

    body: bytes
    chunk: str | None


def read_message(message: bytes) -> Batch:
    """One whole message of any of the four modes. Raises BadRequest, TooLarge.

    Message        [tag, time, record, options?]
    Forward        [tag, [[time, record], …], options?]
    PackedForward  [tag, the same entries packed into bytes, maybe compressed, options?]
    """
    reader = Reader(message)
    if reader.peek() == "constant":  # nil is a heartbeat
        return Batch(b"", None)
    size = reader.array()
    if not 2 <= size <= 4:
        raise BadRequest("Not a message of the Forward protocol.")
    events = _Events(reader.text())
    kind = reader.peek()
    if kind == "array":
        for _ in range(reader.array()):
            events.add_entry(reader)
        options = _options(reader, size == 3)
    elif kind in ("str", "bin"):
        packed = reader.raw()
        options = _options(reader, size == 3)
        entries = Reader(inflate(packed, _encoding(options)))
        while not entries.at_end:
            events.add_entry(entries)
    else:
        if size < 3:
            raise BadRequest("Not a message of the Forward protocol.")
        events.add(reader.record_value(), reader.record_value())
        options = _options(reader, size == 4)
    chunk = options.get("chunk")
    if isinstance(chunk, bytes):
        chunk = chunk.decode(errors="replace")
    return Batch(events.request.SerializeToString(), chunk if isinstance(chunk, str) else None)


def _options(reader: Reader, present: bool) -> dict[str, Any]:
    options = reader.record_value() if present else None
    if options is None:
        return {}
    if not isinstance(options, dict):
        raise BadRequest("The options of a message must be a map.")
    if options.get("fluent_signal", _LOGS_SIGNAL) != _LOGS_SIGNAL:
        raise BadRequest("Only logs are taken here: send metrics and traces with the opentelemetry output.")
    return options


def _encoding(options: dict[str, Any]) -> str:
    encoding = options.get("compressed")
    return encoding.lower() if isinstance(encoding, str) and encoding != "text" else ""


class _Events:
    """The request in the making: a resource per service."""

    def __init__(self, tag: str) -> None:
        self.request = ExportLogsServiceRequest()
        self._tag = attribute_of(_TAG, tag)
        self._records: dict[str, Any] = {}
        self._allowance = Allowance()

    def add_entry(self, reader: Reader) -> None:
        if reader.array() != 2:
            raise BadRequest("An entry must be a list of time and record.")
        self.add(reader.record_value(), reader.record_value())

    def add(self, time: Any, fields: Any) -> None:
        """Fluent Bit may send [time, metadata] for the time; metadata become attributes."""
        metadata: Any = {}
        if isinstance(time, list) and len(time) == 2:
            time, metadata = time
        if not isinstance(fields, dict) or not isinstance(metadata, dict):
            raise BadRequest("A record must be a map.")
        self._allowance.records(1)
        self._allowance.text(len(self._tag.value.string_value))
        service = fields.get(_SERVICE)
        service = service if isinstance(service, str) else ""
        record = self._of(service).add(time_unix_nano=_time_ns(time))
        record.attributes.append(self._tag)
        values = metadata | fields
        body = next((name for name in reversed(values) if name in _BODY_FIELDS), None)
        if body is not None:
            set_value(record.body, _body(values.pop(body)))
        if service:
            del values[_SERVICE]
        for name, value in self._flat(values).items():
            set_value(record.attributes.add(key=name).value, value)

    def _flat(self, values: dict[str, Any]) -> dict[str, Any]:
        """As `anyvalue` flattens log attributes, but before they are protobuf, which is faster than after."""
        if not any(isinstance(value, (dict, list, Extension)) for value in values.values()):
            return values
        return {key: leaf for name, value in values.items() for key, leaf in self._leaves(name, value)}

    def _leaves(self, key: str, value: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(value, dict):
            for name, each in value.items():
                self._allowance.text(len(key))
                yield from self._leaves(f"{key}.{name}", each)
        elif isinstance(value, list):
            for index, each in enumerate(value):
                self._allowance.text(len(key))
                yield from self._leaves(f"{key}.{index}", each)
        else:
            yield key, value.data if isinstance(value, Extension) else value

    def _of(self, service: str) -> Any:
        known = self._records.get(service)
        if known is None:
            each = self.request.resource_logs.add()
            if service:
                each.resource.attributes.append(attribute_of(_SERVICE, service))
            known = self._records[service] = each.scope_logs.add().log_records
        return known


def _time_ns(time: Any) -> int:
    """Zero, which becomes the time of receipt, for what is no time."""
    if isinstance(time, Extension):
        if time.type != _EVENT_TIME_TYPE or len(time.data) != _EVENT_TIME.size:
            return 0
        seconds, nanos = _EVENT_TIME.unpack(time.data)
        return int(seconds) * _NS_PER_S + int(nanos)
    if isinstance(time, bool) or not isinstance(time, (int, float)) or not 0 < time < _NS_MAX // _NS_PER_S:
        return 0
    if isinstance(time, float):
        return round(time * _US_PER_S) * _NS_PER_US  # a double of today's date holds no more
    return time * _NS_PER_S


def _body(value: Any) -> Any:
    """A line is text, whatever its bytes are: Fluentd sends what it tails as binary."""
    return value.decode(errors="replace") if isinstance(value, bytes) else _plain(value)


def _plain(value: Any) -> Any:
    """A value without extensions, which become their bytes."""
    if isinstance(value, Extension):
        return value.data
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value

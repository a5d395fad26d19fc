"""Records with values that are deeper than the protobuf library reads, taken out of their request alone."""

from __future__ import annotations

from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError

from .message_types import message_types
from .signals import SIGNAL_NAMES, SIGNALS, SignalName
from .unstorable import Rejected
from .variants import binary_type, opaque_type

_OPAQUE = {name: opaque_type(name) for name in SIGNAL_NAMES}
_VALUES = {("KeyValue", "value"), ("LogRecord", "body")}  # where an opaque type has bytes
_READABLE = message_factory.GetMessageClass(
    binary_type("logs").DESCRIPTOR.file.pool.FindMessageTypeByName("opentelemetry.proto.common.v1.AnyValue")
)
# As many lists around a value make it as deep as a value can lie in a request: the ninth message, in an exemplar.
_LISTS = 4
_DEEP_BYTES_MIN = 180  # a message in another takes two bytes or more, and it takes more than ninety of them
_LISTED = message_types("listed", {"Value": "array_value 5 List", "List": "values 1 bytes*"})
_REASON = "a value that is nested too deeply."


def without_deep_values(signal: SignalName, body: bytes) -> tuple[bytes, Rejected]:
    """The request without them. Where there are none, or nothing else, it is as it was: something else is wrong."""
    request, rejected = _OPAQUE[signal](), Rejected()
    try:
        request.ParseFromString(body)
    except DecodeError:
        return body, rejected
    left = 0
    for records in SIGNALS[signal].records(request):
        kept = [record for record in records if not _is_deep(record)]
        if len(kept) < len(records):
            rejected.add(len(records) - len(kept), _REASON)
            del records[:]
            records.extend(kept)
        left += len(kept)
    return (bytes(request.SerializeToString()), rejected) if left else (body, Rejected())


def _is_deep(message: Any) -> bool:
    for field, value in message.ListFields():
        each = value if field.is_repeated else (value,)
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            if any(map(_is_deep, each)):
                return True
        elif (message.DESCRIPTOR.name, field.name) in _VALUES and not all(map(_is_readable, each)):
            return True
    return False


def _is_readable(value: bytes) -> bool:
    """Whether the library would read an AnyValue inside a request."""
    if len(value) < _DEEP_BYTES_MIN:
        return True
    for _ in range(_LISTS):
        value = _LISTED["Value"](array_value=_LISTED["List"](values=[value])).SerializeToString()
    try:
        _READABLE.FromString(value)
    except DecodeError:
        return False
    return True

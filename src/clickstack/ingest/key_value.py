"""Python values as attributes of OTLP, for the protocols that are not OTLP."""

from __future__ import annotations

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

_INT64 = range(-(2**63), 2**63)


def attribute_of(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))


def set_value(target: AnyValue, value: object) -> None:
    """Give a value what Python holds: None, bool, int, float, str, bytes, and lists and dicts of them.

    An integer beyond 64 bits becomes text, which keeps its digits; bytes that are UTF-8 become text, because many
    senders know no other type.
    """
    if isinstance(value, str):
        target.string_value = value
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int):
        if value in _INT64:
            target.int_value = value
        else:
            target.string_value = str(value)
    elif isinstance(value, float):
        target.double_value = value
    elif isinstance(value, bytes):
        try:
            target.string_value = value.decode()
        except UnicodeDecodeError:
            target.bytes_value = value
    elif isinstance(value, dict):
        target.kvlist_value.SetInParent()
        for key, each in value.items():
            set_value(target.kvlist_value.values.add(key=key).value, each)
    elif isinstance(value, list):
        target.array_value.SetInParent()
        for each in value:
            set_value(target.array_value.values.add(), each)

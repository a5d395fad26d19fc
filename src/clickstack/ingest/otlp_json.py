"""OTLP/JSON to protobuf, as lenient as the collector (reference/ingestion.md §1.4) and a little more.

Names in lowerCamelCase or snake_case; enums as numbers or names; integers as numbers or text; ids in hex of either
case, an id of a wrong length counts as unset; other bytes in base64; unknown fields are skipped; null is unset.
"""

from __future__ import annotations

import base64
import math
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from clickstack.core.errors import BadRequest

from .http_door import Reading
from .json_text import load_json
from .signals import RECORD_TYPES, SIGNALS, SignalName
from .unstorable import Rejected

_ID_BYTES = {"trace_id": 16, "span_id": 8, "parent_span_id": 8}
_INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
_DEPTH_MAX = 90  # the protobuf library reads up to 100
_DOUBLES = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_WHAT = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}


class _TooDeep(BadRequest):
    """Objects in objects beyond what the protobuf library reads."""


def read_json(signal: SignalName, body: bytes) -> Reading:
    """The protobuf Export…ServiceRequest of a JSON one, without the records that are too deep. Raises BadRequest
    naming the field."""
    document = load_json(body)
    request, rejected = SIGNALS[signal].request(), Rejected()
    _fill(request, _expect(document, dict, "the body"), "", 0, rejected)
    return Reading(bytes(request.SerializeToString()), rejected.count, rejected.message)


@cache
def _fields(descriptor: Descriptor) -> dict[str, FieldDescriptor]:
    return {name: field for field in descriptor.fields for name in (field.name, field.camelcase_name)}


def _fill(message: Any, document: dict[str, Any], path: str, depth: int, rejected: Rejected) -> None:
    """Set a message's fields from a JSON object. `path` ends with a dot or is empty."""
    if depth > _DEPTH_MAX:
        raise _TooDeep(f"The body nests objects deeper than {_DEPTH_MAX}.")
    fields = _fields(message.DESCRIPTOR)
    for name, value in document.items():
        field = fields.get(name)
        if field is None or value is None:
            continue
        where = path + name
        if field.is_repeated:
            _fill_list(getattr(message, field.name), field, _expect(value, list, where), where, depth, rejected)
        elif field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE:
            child = getattr(message, field.name)
            child.SetInParent()
            _fill(child, _expect(value, dict, where), where + ".", depth + 1, rejected)
        else:
            setattr(message, field.name, _scalar(field, value, where))


def _fill_list(
    items: Any, field: FieldDescriptor, values: list[Any], where: str, depth: int, rejected: Rejected
) -> None:
    if _fill_numbers(items, field, values):
        return
    for index, value in enumerate(values):
        here = f"{where}[{index}]"
        if field.cpp_type != FieldDescriptor.CPPTYPE_MESSAGE:
            items.append(_scalar(field, value, here))
            continue
        document = _expect(value, dict, here) if value is not None else {}
        try:
            _fill(items.add(), document, here + ".", depth + 1, rejected)
        except _TooDeep:
            if field.message_type is None or field.message_type.name not in RECORD_TYPES:
                raise
            del items[-1]
            rejected.add(1, f"{here}: it nests objects deeper than {_DEPTH_MAX}.")


def _fill_numbers(items: Any, field: FieldDescriptor, values: list[Any]) -> bool:
    """The counts and bounds of histograms, all at once: there may be millions. False when one is not as usual, which
    is then named with its place.
    """
    kinds = set(map(type, values))
    try:
        if field.cpp_type in _INTEGERS and kinds <= {int, str}:
            numbers: list[Any] = list(map(int, values))
            low, high = _INTEGERS[field.cpp_type]
            usual = not numbers or (min(numbers) >= low and max(numbers) <= high)
        else:
            numbers, usual = values, field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE and kinds <= {int, float}
    except ValueError:
        return False
    if usual:
        items.extend(numbers)
    return usual


def _scalar(field: FieldDescriptor, value: Any, where: str) -> Any:
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _bytes(field.name, _expect(value, str, where), where)
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return _expect(value, str, where)
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return _expect(value, bool, where)
    if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
        return _enum(field, value, where)
    if field.cpp_type in _INTEGERS:
        return _integer(value, *_INTEGERS[field.cpp_type], where)
    return _double(value, where)


def _bytes(name: str, text: str, where: str) -> bytes:
    if name in _ID_BYTES:
        try:
            found = bytes.fromhex(text)
        except ValueError:
            return b""
        return found if len(found) == _ID_BYTES[name] else b""
    try:
        padded = text + "=" * (-len(text) % 4)
        return base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True)
    except ValueError:  # of text that is not ASCII too
        raise BadRequest(f"{where}: not base64.") from None


def _enum(field: FieldDescriptor, value: Any, where: str) -> int:
    if isinstance(value, str) and not value.lstrip("-").isdigit():
        assert field.enum_type is not None
        known = field.enum_type.values_by_name.get(value)
        if known is None:
            raise BadRequest(f"{where}: {value[:64]!r} is not a name of {field.enum_type.name}.")
        return int(known.number)
    return _integer(value, *_INTEGERS[FieldDescriptor.CPPTYPE_INT32], where)


def _integer(value: Any, low: int, high: int, where: str) -> int:
    if isinstance(value, str):
        try:
            value = int(value[:32])
        except ValueError:
            raise BadRequest(f"{where}: {value[:64]!r} is not a whole number.") from None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadRequest(f"{where}: must be a whole number.")
    if not low <= value <= high:
        raise BadRequest(f"{where}: {value} is out of range ({low} to {high}).")
    return value


def _double(value: Any, where: str) -> float:
    if isinstance(value, str):
        if value in _DOUBLES:
            return _DOUBLES[value]
        try:
            return float(value)
        except ValueError:
            raise BadRequest(f"{where}: {value[:64]!r} is not a number.") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadRequest(f"{where}: must be a number.")
    return float(value)


def _expect(value: Any, kind: type, where: str) -> Any:
    if not isinstance(value, kind):
        raise BadRequest(f"{where}: must be {_WHAT[kind]}.")
    return value

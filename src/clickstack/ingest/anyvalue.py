"""Arrays and maps inside values become text (reference/ingestion.md §2.3, §3.9). The slow path: only requests that hold
such values come here.

Everywhere: compact JSON, keys sorted. In log attributes: `a: {b: 1}` becomes `a.b`, `k: [x, y]` becomes `k.0`, `k.1`,
empty arrays and maps vanish, a later key wins over an equal earlier one. Records of session replays are no logs here.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable, Iterator
from typing import Any

from .allowance import Allowance
from .signals import SESSION_KEY, SignalName

_ARRAY, _MAP = "array_value", "kvlist_value"


def flatten_request(signal: SignalName, request: Any) -> None:
    """Replace every nested value of a parsed request, in place. Raises TooLarge when the keys would outgrow it."""
    _WALKS[signal](request, Allowance())


def json_text(value: Any) -> str:
    """An AnyValue as compact JSON. 64-bit integers keep their digits; bytes are base64 text."""
    kind = value.WhichOneof("value")
    if kind is None:
        return "null"
    if kind == _ARRAY:
        return "[" + ",".join(json_text(each) for each in value.array_value.values) + "]"
    if kind == _MAP:
        entries = {each.key: each.value for each in value.kvlist_value.values}
        return "{" + ",".join(f"{_quoted(key)}:{json_text(entries[key])}" for key in sorted(entries)) + "}"
    scalar = getattr(value, kind)
    if kind == "double_value":
        return double_text(scalar) if math.isfinite(scalar) else _quoted(double_text(scalar))
    if kind == "bytes_value":
        return _quoted(base64.b64encode(scalar).decode())
    return json.dumps(scalar, ensure_ascii=False)


def double_text(number: float) -> str:
    """The shortest text that reads back as the number, written as ECMAScript does.

    >>> [double_text(each) for each in (1.0, 0.1, 1e-07, 1e21, 123456789012345680000.0, float("-inf"))]
    ['1', '0.1', '1e-7', '1e+21', '123456789012345680000', '-Infinity']
    """
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number == 0:
        return "-0" if math.copysign(1, number) < 0 else "0"
    if 1e-6 <= abs(number) < 1e21:
        if number.is_integer():
            digits, _, exponent = f"{number!r}".partition("e")
            return f"{int(number)}" if not exponent else _shifted(digits, int(exponent))
        text = repr(number)
        return text if "e" not in text else f"{number:.{_decimals(text)}f}"
    digits, _, exponent = repr(number).partition("e")
    return f"{digits.removesuffix('.0')}e{int(exponent):+d}"


def _shifted(digits: str, exponent: int) -> str:
    """`1.2345678901234568`, 20 → `123456789012345680000`: the shortest digits, zeros after them."""
    whole, _, fraction = digits.partition(".")
    return whole + fraction.ljust(exponent, "0")


def _decimals(text: str) -> int:
    digits, _, exponent = text.partition("e")
    return len(digits.partition(".")[2]) - int(exponent)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _flatten_value(value: Any) -> None:
    if value.WhichOneof("value") in (_ARRAY, _MAP):
        value.string_value = json_text(value)


def _flatten_values(attributes: Iterable[Any]) -> None:
    for attribute in attributes:
        _flatten_value(attribute.value)


def _flatten_log_attributes(record: Any, allowance: Allowance) -> None:
    if not any(each.value.WhichOneof("value") in (_ARRAY, _MAP) for each in record.attributes):
        return
    if any(each.key == SESSION_KEY for each in record.attributes):
        _flatten_values(record.attributes)
        return
    flat = {key: value for each in record.attributes for key, value in _leaves(each.key, each.value, allowance)}
    kept = [type(record.attributes[0])(key=key, value=value) for key, value in flat.items()]
    del record.attributes[:]
    record.attributes.extend(kept)


def _leaves(key: str, value: Any, allowance: Allowance) -> Iterator[tuple[str, Any]]:
    """Each leaf repeats the keys of all maps around it: a long key over many leaves is what the allowance is for."""
    allowance.text(len(key))
    kind = value.WhichOneof("value")
    if kind == _ARRAY:
        for index, each in enumerate(value.array_value.values):
            yield from _leaves(f"{key}.{index}", each, allowance)
    elif kind == _MAP:
        for entry in value.kvlist_value.values:
            yield from _leaves(f"{key}.{entry.key}", entry.value, allowance)
    else:
        yield key, value


def _walk_logs(request: Any, allowance: Allowance) -> None:
    for each in request.resource_logs:
        _flatten_values(each.resource.attributes)
        for scope in each.scope_logs:
            _flatten_values(scope.scope.attributes)
            for record in scope.log_records:
                _flatten_value(record.body)
                _flatten_log_attributes(record, allowance)


def _walk_traces(request: Any, _: Allowance) -> None:
    for each in request.resource_spans:
        _flatten_values(each.resource.attributes)
        for scope in each.scope_spans:
            _flatten_values(scope.scope.attributes)
            for span in scope.spans:
                _flatten_values(span.attributes)
                for part in (*span.events, *span.links):
                    _flatten_values(part.attributes)


def _walk_metrics(request: Any, _: Allowance) -> None:
    for each in request.resource_metrics:
        _flatten_values(each.resource.attributes)
        for scope in each.scope_metrics:
            _flatten_values(scope.scope.attributes)
            for metric in scope.metrics:
                _flatten_points(metric)


def _flatten_points(metric: Any) -> None:
    kind = metric.WhichOneof("data")
    for point in getattr(metric, kind).data_points if kind else ():
        _flatten_values(point.attributes)
        for exemplar in point.exemplars if kind != "summary" else ():
            _flatten_values(exemplar.filtered_attributes)


_WALKS = {"logs": _walk_logs, "traces": _walk_traces, "metrics": _walk_metrics}

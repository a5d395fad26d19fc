"""The names under which protocols without trace fields carry the ids of a trace and a span."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_NAMES = {
    **dict.fromkeys(("trace_id", "traceID", "traceid", "traceId"), ("trace_id", 16)),
    **dict.fromkeys(("span_id", "spanID", "spanid", "spanId"), ("span_id", 8)),
}


def take_ids(target: Any, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Set `trace_id` and `span_id` of a log record or an exemplar; returns the pairs that are no valid id."""
    rest = []
    for pair in pairs:
        name, size = _NAMES.get(pair[0], ("", 0))
        found = _id(pair[1], size) if name else b""
        if found:
            setattr(target, name, found)
        else:
            rest.append(pair)
    return rest


def _id(text: str, size: int) -> bytes:
    if len(text) != 2 * size:
        return b""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""

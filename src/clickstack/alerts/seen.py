"""A value of a group in a window, under the name the group has everywhere: in states, messages, silences."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from clickstack.core.limits import ALERT_GROUP_NAME_CHARS


@dataclass(frozen=True, slots=True)
class Seen:
    """A value of a group in a window; `value` None is NULL. `attributes` are the group's columns and their texts."""

    group: str
    value: float | None
    attributes: Mapping[str, str]


def seen_of(names: Iterable[str], group: Iterable[Any], value: float | None) -> Seen:
    """`group` are the values of the columns `names`."""
    attributes = {name: _clipped(_text(each)) for name, each in zip(names, group, strict=True)}
    name = _clipped(", ".join(f"{name}:{text}" for name, text in attributes.items()))
    return Seen(name, None if value is None else float(value), attributes)


def _clipped(text: str) -> str:
    """A name of bounded length, still another for another text."""
    if len(text) <= ALERT_GROUP_NAME_CHARS:
        return text
    digest = hashlib.sha1(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()[:12]
    return f"{text[:ALERT_GROUP_NAME_CHARS]}… {digest}"


def _text(value: Any) -> str:
    """As people read it; without NUL, which PostgreSQL cannot keep."""
    return _plain_text(value).replace("\x00", "\ufffd")


def _plain_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)

"""ClickHouse type names as values: `LowCardinality(Nullable(String))` → String, nullable."""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import dataclass, field
from typing import Literal

Family = Literal["text", "number", "bool", "time", "map", "array", "json", "other"]

# How a search term meets a column, by the column's base type.
_FAMILIES: dict[str, Family] = {
    "String": "text",
    "FixedString": "text",
    "Enum8": "text",
    "Enum16": "text",
    "UUID": "text",
    "IPv4": "text",
    "IPv6": "text",
    "Bool": "bool",
    "Date": "time",
    "Date32": "time",
    "DateTime": "time",
    "DateTime64": "time",
    "Map": "map",
    "Array": "array",
    "Nested": "array",
    "JSON": "json",
    "Object": "json",
    "Dynamic": "json",
    "Variant": "json",
}
_NUMBER_PREFIXES = ("Int", "UInt", "Float", "BFloat", "Decimal")
_NESTING_MAX = 100  # of types inside each other; the engine takes a thousand, Python's stack does not
_WRAPPERS = ("LowCardinality", "Nullable", "SimpleAggregateFunction")


_ZONE = re.compile(r"'([^']+)'")
_SAME_AS_UTC = frozenset({"UTC", "UCT", "GMT", "Universal", "Greenwich", "Zulu"})


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A type without its wrappers. `arguments` are the inner types of a Map, Array or Nested, else empty."""

    base: str
    nullable: bool = False
    arguments: tuple[ColumnType, ...] = ()
    text: str = field(default="", compare=False)

    @property
    def zone(self) -> str:
        """The zone by whose clock the engine writes and rounds its times: one that the type names, else UTC."""
        named = _ZONE.search(self.text) if self.base in ("DateTime", "DateTime64") else None
        return "UTC" if named is None or named[1].removeprefix("Etc/") in _SAME_AS_UTC else named[1]

    @property
    def family(self) -> Family:
        known = _FAMILIES.get(self.base)
        if known:
            return known
        return "number" if self.base.startswith(_NUMBER_PREFIXES) else "other"


@functools.lru_cache(maxsize=4_096)
def parse_type(text: str) -> ColumnType:
    """The type of a name as `system.columns.type` writes it.

    >>> parse_type("Map(LowCardinality(String), Array(Nullable(Int64)))").arguments[1].arguments[0].nullable
    True
    """
    if text.count("(") > _NESTING_MAX and _depth(text) > _NESTING_MAX:
        return ColumnType("Tuple", text=text)  # something made of others, of which nobody asks more
    base, _, rest = text.strip().partition("(")
    inside = rest[:-1] if rest else ""
    if base in _WRAPPERS:
        inner = parse_type(_arguments(inside)[-1])
        return ColumnType(inner.base, inner.nullable or base == "Nullable", inner.arguments, text)
    if base in ("Map", "Array"):
        return ColumnType(base, arguments=tuple(parse_type(each) for each in _arguments(inside)), text=text)
    if base == "Nested":  # one column, where the table does not make a list of each part
        return ColumnType(base, arguments=(ColumnType("Tuple", text=f"Tuple({inside})"),), text=text)
    return ColumnType(base, text=text)


def _depth(text: str) -> int:
    return max(itertools.accumulate((char == "(") - (char == ")") for char in text))


def _arguments(text: str) -> list[str]:
    """Split at the commas outside parentheses."""
    parts, depth, start = [], 0, 0
    for index, char in enumerate(text):
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    parts.append(text[start:])
    return [part.strip() for part in parts]

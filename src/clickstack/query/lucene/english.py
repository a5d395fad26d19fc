"""A query in plain words, for tooltips: `-SeverityText:error foo` → `SeverityText does not contain "error" and …`."""

from __future__ import annotations

from ..fields import Fields
from .nodes import (
    And,
    Compare,
    Everything,
    Exists,
    FieldName,
    Match,
    Node,
    Not,
    Or,
    Phrase,
    Range,
    Value,
    Wildcard,
    Words,
)
from .parser import parse

_COMPARISONS = {">": "is greater than", ">=": "is at least", "<": "is less than", "<=": "is at most"}


def explain(text: str, fields: Fields | None = None) -> str:
    """What a query asks for. With `fields` the words fit the columns' types. Raises BadQuery as the compiler does.

    >>> explain('SeverityText:error -"health check"')
    'SeverityText contains "error" and not: the event contains "health check"'
    """
    return _node(parse(text), fields, inside=False)


def _node(node: Node, fields: Fields | None, *, inside: bool) -> str:
    match node:
        case Everything():
            return "every event"
        case Not(item):
            return f"not: {_node(item, fields, inside=True)}"
        case And(items) | Or(items):
            word = " and " if isinstance(node, And) else " or "
            text = word.join(_node(item, fields, inside=True) for item in items)
            return f"({text})" if inside else text
        case Match(field, value, _):
            return f"{field.name} {_of_field(field, value, fields)}" if field else f"the event {_bare(value)}"
    raise AssertionError(node)


def _of_field(name: FieldName, value: Value, fields: Fields | None) -> str:
    """What is asked of a field: numbers, times and booleans are compared as a whole, lists item by item."""
    if fields is None:
        return _value(value)
    found = fields.find(name.name, name.position)
    kind = found.type.arguments[0] if found.type.family == "array" and found.element_key is None else found.type
    whole = kind.family in ("number", "bool", "time") or kind.base == "UUID"
    said = f"is {value.plain}" if whole and isinstance(value, Words) and value.plain is not None else _value(value)
    if found.type.family != "array" or isinstance(value, Exists):
        return said
    return f"has an item that {said}"


def _bare(value: Value) -> str:
    match value:
        case Words() if value.plain is not None and value.plain.isalnum():
            return f"has the word {_quoted(value.plain)}"
        case Exists():
            return "has any text"
        case Phrase(text):
            return f"has the word {_quoted(text)}" if text.isalnum() else f"contains {_quoted(text)}"
    return _value(value)


def _value(value: Value) -> str:
    match value:
        case Words() if value.plain is not None:
            return f"contains {_quoted(value.plain)}"
        case Words():
            return _pattern(value)
        case Phrase(text):
            return f"is {_quoted(text)}" if text else "is empty or missing"
        case Exists():
            return "has a value"
        case Compare(operator, text):
            return f"{_COMPARISONS[operator]} {text}"
        case Range():
            return _range(value)


def _pattern(words: Words) -> str:
    shape = tuple(isinstance(piece, str) for piece in words.pieces)
    text = _quoted("".join(piece for piece in words.pieces if isinstance(piece, str)))
    simple = {(True, False): "starts with", (False, True): "ends with", (False, True, False): "contains"}
    if shape in simple:
        return f"{simple[shape]} {text}"
    shown = "".join("…" if piece is Wildcard.ANY else str(piece) for piece in words.pieces)
    return f"matches {_quoted(shown)}"


def _range(value: Range) -> str:
    if value.low is None:
        return f"{_COMPARISONS['<=' if value.high_included else '<']} {value.high}"
    if value.high is None:
        return f"{_COMPARISONS['>=' if value.low_included else '>']} {value.low}"
    ends = {
        (True, True): "",
        (False, False): ", both excluded",
        (True, False): f", {value.high} excluded",
        (False, True): f", {value.low} excluded",
    }
    return f"is between {value.low} and {value.high}{ends[value.low_included, value.high_included]}"


def _quoted(text: str) -> str:
    return f'"{text}"'

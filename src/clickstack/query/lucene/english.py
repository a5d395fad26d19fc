"""A query in plain words, for tooltips: `-SeverityText:error foo` → `SeverityText does not contain "error" and …`."""

from __future__ import annotations

from .nodes import And, Compare, Everything, Exists, Match, Node, Not, Or, Phrase, Range, Value, Wildcard, Words
from .parser import parse

_COMPARISONS = {">": "is greater than", ">=": "is at least", "<": "is less than", "<=": "is at most"}


def explain(text: str) -> str:
    """What a query asks for. Raises BadQuery like the compiler does for what cannot be parsed.

    >>> explain('SeverityText:error -"health check"')
    'SeverityText contains "error" and not: the event contains "health check"'
    """
    return _node(parse(text), inside=False)


def _node(node: Node, *, inside: bool) -> str:
    match node:
        case Everything():
            return "every event"
        case Not(item):
            return f"not: {_node(item, inside=True)}"
        case And(items) | Or(items):
            word = " and " if isinstance(node, And) else " or "
            text = word.join(_node(item, inside=True) for item in items)
            return f"({text})" if inside else text
        case Match(field, value, _):
            return f"{field.name} {_value(value)}" if field else f"the event {_bare(value)}"
    raise AssertionError(node)


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

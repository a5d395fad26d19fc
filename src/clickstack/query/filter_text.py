"""What people chose in lists and sliders ⇄ the SQL that saved searches keep (reference/query-engine.md §4.6).

    ServiceName IN ('api', 'web') AND ServiceName NOT IN ('old') AND Duration BETWEEN 10 AND 20

Exactly what is written here is read back; any other SQL is a filter all the same, but no choice that a list can show.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from clickstack.core.errors import BadQuery
from clickstack.core.sql import literal

from .raw.filters import FilterSelection, FilterValue
from .usersql import SqlToken, tokenize

_ESCAPE = re.compile(r"\\(.)|''", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "f": "\f", "a": "\a", "v": "\v"}
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?", re.IGNORECASE)


def write_filter(selection: FilterSelection) -> str:
    """The choice as an SQL condition; blank when nothing is chosen."""
    key, parts = selection.expression.strip(), []
    if selection.included:
        parts.append(f"{key} IN ({_listed(selection.included)})")
    if selection.excluded:
        parts.append(f"{key} NOT IN ({_listed(selection.excluded)})")
    if selection.low is not None and selection.high is not None:
        parts.append(f"{key} BETWEEN {_written(selection.low)} AND {_written(selection.high)}")
    elif selection.low is not None:
        parts.append(f"{key} >= {_written(selection.low)}")
    elif selection.high is not None:
        parts.append(f"{key} <= {_written(selection.high)}")
    return " AND ".join(parts)


def read_filter(text: str) -> list[FilterSelection] | None:
    """The choices of a condition, one for each key in order of appearance; None for SQL that says something else."""
    try:
        tokens = tokenize(text, "condition")
    except BadQuery:
        return None
    found: dict[str, FilterSelection] = {}
    for part in _parts(tokens):
        choice = _choice(text, part)
        if choice is None:
            return None
        known = found.get(choice.expression)
        joined = _joined(known, choice) if known else choice
        if joined is None:
            return None
        found[choice.expression] = joined
    return list(found.values()) or None


def _listed(values: Iterable[FilterValue]) -> str:
    return ", ".join(_written(value) for value in values)


def _written(value: FilterValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return literal(value).replace("\0", "\\0") if isinstance(value, str) else repr(value)


def _parts(tokens: Sequence[SqlToken]) -> Iterator[Sequence[SqlToken]]:
    """The conditions that outer ANDs join; the AND of a BETWEEN joins none."""
    start, between = 0, False
    for at, token in enumerate(tokens):
        word = token.text.upper() if token.kind == "word" and token.depth == 0 else ""
        if word == "BETWEEN":
            between = True
        elif word == "AND" and between:
            between = False
        elif word == "AND":
            yield tokens[start:at]
            start = at + 1
    yield tokens[start:]


def _choice(text: str, tokens: Sequence[SqlToken]) -> FilterSelection | None:
    """`key IN (…)` and its siblings."""
    at = next((at for at, token in enumerate(tokens) if _operator(token)), 0)
    if at == 0:
        return None
    last = tokens[at - 1]
    key = text[tokens[0].position : last.position + len(last.text)]
    operator, rest = tokens[at].text.upper(), list(tokens[at + 1 :])
    if operator == "NOT" and rest and rest[0].text.upper() == "IN":
        values = _values(rest[1:])
        return FilterSelection(key, excluded=tuple(values)) if values else None
    if operator == "IN":
        values = _values(rest)
        return FilterSelection(key, included=tuple(values)) if values else None
    if operator == "BETWEEN":
        cut = next((place for place, token in enumerate(rest) if token.text.upper() == "AND"), len(rest))
        low, high = _number(rest[:cut]), _number(rest[cut + 1 :])
        return FilterSelection(key, low=low, high=high) if low is not None and high is not None else None
    if operator in "<>" and rest and rest[0].text == "=" and rest[0].position == tokens[at].position + 1:
        bound = _number(rest[1:])
        if bound is not None:
            return FilterSelection(key, low=bound) if operator == ">" else FilterSelection(key, high=bound)
    return None


def _operator(token: SqlToken) -> bool:
    if token.depth:
        return False
    return token.text in "<>=!" if token.kind == "symbol" else token.text.upper() in ("IN", "NOT", "BETWEEN", "OR")


def _values(tokens: Sequence[SqlToken]) -> list[FilterValue] | None:
    """The values of `(1, 'a', true)`."""
    if len(tokens) < 3 or tokens[0].text != "(" or tokens[-1].text != ")":
        return None
    values: list[FilterValue] = []
    item: list[SqlToken] = []
    for token in tokens[1:]:
        if token.text != "," and token is not tokens[-1]:
            item.append(token)
            continue
        value = _value(item)
        if value is None:
            return None
        values.append(value)
        item = []
    return values


def _value(tokens: Sequence[SqlToken]) -> FilterValue | None:
    if len(tokens) == 1 and tokens[0].kind == "string":
        text = tokens[0].text
        return _ESCAPE.sub(_unescaped, text[1:-1]) if text[0] == text[-1] == "'" else None
    if len(tokens) == 1 and tokens[0].text.lower() in ("true", "false"):
        return tokens[0].text.lower() == "true"
    return _number(tokens)


def _unescaped(match: re.Match[str]) -> str:
    return "'" if match[1] is None else _ESCAPES.get(match[1], match[1])


def _number(tokens: Sequence[SqlToken]) -> int | float | None:
    """A number; its sign and the `+` or `-` of its exponent are tokens of their own."""
    text = "".join(token.text for token in tokens)
    if not _NUMBER.fullmatch(text.removeprefix("-")):
        return None
    return float(text) if re.search(r"[.eE]", text) else int(text)


def _joined(one: FilterSelection, other: FilterSelection) -> FilterSelection | None:
    """Two choices of one key; None when both say the same kind of thing, for then neither list would show it."""
    ranged = (each.low is not None or each.high is not None for each in (one, other))
    if (one.included and other.included) or (one.excluded and other.excluded) or all(ranged):
        return None
    return FilterSelection(
        one.expression,
        one.included or other.included,
        one.excluded or other.excluded,
        one.low if one.low is not None else other.low,
        one.high if one.high is not None else other.high,
    )

"""How a value meets a column, one function per family of types. `SCALARS` is the table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address
from uuid import UUID

from clickstack.core.sql import Param, Sql

from ..columntype import ColumnType, Family
from .moments import moment_range
from .nodes import Compare, Exists, Phrase, Range, Value, Wildcard, Words
from .predicate import TRUE, Predicate, Unmatchable

_NUMBER = re.compile(r"[+-]?(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_WHOLE = re.compile(r"[+-]?\d+")
_BOOLEANS = {"true": 1, "1": 1, "false": 0, "0": 0}


@dataclass(frozen=True, slots=True)
class Target:
    """What a value meets: an expression and its type. `loose` texts may hold numbers; `name` is for messages."""

    sql: Sql
    type: ColumnType
    loose: bool
    name: str


Scalar = Callable[[Target, Value], Predicate]


def _text(target: Target, value: Value) -> Predicate:
    """Strings, and what is searched by its text: enums, UUIDs, addresses."""
    sql, nullable, loose = target.sql, target.type.nullable, target.loose
    if target.type.base in _IDENTITIES and isinstance(value, Phrase | Compare | Range):
        return _identity(target, value)
    if target.type.base != "String":
        sql = Sql.of("toStringCutToZero(" if target.type.base == "FixedString" else "toString(", sql, ")")
    match value:
        case Words():
            return Predicate(words_condition(sql, value), nullable)
        case Phrase(text):
            return Predicate(Sql.of(sql, " = ", Param(text, "String")), nullable)
        case Exists():
            return Predicate(Sql.of("notEmpty(", sql, ")"), nullable)
        case Compare(operator, text):
            if loose and _of_numbers(value):
                return Predicate(Sql.of("toFloat64OrNull(", sql, f") {operator} ", _number(text)), True)
            return Predicate(Sql.of(sql, f" {operator} ", Param(text, "String")), nullable)
        case Range():
            if loose and _of_numbers(value):
                return Predicate(between(Sql.of("toFloat64OrNull(", sql, ")"), value, _number), True)
            return Predicate(between(sql, value, lambda end: Sql.of(Param(end, "String"))), nullable)


def _identity(target: Target, value: Phrase | Compare | Range) -> Predicate:
    """UUIDs and addresses however they are spelled; addresses in the order of their numbers, not of their texts."""
    base, nullable = target.type.base, target.type.nullable
    read, called = _IDENTITIES[base]

    def known(text: str) -> Sql:
        try:
            return Sql.of(Param(read(text.strip()), base))
        except ValueError:
            raise Unmatchable(f"{target.name} is {called}, never {text!r}.") from None

    match value:
        case Phrase(text):
            return Predicate(Sql.of(target.sql, " = ", known(text)), nullable)
        case Compare(operator, text):
            return Predicate(Sql.of(target.sql, f" {operator} ", known(text)), nullable)
        case Range():
            return Predicate(between(target.sql, value, known), nullable)


def _ipv6(text: str) -> str:
    """An IPv6 address; that of IPv4 is written so in a column that holds both."""
    try:
        return f"::ffff:{IPv4Address(text)}"
    except ValueError:
        return str(IPv6Address(text.partition("%")[0]))


_IDENTITIES: Mapping[str, tuple[Callable[[str], str], str]] = {
    "UUID": (lambda text: str(UUID(text)), "a UUID"),
    "IPv4": (lambda text: str(IPv4Address(text)), "an IPv4 address"),
    "IPv6": (_ipv6, "an IP address"),
}


def _json(target: Target, value: Value) -> Predicate:
    """A JSON path, by its text; comparisons with numbers are numeric. The text of a missing path is empty."""
    text = Sql.of("toString(", target.sql, ")")
    if isinstance(value, Exists):
        return Predicate(Sql.of("notEmpty(ifNull(", text, ", ''))"))
    found = _text(replace(target, sql=text, type=ColumnType("String", nullable=True), loose=True), value)
    if isinstance(value, Compare | Range) and not _of_numbers(value):
        return Predicate(Sql.of("(isNotNull(", target.sql, ") AND ", found.sql, ")"), found.nullable)
    return found


def _numeric(target: Target, value: Value) -> Predicate:
    match value:
        case Words() if value.plain is None:
            return Predicate(words_condition(Sql.of("toString(", target.sql, ")"), value), target.type.nullable)
        case Words() | Phrase():
            return Predicate(Sql.of(target.sql, " = ", _number(value.text, target)), target.type.nullable)
        case Exists():
            return _present(target)
        case Compare(operator, text):
            return Predicate(Sql.of(target.sql, f" {operator} ", _number(text, target)), target.type.nullable)
        case Range():
            return Predicate(between(target.sql, value, lambda end: _number(end, target)), target.type.nullable)


def _boolean(target: Target, value: Value) -> Predicate:
    match value:
        case Exists():
            return _present(target)
        case Words() | Phrase():
            wanted = _BOOLEANS.get(value.text.lower())
            if wanted is None:
                raise Unmatchable(f"{target.name} is true or false, never {value.text!r}.")
            return Predicate(Sql.of(target.sql, f" = {wanted}"), target.type.nullable)
    return _numeric(target, value)


def _time(target: Target, value: Value) -> Predicate:
    """Unquoted times mean the whole day, minute or second they name; quoted ones that very moment."""

    def moment(text: str) -> Sql:
        return Sql.of(Param(moment_range(text, target.name)[0], "DateTime64(9, 'UTC')"))

    match value:
        case Exists():
            return _present(target)
        case Words():
            first, after = (Param(end, "DateTime64(9, 'UTC')") for end in moment_range(value.text, target.name))
            return Predicate(
                Sql.of("(", target.sql, " >= ", first, " AND ", target.sql, " < ", after, ")"), target.type.nullable
            )
        case Phrase(text):
            return Predicate(Sql.of(target.sql, " = ", moment(text)), target.type.nullable)
        case Compare(operator, text):
            return Predicate(Sql.of(target.sql, f" {operator} ", moment(text)), target.type.nullable)
        case Range():
            return Predicate(between(target.sql, value, moment), target.type.nullable)


SCALARS: Mapping[Family, Scalar] = {
    "text": _text,
    "json": _json,
    "number": _numeric,
    "bool": _boolean,
    "time": _time,
}


def words_condition(sql: Sql, words: Words) -> Sql:
    """Contains, or with wildcards matches the whole value; either way without regard to case."""
    if words.plain is not None:
        return contains(sql, words.plain)
    return Sql.of(sql, " ILIKE ", Param(like_pattern(words), "String"))


def contains(sql: Sql, text: str) -> Sql:
    function = "positionCaseInsensitive" if text.isascii() else "positionCaseInsensitiveUTF8"
    return Sql.of(f"{function}(", sql, ", ", Param(text, "String"), ") > 0")


def like_pattern(words: Words) -> str:
    return "".join("%" if piece is Wildcard.ANY else like_escaped(str(piece)) for piece in words.pieces)


def like_escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)


def between(sql: Sql, value: Range, bound: Callable[[str], Sql]) -> Sql:
    """The condition of a range; a bound that is open asks nothing."""
    ends = []
    if value.low is not None:
        ends.append(Sql.of(sql, " >= " if value.low_included else " > ", bound(value.low)))
    if value.high is not None:
        ends.append(Sql.of(sql, " <= " if value.high_included else " < ", bound(value.high)))
    return ends[0] if len(ends) == 1 else Sql.of("(", Sql.join(ends, " AND "), ")")


def _present(target: Target) -> Predicate:
    return Predicate(Sql.of("isNotNull(", target.sql, ")")) if target.type.nullable else TRUE


def _of_numbers(value: Compare | Range) -> bool:
    ends = (value.text,) if isinstance(value, Compare) else (value.low, value.high)
    return all(_is_number(end) for end in ends if end is not None)


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text.strip()) is not None


def _number(text: str, target: Target | None = None) -> Sql:
    """A number with its exact value: whole numbers keep all their digits."""
    text, base = text.strip(), target.type.base if target else "Float64"
    if not _is_number(text):
        raise Unmatchable(f"{target.name if target else ''} is a number, never {text!r}.")
    if _WHOLE.fullmatch(text) and len(text) <= 76:
        whole = int(text)
        if base.startswith("Decimal"):  # the engine refuses to compare with an integer beyond the column's own digits
            return Sql.of(Param(whole, "Decimal(76, 0)"))
        kind = "Int64" if abs(whole) < 1 << 63 else "Int256"
        return Sql.of(Param(whole, kind))
    return Sql.of(Param(float(text), base if base in _SHORT_FLOATS else "Float64"))


_SHORT_FLOATS = ("Float32", "BFloat16")  # 0.1 in Float64 equals none of theirs

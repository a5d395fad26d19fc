"""Formulas over a chart's values: `A / (A + B) * 100`, where A is the first value (reference/query-engine.md §2.10).

formula := term (("+" | "-") term)*
term    := factor (("*" | "/") factor)*
factor  := "-" factor | "(" formula ")" | number | letter A to Z
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from clickstack.core.chart import Formula
from clickstack.core.errors import BadQuery
from clickstack.core.limits import FORMULA_CHARS_MAX, FORMULA_NESTING_MAX
from clickstack.core.sql import Sql

_TOKEN = re.compile(r"\s*(?:(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<letter>[A-Z])(?![A-Za-z0-9_])|(?P<symbol>[-+*/()]))")
Operator = Literal["+", "-", "*", "/"]


class BadFormula(BadQuery):
    """`fault` is one of the codes of §2.10: empty-expression, expression-too-long, invalid-token, syntax-error,
    unknown-series-ref, constant-only-expression."""

    def __init__(self, fault: str, what: str, message: str, position: int | None = None) -> None:
        super().__init__(f"{what}: {message} ({fault})", position=position)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Number:
    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """The value of a select, by index."""

    index: int


@dataclass(frozen=True, slots=True)
class Negated:
    of: Node


@dataclass(frozen=True, slots=True)
class Binary:
    operator: Operator
    left: Node
    right: Node


Node = Number | Value | Negated | Binary


def formula_sql(formula: Formula, values: list[Sql], what: str) -> Sql:
    """The SQL of a formula over the SQL of the values. Divided by 0 it is NULL. Raises BadFormula."""
    return _sql(parse_formula(formula.expression, len(values), what), values, formula.missing == "zero")[0]


def parse_formula(text: str, values: int, what: str = "formula") -> Node:
    """The tree of a formula over so many values. Raises BadFormula."""
    if not text.strip():
        raise BadFormula("empty-expression", what, "the formula is empty")
    if len(text) > FORMULA_CHARS_MAX:
        raise BadFormula("expression-too-long", what, f"the formula is longer than {FORMULA_CHARS_MAX} characters")
    parser = _Parser(_tokens(text, what), what, values)
    tree = parser.formula()
    if not parser.refers:
        raise BadFormula("constant-only-expression", what, "the formula refers to no value of the chart")
    return tree


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str | None
    text: str
    position: int


def _tokens(text: str, what: str) -> list[_Token]:
    tokens, position = [], 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            at = position + len(text[position:]) - len(text[position:].lstrip())
            raise BadFormula("invalid-token", what, f"{text[at]!r} has no place in a formula", at)
        kind = match.lastgroup
        tokens.append(_Token(kind, match[kind or 0], match.start(kind or 0)))
        position = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[_Token], what: str, values: int) -> None:
        self._tokens, self._what, self._values = tokens, what, values
        self._at = 0
        self._depth = 0
        self.refers = False

    def formula(self) -> Node:
        tree = self._sum()
        if self._at < len(self._tokens):
            raise self._unexpected()
        return tree

    def _sum(self) -> Node:
        return self._chain(("+", "-"), self._product)

    def _product(self) -> Node:
        return self._chain(("*", "/"), self._factor)

    def _chain(self, operators: tuple[str, ...], operand: object) -> Node:
        assert callable(operand)
        left: Node = operand()
        while (token := self._peek()) is not None and token.text in operators:
            self._at += 1
            left = Binary(token.text, left, operand())  # type: ignore[arg-type]
        return left

    def _factor(self) -> Node:
        token = self._peek()
        if token is None or token.text in ("+", "*", "/", ")"):
            raise self._unexpected()
        self._at += 1
        if token.kind == "number":
            return Number(token.text)
        if token.kind == "letter":
            return self._value(token)
        self._depth += 1
        if self._depth > FORMULA_NESTING_MAX:
            raise BadFormula(
                "syntax-error", self._what, f"more than {FORMULA_NESTING_MAX} levels of nesting", token.position
            )
        tree: Node = Negated(self._factor()) if token.text == "-" else self._sum()
        if token.text == "(":
            closing = self._peek()
            if closing is None or closing.text != ")":
                raise self._unexpected()
            self._at += 1
        self._depth -= 1
        return tree

    def _value(self, token: _Token) -> Value:
        index = ord(token.text) - ord("A")
        if index >= self._values:
            last = chr(ord("A") + self._values - 1)
            raise BadFormula(
                "unknown-series-ref", self._what, f"{token.text} is no value; the last is {last}", token.position
            )
        self.refers = True
        return Value(index)

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _unexpected(self) -> BadFormula:
        token = self._peek()
        if token is None:
            return BadFormula("syntax-error", self._what, "the formula ends too early")
        return BadFormula("syntax-error", self._what, f"{token.text!r} is not expected here", token.position)


def _sql(node: Node, values: list[Sql], zero: bool) -> tuple[Sql, bool]:
    """The SQL of a node, and whether it is surely a Float64.

    Products and quotients are computed in Float64, and so is what meets one: whole numbers would overflow, decimals
    keep the few digits of the column, and the engine mixes no fraction with an Int128. Sums of values stay exact.
    """
    match node:
        case Number(text):
            return Sql.of(text if text[0] != "." else f"0{text}"), "." in text
        case Value(index):
            return Sql.of("coalesce(", values[index], ", 0)") if zero else values[index], False
        case Negated(of):
            inside, broken = _sql(of, values, zero)
            return Sql.of("(0 - ", inside, ")"), broken  # of 0 this is 0, never -0
        case Binary(operator, left, right):
            sides = [_sql(side, values, zero) for side in (left, right)]
            broken = operator in "*/" or any(fraction for _, fraction in sides)
            above, below = (
                as_float(sql) if broken and not fraction and not isinstance(side, Number) else sql
                for side, (sql, fraction) in zip((left, right), sides, strict=True)
            )
            constant = isinstance(right, Number) and float(right.text) != 0
            if operator == "/" and not constant:
                below = Sql.of("nullIf(", below, ", 0)")
            return Sql.of("(", above, f" {operator} ", below, ")"), broken


def as_float(sql: Sql) -> Sql:
    return Sql.of("toFloat64(", sql, ")")

"""Tokens → tree. Precedence: NOT, then AND (also unwritten), then OR.

query := or?
or    := and (OR and)*
and   := unary (AND? unary)*
unary := (NOT | - | !)* ['+'] (group | term)
group := '(' query ')' | field ':' '(' query ')'

Operators that dangle at either end, as in `foo AND`, are left out: someone is still typing.
"""

from __future__ import annotations

from dataclasses import replace

from clickstack.core.errors import BadQuery
from clickstack.core.limits import QUERY_NESTING_MAX

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
from .tokens import OPERATOR, Kind, Token, tokenize


def parse(text: str) -> Node:
    """The tree of a query; the empty text is Everything. Raises BadQuery with a position."""
    return _Parser(tokenize(text)).query()


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._fields: list[FieldName] = []  # the fields of the groups around, innermost last

    def query(self) -> Node:
        tree = self._or()
        if self._next.kind == "close":
            raise BadQuery("There is a ) without its opening bracket.", position=self._next.position)
        return tree or Everything()

    def _or(self) -> Node | None:
        """None when there is no term at all."""
        while self._next.kind in ("and", "or"):
            self._take()
        items: list[Node] = []
        while self._next.kind not in ("end", "close"):
            item = self._and()
            if item is not None:
                items.append(item)
            if self._next.kind == "or":
                self._take()
                self._refuse_operator("or")
        return _joined(Or, items)

    def _and(self) -> Node | None:
        items: list[Node] = []
        while self._next.kind not in ("end", "close", "or"):
            item = self._unary()
            if item is not None:
                items.append(item)
            if self._next.kind == "and":
                self._take()
                self._refuse_operator("and")
        return _joined(And, items)

    def _unary(self) -> Node | None:
        """A term with what negates it; None for a dangling NOT."""
        negated = False
        while self._next.kind in ("not", "prefix"):
            if self._take().text in ("NOT", "-", "!"):
                negated = not negated
        if self._next.kind in ("and", "or"):
            raise BadQuery(f"A term is missing before {self._next.text}.", position=self._next.position)
        if self._next.kind in ("end", "close"):
            return None
        item = self._primary()
        return Not(item) if negated else item

    def _primary(self) -> Node:
        token = self._take()
        if token.kind == "open":
            return self._group(token)
        if token.kind == "field":
            return self._field(FieldName(token.text, token.position))
        field = self._fields[-1] if self._fields else None
        if field is not None and token.kind == "word" and (operator := OPERATOR.match(token.text)):
            return self._compared_in_group(field, token, operator[0])
        if token.kind == "range" and field is None:
            raise BadQuery(
                "A range needs a field: field:[low TO high].",
                position=token.position,
                hint="Put text with brackets in double quotes.",
            )
        return _match(field, token, _value(token, grouped=True))

    def _group(self, opening: Token) -> Node:
        self._depth += 1
        if self._depth > QUERY_NESTING_MAX:
            raise BadQuery(f"More than {QUERY_NESTING_MAX} brackets inside each other.", position=opening.position)
        tree = self._or()
        if self._next.kind != "close":
            raise BadQuery("A closing ) is missing.", position=opening.position)
        if tree is None:
            raise BadQuery("There is nothing between the brackets.", position=opening.position)
        self._take()
        self._depth -= 1
        return tree

    def _field(self, field: FieldName) -> Node:
        token = self._take()
        if token.kind == "open":
            self._fields.append(field)
            tree = self._group(token)
            self._fields.pop()
            return tree
        if token.kind == "operator":
            return _compared(field, token.text, self._take())
        if token.kind not in ("word", "phrase", "range"):
            raise BadQuery(f"A value is missing after {field.name}:.", position=token.position)
        return _match(field, token, _value(token, grouped=False))

    def _compared_in_group(self, field: FieldName, token: Token, operator: str) -> Node:
        """`>5` and `> "5"` in `field:(>5 AND <9)`: the tokenizer, which knows no groups, made a word of it."""
        text = "".join(map(_letters, token.pieces)).removeprefix(operator)
        if text:
            return _compared(field, operator, replace(token, pieces=(text,)))
        if self._next.kind not in ("word", "phrase"):
            raise BadQuery("A value is missing here.", position=token.position + len(operator))
        return _compared(field, operator, self._take())

    def _refuse_operator(self, last: Kind) -> None:
        if self._next.kind in ("and", "or"):
            raise BadQuery(
                f"A term is missing between {last.upper()} and {self._next.text}.", position=self._next.position
            )

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token


def _compared(field: FieldName, operator: str, bound: Token) -> Node:
    text = bound.text if bound.kind == "phrase" else "".join(map(_letters, bound.pieces))
    return Match(field, Compare(operator, text), bound.position)  # type: ignore[arg-type]


def _match(field: FieldName | None, token: Token, value: Value) -> Node:
    if value == Phrase("", grouped=True):
        return Everything()
    return Match(field, value, token.position)


def _value(token: Token, *, grouped: bool) -> Value:
    if token.kind == "phrase":
        return Phrase(token.text, grouped=grouped)
    if token.range is not None:
        low, high = token.range.low, token.range.high
        if low is None and high is None:
            return Exists()
        return Range(low, high, token.range.low_included, token.range.high_included)
    return Exists() if token.pieces == (Wildcard.ANY,) else Words(token.pieces)


def _letters(piece: str | Wildcard) -> str:
    return piece if isinstance(piece, str) else piece.value


def _joined(kind: type[And] | type[Or], items: list[Node]) -> Node | None:
    """The items as one node: one is itself, nested ones of the same kind are spread."""
    flat: list[Node] = []
    for item in items:
        flat.extend(item.items if isinstance(item, kind) else (item,))
    if not flat:
        return None
    return flat[0] if len(flat) == 1 else kind(tuple(flat))

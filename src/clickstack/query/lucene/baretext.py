"""What words without a field search: the text of the event, through its index when it has one (§1.8, §1.9).

A word is a whole one (`foo` finds `foo_bar` but not `foobar`), without regard to case. Words with letters outside
ASCII are found inside longer runs too, since many scripts put no spaces between words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from clickstack.core.sql import Param, Sql

from .nodes import Exists, Phrase, Value, Wildcard, Words
from .predicate import TRUE, Predicate
from .values import contains, like_escaped

TOKENS_PER_CALL_MAX = 50  # the engine takes at most 64 tokens in one hasAllTokens

# The runs that ClickHouse's `splitByNonAlpha` makes of a text: ASCII letters and digits, and everything beyond ASCII.
_TOKEN = re.compile(r"[A-Za-z0-9\u0080-\U0010ffff]+")

Plan = Literal["text index on lower", "token bloom filter on lower", "none"]


@dataclass(frozen=True, slots=True)
class BareText:
    """An expression that is the text of an event. `plan` says which index over its lower case can help.

    `any_of_it` is empty when there is no text; None when that is the expression itself.
    """

    sql: Sql
    plan: Plan
    nullable: bool = False
    any_of_it: Sql | None = None

    def predicate(self, value: Value) -> Predicate:
        match value:
            case Exists():
                return Predicate(Sql.of("notEmpty(", self.any_of_it or self.sql, ")"), self.nullable)
            case Phrase(""):
                return TRUE
            case Phrase(text):
                return self._text(text)
            case Words():
                return self._text(value.plain) if value.plain is not None else self._pattern(value)
        raise AssertionError(value)  # the parser refuses ranges and makes no comparison without a field

    def _text(self, text: str) -> Predicate:
        """All words of the text; and the text itself, when it is more than one plain word."""
        tokens = _TOKEN.findall(text)
        words = list(dict.fromkeys(token.lower() for token in tokens if token.isascii()))
        conditions = list(_WORDS[self.plan](self.sql, words)) if words else []
        if tokens != [text] or not text.isascii():
            conditions.append(contains(self.sql, text))
        joined = Sql.join(conditions, " AND ")
        return Predicate(joined if len(conditions) == 1 else Sql.of("(", joined, ")"), self.nullable)

    def _pattern(self, words: Words) -> Predicate:
        """`foo*` begins with, `*foo` ends with, `*foo*` contains; a star only inside floats: `conn*refused`."""
        first, last = (words.pieces[end] is Wildcard.ANY for end in (0, -1))
        pattern = "".join("%" if piece is Wildcard.ANY else like_escaped(str(piece)) for piece in words.pieces)
        if not first and not last:
            pattern = f"%{pattern}%"
        return Predicate(Sql.of(self.sql, " ILIKE ", Param(pattern, "String")), self.nullable)


def _with_text_index(text: Sql, words: list[str]) -> list[Sql]:
    groups = [words[at : at + TOKENS_PER_CALL_MAX] for at in range(0, len(words), TOKENS_PER_CALL_MAX)]
    return [Sql.of("hasAllTokens(lower(", text, "), ", Param(" ".join(group), "String"), ")") for group in groups]


def _with_bloom_filter(text: Sql, words: list[str]) -> list[Sql]:
    return [Sql.of("hasToken(lower(", text, "), ", Param(word, "String"), ")") for word in words]


def _without_index(text: Sql, words: list[str]) -> list[Sql]:
    return [Sql.of("hasTokenCaseInsensitive(", text, ", ", Param(word, "String"), ")") for word in words]


_WORDS: dict[Plan, Callable[[Sql, list[str]], list[Sql]]] = {
    "text index on lower": _with_text_index,
    "token bloom filter on lower": _with_bloom_filter,
    "none": _without_index,
}

"""Text → tokens (reference/query-engine.md §1.2, §1.3, with the mends of §1.13).

A token keeps its position, so that every error can point into the text. Escapes are resolved here: `\\:` is a colon
inside a word, `\\*` a star that is not a wildcard.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from clickstack.core.errors import BadQuery
from clickstack.core.limits import QUERY_TERMS_MAX, QUERY_TEXT_CHARS_MAX

from .nodes import Piece, Wildcard

Kind = Literal["open", "close", "and", "or", "not", "prefix", "field", "operator", "word", "phrase", "range", "end"]

_SPACE = " \t\r\n\f\v"
_ENDS_WORD = frozenset(_SPACE + '(){}[]"^~')
_CONNECTIVES: dict[str, Kind] = {"AND": "and", "&&": "and", "OR": "or", "||": "or", "NOT": "not"}
_MODIFIER = re.compile(r"[~^]\d*(?:\.\d+)?")
_ESCAPE = re.compile(r"""\\([+\-!(){}\[\]^"?:\\&'/~*| ])""")  # before anything else a backslash is a backslash
OPERATOR = re.compile(r">=|<=|>|<")

# A colon that belongs to the text, not to a field: `https://…`, `localhost:8080`, `10.0.0.1:80`, `12:30:05`.
_TEXT_WITH_COLON = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|localhost:\d|\d")

_RANGE = re.compile(
    r"""(?P<open>[\[{])\s*(?P<low>"(?:[^"\\]|\\.)*"|[^\s"\]}]+)\s+TO\s+"""
    r"""(?P<high>"(?:[^"\\]|\\.)*"|[^\s"\]}]+)\s*(?P<close>[\]}])"""
)


@dataclass(frozen=True, slots=True)
class RangeText:
    """The ends of a range; None is an open one."""

    low: str | None
    high: str | None
    low_included: bool
    high_included: bool


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is the decoded text of a word, phrase, field name or operator; `pieces` are a word's parts."""

    kind: Kind
    position: int
    text: str = ""
    pieces: tuple[Piece, ...] = ()
    range: RangeText | None = None


def tokenize(text: str) -> list[Token]:
    """The tokens of a query, an `end` token last. Raises BadQuery."""
    if len(text) > QUERY_TEXT_CHARS_MAX:
        raise BadQuery(f"The query is longer than {QUERY_TEXT_CHARS_MAX} characters.")
    scanner = _Scanner(text)
    while scanner.step():
        if len(scanner.tokens) > QUERY_TERMS_MAX:
            raise BadQuery(f"The query has more than {QUERY_TERMS_MAX} parts.", position=scanner.at)
    return scanner.tokens


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.tokens: list[Token] = []

    def step(self) -> bool:
        """Read one token; False after the last."""
        self._skip_space()
        if self.at >= len(self.text):
            self._add("end", self.at)
            return False
        if self._after_field():
            self._value()
        else:
            self._term()
        return True

    def _term(self) -> None:
        """Whatever may stand where no field waits for its value."""
        char, start = self.text[self.at], self.at
        if char in "()":
            self._add("open" if char == "(" else "close", start, skip=1)
        elif char == '"':
            self._phrase()
        elif char in "-!+" and self._prefixes_something():
            self._add("prefix", start, char, skip=1)
        elif char in "[{":
            self._range()
        elif char in "]}":
            raise BadQuery(f"There is a {char} without its opening bracket.", position=start, hint=_QUOTE_HINT)
        elif char in "~^":
            raise BadQuery(f"A term must come before {char}.", position=start, hint=_QUOTE_HINT)
        else:
            self._word_or_field()

    def _value(self) -> None:
        """What a field's colon waits for: there `-5` is a number and `b:c` keeps its colon."""
        char, start = self.text[self.at], self.at
        operator = OPERATOR.match(self.text, self.at)
        if operator:
            self._add("operator", start, operator[0], skip=len(operator[0]))
            self._skip_space()
            if self.text[self.at : self.at + 1] == '"':
                self._phrase()
            else:
                self._word()
        elif char in '()"[{]}~^':
            self._term()
        else:
            self._word()

    def _word_or_field(self) -> None:
        start = self.at
        end = self._word_end(start, stop_at_colon=not _TEXT_WITH_COLON.match(self.text, start))
        raw = self.text[start:end]
        if self.text[end : end + 1] == ":":
            if not raw:
                raise BadQuery("A field name must come before the colon.", position=start, hint=_QUOTE_HINT)
            self._add("field", start, _unescaped(raw))
            self.at = end + 1
        elif raw in _CONNECTIVES:
            self._add(_CONNECTIVES[raw], start, raw, skip=len(raw))
        else:
            self._word()

    def _word(self) -> None:
        start = self.at
        stop_at_colon = not self._after_value_mark() and not _TEXT_WITH_COLON.match(self.text, start)
        end = self._word_end(start, stop_at_colon=stop_at_colon)
        if end == start:
            raise BadQuery("A value is missing here.", position=start)
        pieces = _pieces(self.text[start:end])
        self.tokens.append(Token("word", start, self.text[start:end], pieces))
        self.at = end
        self._skip_modifiers()

    def _word_end(self, start: int, *, stop_at_colon: bool) -> int:
        at = start
        while at < len(self.text) and self.text[at] not in _ENDS_WORD:
            if self.text[at] == ":" and stop_at_colon:
                break
            at += 2 if self.text[at] == "\\" and at + 1 < len(self.text) else 1
        return at

    def _phrase(self) -> None:
        start, at = self.at, self.at + 1
        while at < len(self.text) and self.text[at] != '"':
            at += 2 if self.text[at] == "\\" else 1
        if at >= len(self.text):
            raise BadQuery("A closing quote is missing.", position=start, hint='Write \\" for a quote in the text.')
        self._add("phrase", start, _unescaped(self.text[start + 1 : at]))
        self.at = at + 1
        self._skip_modifiers()

    def _range(self) -> None:
        match = _RANGE.match(self.text, self.at)
        if match is None:
            raise BadQuery(
                "A range is written [low TO high].",
                position=self.at,
                hint="Use { } to leave an end out and * for an open end. " + _QUOTE_HINT,
            )
        low, high = (_bound(match[end]) for end in ("low", "high"))
        ends = RangeText(low, high, match["open"] == "[", match["close"] == "]")
        self.tokens.append(Token("range", self.at, match[0], range=ends))
        self.at = match.end()
        self._skip_modifiers()

    def _skip_modifiers(self) -> None:
        """Fuzziness, proximity and boost (`~0.8`, `^2`) are accepted and mean nothing here."""
        while match := _MODIFIER.match(self.text, self.at):
            self.at = match.end()

    def _skip_space(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in _SPACE:
            self.at += 1

    def _after_field(self) -> bool:
        return bool(self.tokens) and self.tokens[-1].kind == "field"

    def _after_value_mark(self) -> bool:
        return bool(self.tokens) and self.tokens[-1].kind in ("field", "operator")

    def _prefixes_something(self) -> bool:
        """`-foo` and `-(` are negations; a dash alone, as in `a - b`, is text."""
        following = self.text[self.at + 1 : self.at + 2]
        return bool(following) and following not in _SPACE + ")]}~^"

    def _add(self, kind: Kind, position: int, text: str = "", *, skip: int = 0) -> None:
        self.tokens.append(Token(kind, position, text))
        self.at += skip


_QUOTE_HINT = "Put text with special characters in double quotes."


def _pieces(raw: str) -> tuple[Piece, ...]:
    """Decoded literal text and wildcards; neighbours of the same kind are joined."""
    pieces: list[Piece] = []
    at = 0
    while at < len(raw):
        if raw[at] == "*":
            if not pieces or pieces[-1] is not Wildcard.ANY:
                pieces.append(Wildcard.ANY)
            at += 1
            continue
        escaped = _ESCAPE.match(raw, at) is not None
        char = raw[at + 1] if escaped else raw[at]
        at += 2 if escaped else 1
        if pieces and isinstance(pieces[-1], str):
            pieces[-1] += char
        else:
            pieces.append(char)
    return tuple(pieces)


def _unescaped(raw: str) -> str:
    return _ESCAPE.sub(r"\1", raw)


def _bound(raw: str) -> str | None:
    """A range bound; None for a star that is neither quoted nor escaped."""
    if raw == "*":
        return None
    return _unescaped(raw[1:-1] if raw.startswith('"') else raw)

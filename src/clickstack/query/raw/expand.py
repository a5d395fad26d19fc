"""A statement with macros, parameters and variables → SQL with bound values.

One pass over the pieces that the engine would see (sqltext), left to right; what a macro becomes is never read again,
so a value cannot contain a macro. Comments become spaces. Inside strings only variables are replaced, escaped for them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from clickstack.core.errors import BadQuery
from clickstack.core.limits import RAW_EXPANSIONS_MAX, RAW_MACRO_NESTING_MAX, RAW_TEXT_CHARS_MAX
from clickstack.core.sql import Param, Sql

from ..run import readable_sql
from ..sqltext import BYTES, COMMENT, HEREDOC, QUOTED_NAME, STRING, refuse_odd
from .macros import MACROS, PARAMETERS, Argument, Macro, MacroContext, usage
from .variables import REFERENCE, Variable, as_sql, by_name, format_of, in_quotes

_PIECE = re.compile(
    rf"(?P<space>\s+|{COMMENT})|(?P<string>{STRING})|(?P<opaque>{BYTES}|{QUOTED_NAME}|{HEREDOC})"
    rf"|(?P<macro>\$__\w+)|(?P<variable>{REFERENCE})|(?P<word>[^\W\d][\w$]*|\d[\w.]*)"
    # the type begins and ends with no blank: blanks that three parts could take would be tried in every division
    r"|\{\s*(?P<parameter>\w+)\s*:\s*(?P<type>[^{}\s](?:[^{}]*[^{}\s])?)\s*\}|(?P<symbol>.)",
    re.DOTALL,
)
_IN_STRING = re.compile(rf"(?P<macro>\$__\w+)|{REFERENCE}")
_PARAMETER_TYPES = frozenset({"Int64", "UInt64", "Int32", "UInt32", "Float64"})
_CLOSES = {"(": ")", "[": "]"}


@dataclass(frozen=True, slots=True)
class Use:
    """A macro, parameter or variable that the statement uses. `about` as in `Macro`.

    A variable is `guarded` inside a macro that drops out when the variable is empty.
    """

    name: str
    position: int
    about: str = ""
    format: str | None = None
    guarded: bool = False


@dataclass(frozen=True, slots=True)
class Expanded:
    """`ordered`: the statement itself says in which order its rows come."""

    sql: Sql
    uses: tuple[Use, ...]
    ordered: bool


def expand(text: str, context: MacroContext, variables: Iterable[Variable]) -> Expanded:
    """Raises BadQuery with the place of the fault."""
    if len(text) > RAW_TEXT_CHARS_MAX:
        raise BadQuery(f"The statement is longer than {RAW_TEXT_CHARS_MAX} characters")
    pieces = _pieces(text)
    if not pieces:
        raise BadQuery("The statement is empty")
    expansion = _Expansion(pieces, context, by_name(variables))
    sql = expansion.walk(0, len(pieces), depth=0, guards=frozenset())
    return Expanded(sql, tuple(sorted(expansion.uses, key=lambda use: use.position)), _ordered(pieces))


def expand_text(text: str, context: MacroContext, variables: Iterable[Variable]) -> str:
    """A field of SQL in a chart that is built of fields, with macros and variables replaced; values become literals.

    The result is user SQL like any other and goes the way of usersql. Blank text stays blank. Raises BadQuery.
    """
    return readable_sql(expand(text, context, variables).sql) if text.strip() else text


def _pieces(text: str) -> list[re.Match[str]]:
    """The pieces without the blanks and semicolons at the end. Stops at the first fault: looking for the end of what
    never ends takes a while, and must not be done for every quote of a long text."""
    pieces: list[re.Match[str]] = []
    ended: re.Match[str] | None = None
    for piece in _PIECE.finditer(text):
        refuse_odd(text, piece, _complain)
        if (piece["variable"] or piece["macro"]) and text.startswith("$", piece.end()):
            raise _complain("a dollar sign stands right behind a name", piece.end())
        if ended and not piece["space"] and piece["symbol"] != ";":
            raise BadQuery("Write one statement: there is a ; with more behind it", position=ended.start())
        if piece["symbol"] == ";":
            ended = ended or piece
        if piece["symbol"] and piece["symbol"] in "{}":
            raise BadQuery("A parameter is written {name:Type}", position=piece.start())
        pieces.append(piece)
    while pieces and (pieces[-1]["space"] or pieces[-1]["symbol"] == ";"):
        pieces.pop()
    return pieces


def _ordered(pieces: Iterable[re.Match[str]]) -> bool:
    """Whether there is an ORDER BY outside all brackets."""
    depth, before = 0, ""
    for piece in pieces:
        if piece["space"]:
            continue
        depth += (piece[0] in _CLOSES) - (piece[0] in _CLOSES.values())
        if depth == 0 and before == "order" and piece[0].lower() == "by":
            return True
        before = piece[0].lower()
    return False


def _complain(reason: str, position: int) -> BadQuery:
    return BadQuery(f"The statement cannot be read: {reason}", position=position)


@dataclass(slots=True)
class _Expansion:
    """The walk over the pieces, and what it met."""

    pieces: list[re.Match[str]]
    context: MacroContext
    variables: Mapping[str, Variable]
    uses: list[Use] = field(default_factory=list)
    spent: int = 0

    def walk(self, start: int, end: int, depth: int, guards: frozenset[str]) -> Sql:
        parts: list[str | Param | Sql] = []
        at = start
        while at < end:
            piece = self.pieces[at]
            at += 1
            if piece["macro"]:
                expanded, at = self._macro(at - 1, end, depth, guards)
                parts.append(expanded)
            elif piece["variable"]:
                parts.append(self._variable(piece, guards))
            elif piece["parameter"]:
                parts.append(self._parameter(piece))
            elif piece["string"]:
                parts.append(self._string(piece, guards))
            elif piece["opaque"]:
                parts.append(self._opaque(piece))
            else:
                parts.append(" " if piece["space"] and not piece["space"].isspace() else piece[0])
        return Sql.of(*parts)

    def _macro(self, at: int, end: int, depth: int, guards: frozenset[str]) -> tuple[Sql, int]:
        name, position = self.pieces[at]["macro"], self.pieces[at].start()
        macro = MACROS.get(name)
        if macro is None:
            raise BadQuery(f"There is no macro {name}", position=position, hint=_hint(name, MACROS))
        if depth > RAW_MACRO_NESTING_MAX:
            raise BadQuery(
                f"{name}: more than {RAW_MACRO_NESTING_MAX} macros inside each other are too many", position=position
            )
        self.uses.append(Use(name, position, macro.about))
        spans, after = self._spans(at, end, macro)
        self._check_count(name, macro, len(spans), position)
        arguments = self._arguments(name, macro, spans, depth, guards)
        self._spend(1 + sum(len(each.values) for each in arguments if isinstance(each, Variable)))
        try:
            return macro.expand(self.context, arguments), after
        except BadQuery as error:
            raise BadQuery(error.message, position=position, hint=error.hint) from None

    def _spans(self, at: int, end: int, macro: Macro) -> tuple[list[tuple[int, int]], int]:
        """Where the arguments of the macro at `at` begin and end, and what comes after its closing bracket."""
        name, position = self.pieces[at]["macro"], self.pieces[at].start()
        opening = self._skip_space(at + 1, end)
        if opening >= end or self.pieces[opening]["symbol"] != "(":
            return [], at + 1
        if not macro.parameters and self._skip_space(opening + 1, end) < end:
            closing = self._skip_space(opening + 1, end)
            # `$__fromTime ()` is the macro; after any other bracket it is the author's own, and wrong there
            if self.pieces[closing]["symbol"] == ")":
                return [], closing + 1
        spans: list[tuple[int, int]] = []
        awaited, start = [")"], opening + 1
        for index in range(opening + 1, end):
            symbol = self.pieces[index]["symbol"]
            if symbol in _CLOSES:
                awaited.append(_CLOSES[symbol])
            elif symbol and symbol in ")]":
                if symbol != awaited.pop():
                    break
                if not awaited:
                    return self._trimmed([*spans, (start, index)]), index + 1
            elif symbol == "," and len(awaited) == 1:
                spans.append((start, index))
                start = index + 1
        raise BadQuery(f"{name}: the closing bracket is missing", position=position, hint=f"Usage: {usage(name)}")

    def _trimmed(self, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
        trimmed = []
        for first, last in spans:
            start, end = self._skip_space(first, last), last
            while end > start and self.pieces[end - 1]["space"]:
                end -= 1
            trimmed.append((start, end))
        return [] if len(trimmed) == 1 and trimmed[0][0] == trimmed[0][1] else trimmed

    def _skip_space(self, at: int, end: int) -> int:
        while at < end and self.pieces[at]["space"]:
            at += 1
        return at

    def _check_count(self, name: str, macro: Macro, count: int, position: int) -> None:
        if macro.required <= count <= len(macro.parameters):
            return
        wanted = (
            str(macro.required)
            if macro.required == len(macro.parameters)
            else (f"{macro.required} or {len(macro.parameters)}")
        )
        noun = "argument" if wanted == "1" else "arguments"
        raise BadQuery(
            f"{name} takes {wanted if wanted != '0' else 'no'} {noun}, not {count}",
            position=position,
            hint=f"Usage: {usage(name)}",
        )

    def _arguments(
        self, name: str, macro: Macro, spans: list[tuple[int, int]], depth: int, guards: frozenset[str]
    ) -> list[Argument]:
        arguments: list[Argument] = []
        if macro.parameters[-1:] and macro.parameters[-1].startswith("$"):
            *spans, last = spans
            variable = self._named(name, last)
            guards |= {variable.name}
            arguments.append(variable)
        for start, end in reversed(spans):
            if start == end:
                raise BadQuery(
                    f"{name}: an argument is empty",
                    position=self.pieces[min(start, len(self.pieces) - 1)].start(),
                    hint=f"Usage: {usage(name)}",
                )
            arguments.append(self.walk(start, end, depth + 1, guards))
        return arguments[::-1]

    def _named(self, name: str, span: tuple[int, int]) -> Variable:
        """The variable that a macro's last argument names."""
        start, end = span
        piece = self.pieces[min(start, len(self.pieces) - 1)]
        if end != start + 1 or not piece["variable"] or piece["format"] is not None:
            raise BadQuery(
                f"{name}: the last argument is the name of a variable, with a $",
                position=piece.start(),
                hint=f"Usage: {usage(name)}",
            )
        return self._known(piece)

    def _known(self, piece: re.Match[str]) -> Variable:
        name = piece["braced"] or piece["plain"]
        if name not in self.variables:
            raise BadQuery(
                f"There is no variable ${name}", position=piece.start(), hint=_hint(name, self.variables, "$")
            )
        return self.variables[name]

    def _variable(self, piece: re.Match[str], guards: frozenset[str]) -> Sql:
        variable, form = self._known(piece), format_of(piece) or "sqlstring"
        self._met(variable, piece.start(), form, guards)
        return as_sql(variable, form)

    def _parameter(self, piece: re.Match[str]) -> Param:
        name, kind, position = piece["parameter"], piece["type"], piece.start()
        if name not in PARAMETERS:
            raise BadQuery(
                f"There is no parameter {name}; there are {', '.join(PARAMETERS)}",
                position=position,
                hint=_hint(name, PARAMETERS),
            )
        if kind not in _PARAMETER_TYPES:
            raise BadQuery(f"The parameter {name} is a number: write {{{name}:Int64}}", position=position)
        value, about = PARAMETERS[name]
        self.uses.append(Use(name, position, about))
        self._spend(1)
        return Param(value(self.context), kind)

    def _string(self, piece: re.Match[str], guards: frozenset[str]) -> str:
        """A string of the author's, with the values of variables in it, escaped."""
        text = piece["string"]
        if text[0] != "'":
            return self._opaque(piece)

        def replaced(match: re.Match[str]) -> str:
            position = piece.start() + match.start()
            macro = match["macro"]
            if macro:
                return self._macro_in_string(macro, position)
            variable = self.variables.get(match["braced"] or match["plain"])
            if variable is None:
                return match[0]
            before = text[: match.start()]
            if (len(before) - len(before.rstrip("\\"))) % 2:
                raise BadQuery("A backslash stands before a variable: double it", position=position)
            form = format_of(match)
            self._met(variable, position, form or "csv", guards)
            return in_quotes(variable, form, position)

        return _IN_STRING.sub(replaced, text)

    def _macro_in_string(self, name: str, position: int) -> str:
        if name == "$__interval_s":
            self.uses.append(Use(name, position, MACROS[name].about))
            return str(self.context.interval_s)
        if name in MACROS:
            raise BadQuery(f"{name} cannot stand inside quotes: take the quotes around it away", position=position)
        return name

    def _opaque(self, piece: re.Match[str]) -> str:
        """Quotes in which nothing is replaced: names, and strings without escapes."""
        for match in re.finditer(REFERENCE, piece[0]):
            if (match["braced"] or match["plain"]) in self.variables:
                raise BadQuery(
                    f"{match[0]} can stand outside quotes or between '', not here",
                    position=piece.start() + match.start(),
                )
        return piece[0]

    def _met(self, variable: Variable, position: int, format: str, guards: frozenset[str]) -> None:
        self.uses.append(Use(f"${variable.name}", position, "variable", format, variable.name in guards))
        self._spend(1 + len(variable.values))

    def _spend(self, expansions: int) -> None:
        self.spent += expansions
        if self.spent > RAW_EXPANSIONS_MAX:
            raise BadQuery(f"The statement has more than {RAW_EXPANSIONS_MAX} macros, variables and values")


def _hint(name: str, known: Iterable[str], prefix: str = "") -> str | None:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"Did you mean {prefix}{close[0]}?" if close else None

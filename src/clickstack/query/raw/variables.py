"""Dashboard variables and how their values are written into a text (reference/query-engine.md §4.4).

A reference is `$name`, `${name}` or `${name:format}`. A value never becomes syntax: in SQL it is a bound parameter, or,
inside quotes of the author's, text escaped for those quotes; in Lucene it is a quoted phrase.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from clickstack.core.errors import BadQuery, BadRequest
from clickstack.core.limits import VARIABLE_NAME_CHARS_MAX, VARIABLE_VALUES_MAX
from clickstack.core.sql import Param, Sql, literal

NAME: Final = r"[A-Za-z][A-Za-z0-9_]*"
REFERENCE: Final = rf"\$\{{(?P<braced>{NAME})(?::(?P<format>\w*))?\}}|\$(?P<plain>{NAME})"
_REGEX_SYNTAX = re.compile(r"[\\.+*?()|\[\]{}^$]")


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable and the values selected now. `expression` is its filter's SQL, for the short form of `$__filter`."""

    name: str
    values: tuple[str, ...] = ()
    expression: str | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(NAME, self.name) or len(self.name) > VARIABLE_NAME_CHARS_MAX:
            raise BadRequest(
                f"variable name {self.name[:80]!r}: write a letter, then letters, digits or _, "
                f"at most {VARIABLE_NAME_CHARS_MAX} characters"
            )
        if len(self.values) > VARIABLE_VALUES_MAX:
            raise BadRequest(f"variable {self.name} has more than {VARIABLE_VALUES_MAX} values")


def variable_name(display_name: str) -> str:
    """The name a filter's variable gets when none is given.

    >>> variable_name(" Service name!"), variable_name("2nd zone")
    ('Service_name', 'v2nd_zone')
    """
    name = re.sub(r"[^A-Za-z0-9_]", "", re.sub(r"\s+", "_", display_name.strip()))
    return "v" + name if name[:1].isdigit() or name[:1] == "_" else name


def by_name(variables: Iterable[Variable]) -> dict[str, Variable]:
    """Raises BadRequest when two have the same name."""
    known: dict[str, Variable] = {}
    for variable in variables:
        if variable.name in known:
            raise BadRequest(f"Variable names must be unique: {variable.name!r}")
        known[variable.name] = variable
    return known


# --- What a format makes of the values ------------------------------------------------------------------------


def _csv(values: tuple[str, ...]) -> str:
    return ",".join(values)


def _regex(values: tuple[str, ...]) -> str:
    """An RE2 pattern that matches one of the values."""
    escaped = [_REGEX_SYNTAX.sub(lambda match: "\\" + match[0], value) for value in values]
    return ".*" if not escaped else escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def _lucene(values: tuple[str, ...]) -> str:
    phrases = ['"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values]
    return "(" + " OR ".join(phrases or ['""']) + ")"


_TEXTS: Mapping[str, Callable[[tuple[str, ...]], str]] = {"csv": _csv, "regex": _regex, "lucene": _lucene}
FORMATS = ("sqlstring", *_TEXTS)


def as_sql(variable: Variable, form: str) -> Sql:
    """The values where an SQL expression stands: `sqlstring` is a list for IN (…), NULL when empty; others a string."""
    if form != "sqlstring":
        return Sql.of(Param(_TEXTS[form](variable.values), "String"))
    values = [Sql.of(Param(value, "String")) for value in variable.values]
    return Sql.join(values or ["NULL"], ", ")


def in_quotes(variable: Variable, form: str | None, position: int) -> str:
    """The values inside a string of the author's, escaped for its quotes; plain references are `csv` there.

    Raises BadQuery for sqlstring, which brings quotes of its own.
    """
    if form == "sqlstring":
        raise BadQuery(
            f"${{{variable.name}:sqlstring}} brings its own quotes: take the quotes around it away",
            position=position,
        )
    return literal(_TEXTS[form or "csv"](variable.values))[1:-1].replace("\0", "\\0")


def format_of(match: re.Match[str]) -> str | None:
    """The format a reference names. Raises BadQuery when there is no such format."""
    form = match["format"]
    if form is not None and form not in FORMATS:
        raise BadQuery(f"There is no variable format {form!r}; there are {', '.join(FORMATS)}", position=match.start())
    return form


_LUCENE_PIECE = re.compile(rf"\\.|(?P<quote>\")|{REFERENCE}", re.DOTALL)


def expand_lucene(text: str, variables: Iterable[Variable]) -> str:
    """A Lucene text with its references replaced: `service:$name` → `service:("a" OR "b")`.

    Without values a reference is `("")`, which matches everything. Unknown names stay as they are written. The formats
    `csv` and `regex` become one phrase; inside a phrase of the author's a plain reference is `csv`. Macros mean nothing
    here. Raises BadQuery for an unknown format and for sqlstring.
    """
    known = by_name(variables)
    quoted = False

    def replaced(match: re.Match[str]) -> str:
        nonlocal quoted
        quoted ^= bool(match["quote"])
        variable = known.get(match["braced"] or match["plain"])
        if variable is None:
            return match[0]
        form = format_of(match) or ("csv" if quoted else "lucene")
        if form == "sqlstring":
            raise BadQuery("The format sqlstring is for SQL: leave it out in Lucene", position=match.start())
        value = _TEXTS[form](variable.values)
        if not quoted and form == "lucene":
            return value
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return escaped if quoted else f'"{escaped}"'

    return _LUCENE_PIECE.sub(replaced, text)

"""SQL text and its values, kept apart until the last moment. The only quoting in the program.

A `Sql` is a sequence of text pieces and `Param`s. Text pieces are written by us; what a user wrote is a `Param`
(bound, never spliced) or goes through `ident`. Rendering numbers the parameters in order of appearance:

>>> where = Sql.of("SeverityText = ", Param("error", "String"))
>>> query = Sql.join([Sql.of("SELECT count() FROM ", ident("otel_logs")), where], " WHERE ")
>>> query.render()
('SELECT count() FROM otel_logs WHERE SeverityText = {p1:String}', {'p1': 'error'})
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

# Words that ClickHouse reads as syntax where an identifier may stand; quoted even though they are plain.
_RESERVED = frozenset(
    "all and any array as asc between by case cast cross desc distinct else end except exists false final for format "
    "from full global group having if in inner insert intersect interval into is join left like limit not null offset "
    "on or order outer prewhere right sample select semi settings then to top true union using values view when where "
    "window with".split()
)

ParamValue = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Param:
    """A value bound by the engine. `type` is a ClickHouse type, e.g. `String` or `DateTime64(9, 'UTC')`."""

    value: ParamValue
    type: str


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL: text and parameters in order.

    `names_tables`: it holds text of a user that may name tables; which ones is checked before it runs (query.reader).
    `called`: words of users that may be functions, which is checked there too.
    """

    parts: tuple[str | Param, ...]
    names_tables: bool = False
    called: frozenset[str] = field(default=frozenset(), compare=False)

    @staticmethod
    def of(*parts: str | Param | Sql) -> Sql:
        """A piece from text, parameters and other pieces, in order."""
        flat: list[str | Param] = []
        names_tables = False
        called: frozenset[str] = frozenset()
        for part in parts:  # every query is made of dozens of pieces
            if isinstance(part, Sql):
                flat += part.parts
                names_tables = names_tables or part.names_tables
                if part.called:
                    called |= part.called
            else:
                flat.append(part)
        return Sql(tuple(flat), names_tables, called)

    @staticmethod
    def join(pieces: Iterable[Sql | str], separator: str) -> Sql:
        separated: list[Sql | str] = []
        for piece in pieces:
            separated += (separator, piece)
        return Sql.of(*separated[1:])

    def __bool__(self) -> bool:
        return any(not isinstance(part, str) or part for part in self.parts)

    def render(self) -> tuple[str, dict[str, ParamValue]]:
        """The text with `{p1:Type}` placeholders and the values by name. Equal parameters share one name."""
        names: dict[tuple[type, ParamValue, str], str] = {}
        params: dict[str, ParamValue] = {}
        text: list[str] = []
        for part in self.parts:
            if isinstance(part, str):
                text.append(part)
                continue
            key = (type(part.value), part.value, part.type)
            if key not in names:
                names[key] = f"p{len(names) + 1}"
                params[names[key]] = part.value
            text.append(f"{{{names[key]}:{part.type}}}")
        return "".join(text), params


def ident(name: str) -> str:
    """An identifier, in backticks unless it is plain.

    >>> ident("Timestamp"), ident("Events.Name"), ident("a`b")
    ('Timestamp', '`Events.Name`', '`a\\\\`b`')
    """
    if _PLAIN.fullmatch(name) and name.lower() not in _RESERVED:
        return name
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def literal(text: str) -> str:
    """A string literal, for the few places the engine takes no parameter (DDL, settings, index hints).

    >>> literal("it's")
    "'it\\\\'s'"
    """
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def wire_params(params: Mapping[str, ParamValue]) -> dict[str, str]:
    """Parameters as the engine reads them: the text form of its TSV escaping (ClickHouse docs, "Substitution")."""
    return {name: _escape(value) for name, value in params.items()}


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0", "\b": "\\b", "\f": "\\f"})


def _escape(value: ParamValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.translate(_ESCAPES) if isinstance(value, str) else repr(value)

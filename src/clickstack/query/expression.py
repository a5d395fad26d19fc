"""Expressions of charts and searches: a column, an attribute in dots or brackets, or SQL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from clickstack.core.errors import BadQuery
from clickstack.core.sql import Param, Sql

from .columntype import ColumnType
from .fields import Field, Fields
from .usersql import user_expression

# `LogAttributes['http.method']`; quotes and backslashes in the key go the general way.
_BRACKETS = re.compile(r"(?P<map>\w+)\s*\[\s*'(?P<key>[^'\\]+)'\s*\]")


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression ready for the engine. `type` is None when only the engine knows it.

    `present` is the condition under which there is a value at all, where the engine would make one up: 0 for a number
    that a map does not hold.
    """

    text: str
    sql: Sql
    type: ColumnType | None
    present: Sql | None = None


def read_expression(
    text: str, fields: Fields, what: str, *, types: Mapping[str, ColumnType] | None = None, subqueries: bool = True
) -> Expression:
    """The expression a text means. `what` names the request's field in messages. Raises BadQuery.

    `types` are those the engine told for SQL expressions, by text.
    """
    text = text.strip()
    known = None if "(" in text else _known(text, fields, what)
    if known is not None:
        return known
    if re.fullmatch(r"[A-Za-z_][\w.\-]*", text):
        try:
            fields.find(text)  # a bare name that is no column: say which ones there are
        except BadQuery as error:
            raise BadQuery(f"{what}: {error.message}", hint=error.hint) from None
    sql = user_expression(text, what, subqueries=subqueries)
    return Expression(text, sql, (types or {}).get(text))


def _known(text: str, fields: Fields, what: str) -> Expression | None:
    """A column or an attribute, or None for SQL."""
    bracketed = _BRACKETS.fullmatch(text)
    if bracketed and bracketed["map"] in fields.map_columns():
        field = fields.map_field(bracketed["map"], bracketed["key"])
        return Expression(text, field.sql, field.type, _present(field))
    found = fields.find_or_none(text.strip("`"))
    if found is None:
        return None
    if found.element_key is not None:
        raise BadQuery(f"{what}: {text} is a list of maps; use an SQL expression such as {found.name}[1]['key'].")
    return Expression(text, found.sql, found.type, _present(found))


def _present(field: Field) -> Sql | None:
    key = field.map_key
    if field.type.family not in ("number", "bool", "time"):  # a text that is not there is empty
        return None
    if key is None:
        return field.present
    return Sql.of("mapContains(", key.column, ", ", Param(key.key, "String"), ")")

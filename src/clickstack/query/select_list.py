"""The columns a search shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from clickstack.core.sql import Sql, ident
from clickstack.store import TableColumn

from .columntype import ColumnType
from .expression import read_expression
from .fields import Fields
from .usersql import checked, split_alias, split_list


@dataclass(frozen=True, slots=True)
class Shown:
    """A column of the answer. `name` is what it is called; None leaves the name to the engine. The `type` of an SQL
    expression is not known."""

    name: str | None
    sql: Sql
    type: ColumnType | None = None


def read_select(text: str, fields: Fields, *, subqueries: bool, engine_names: bool) -> list[Shown]:
    """The columns of a list such as `Timestamp, LogAttributes.http.method AS method, round(Duration / 1e6)`.

    A column without an alias is called what was written; with `engine_names`, SQL expressions are called as
    ClickHouse calls them, which clients of the published API read. Raises BadQuery.
    """
    shown: list[Shown] = []
    for item in split_list(text, "select"):
        if item == "*":
            every = [(column.name, read_expression(column.name, fields, "select")) for column in _all(fields)]
            shown.extend(Shown(name, expression.sql, expression.type) for name, expression in every)
            continue
        body, alias = split_alias(item, "select")
        if engine_names and alias is None and not re.fullmatch(r"[\w.`-]+", body):
            shown.append(Shown(None, checked(body, "select", subqueries=subqueries)))
        else:
            expression = read_expression(body, fields, "select", subqueries=subqueries)
            shown.append(Shown(alias or body, expression.sql, expression.type))
    return shown


def rendered(shown: Sequence[Shown]) -> list[Sql]:
    """The list as SQL. Names are given in `names`, not as SQL aliases: those would shadow columns in the filter."""
    written = [in_utc(each.sql, each.type) for each in shown]
    return [
        sql if each.name is None or sql == Sql.of(ident(each.name)) else Sql.of(sql, f" AS __column_{at}")
        for at, (each, sql) in enumerate(zip(shown, written, strict=True))
    ]


def in_utc(sql: Sql, type: ColumnType | None) -> Sql:
    """A time by the clock of UTC, as all answers tell times, whatever zone its column has."""
    return Sql.of("toTimeZone(", sql, ", 'UTC')") if type is not None and type.zone != "UTC" else sql


def names(shown: Sequence[Shown], engine_names: Sequence[str]) -> list[str]:
    """What the columns are called; as the engine says when one item, such as `COLUMNS('…')`, became several."""
    if len(shown) != len(engine_names):
        return list(engine_names)
    return [each.name or engine for each, engine in zip(shown, engine_names, strict=True)]


def _all(fields: Fields) -> list[TableColumn]:
    return [column for column in fields.schema.columns if column.default_kind in ("", "DEFAULT")]

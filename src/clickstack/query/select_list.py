"""The columns a search shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.sql import Sql
from ..store import TableColumn
from .expression import read_expression
from .fields import Fields
from .usersql import split_alias, split_list


@dataclass(frozen=True, slots=True)
class Shown:
    """A column of the answer. `name` is what it is called; None leaves the name to the engine."""

    name: str | None
    sql: Sql


def read_select(text: str, fields: Fields, *, subqueries: bool, engine_names: bool) -> list[Shown]:
    """The columns of a list such as `Timestamp, LogAttributes.http.method AS method, round(Duration / 1e6)`.

    A column without an alias is called what was written; with `engine_names`, SQL expressions are called as
    ClickHouse calls them, which clients of the published API read. Raises BadQuery.
    """
    shown: list[Shown] = []
    for item in split_list(text, "select"):
        if item == "*":
            shown.extend(
                Shown(column.name, read_expression(column.name, fields, "select").sql) for column in _all(fields)
            )
            continue
        body, alias = split_alias(item, "select")
        expression = read_expression(body, fields, "select", subqueries=subqueries)
        raw = expression.sql.parts[:1] == ("(",)
        if raw and engine_names and alias is None:
            shown.append(Shown(None, Sql(expression.sql.parts[1:-1])))
        else:
            shown.append(Shown(alias or body, expression.sql))
    return shown


def rendered(shown: Sequence[Shown]) -> list[Sql]:
    """The list as SQL. Names are given in `names`, not as SQL aliases: those would shadow columns in the filter."""
    return [
        each.sql if each.name is None else Sql.of(each.sql, f" AS __column_{index}") for index, each in enumerate(shown)
    ]


def names(shown: Sequence[Shown], engine_names: Sequence[str]) -> list[str]:
    return [each.name or engine for each, engine in zip(shown, engine_names, strict=False)]


def _all(fields: Fields) -> list[TableColumn]:
    return [column for column in fields.schema.columns if column.default_kind in ("", "DEFAULT")]

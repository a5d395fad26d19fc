"""The columns a search shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from clickstack.core.sql import Sql, ident
from clickstack.store import TableColumn

from .expression import read_expression
from .fields import Fields
from .usersql import checked, split_alias, split_list


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
        if engine_names and alias is None and not re.fullmatch(r"[\w.`-]+", body):
            shown.append(Shown(None, checked(body, "select", subqueries=subqueries)))
        else:
            expression = read_expression(body, fields, "select", subqueries=subqueries)
            shown.append(Shown(alias or body, expression.sql))
    return shown


def rendered(shown: Sequence[Shown]) -> list[Sql]:
    """The list as SQL. Names are given in `names`, not as SQL aliases: those would shadow columns in the filter."""
    return [
        each.sql
        if each.name is None or each.sql == Sql.of(ident(each.name))
        else Sql.of(each.sql, f" AS __column_{at}")
        for at, each in enumerate(shown)
    ]


def names(shown: Sequence[Shown], engine_names: Sequence[str]) -> list[str]:
    """What the columns are called; as the engine says when one item, such as `COLUMNS('…')`, became several."""
    if len(shown) != len(engine_names):
        return list(engine_names)
    return [each.name or engine for each, engine in zip(shown, engine_names, strict=True)]


def _all(fields: Fields) -> list[TableColumn]:
    return [column for column in fields.schema.columns if column.default_kind in ("", "DEFAULT")]

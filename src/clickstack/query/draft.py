"""The query under construction, and how it is written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ..core.chart import ChartConfig
from ..core.sql import Sql, ident
from ..core.timerange import TimeRange
from .columntype import ColumnType
from .fields import Fields
from .timefilter import TimeColumns
from .where import Conditions

BUCKET = "__bucket"


def group_name(index: int) -> str:
    return f"__group_{index}"


def value_name(index: int) -> str:
    return f"__value_{index}"


@dataclass(frozen=True, slots=True)
class Context:
    """What the passes read. `types` are those of SQL expressions, by text, as the engine told them."""

    chart: ChartConfig
    time_range: TimeRange
    fields: Fields
    times: TimeColumns
    conditions: Conditions
    types: Mapping[str, ColumnType] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """A query so far. `point`: a metric's rows are folded already, and this is each one's number."""

    source: Sql = Sql(())
    where: tuple[Sql, ...] = ()
    bucket: Sql | None = None
    groups: tuple[Sql, ...] = ()
    values: tuple[Sql, ...] = ()
    point: Sql | None = None
    rows_max: int | None = None
    warnings: tuple[str, ...] = ()

    def asking(self, conditions: Iterable[Sql | None]) -> Draft:
        """The draft with more conditions; None asks nothing."""
        return replace(self, where=(*self.where, *(each for each in conditions if each is not None)))


def table(fields: Fields) -> Sql:
    return Sql.of(f"{ident(fields.schema.database)}.{ident(fields.schema.table)}")


def render(draft: Draft) -> Sql:
    keys = [(BUCKET, draft.bucket)] if draft.bucket else []
    keys += [(group_name(index), sql) for index, sql in enumerate(draft.groups)]
    values = [(value_name(index), sql) for index, sql in enumerate(draft.values)]
    names = ", ".join(name for name, _ in keys)
    return select(
        columns=[sql if sql == Sql.of(name) else Sql.of(sql, f" AS {name}") for name, sql in (*keys, *values)],
        source=draft.source,
        where=draft.where,
        tail=[*([f"GROUP BY {names}", f"ORDER BY {names}"] if keys else []), f"LIMIT {draft.rows_max}"],
    )


def select(columns: Iterable[Sql], source: Sql, where: Iterable[Sql], tail: Iterable[str | Sql]) -> Sql:
    """A SELECT laid out for reading: people see it under "show SQL"."""
    conditions = list(where)
    lines = [Sql.of("SELECT\n    ", Sql.join(columns, ",\n    ")), Sql.of("FROM ", source)]
    if conditions:
        lines.append(Sql.of("WHERE ", Sql.join(conditions, "\n  AND ")))
    return Sql.join([*lines, *tail], "\n")


def subquery(sql: Sql) -> Sql:
    """A query as a table, indented."""
    indented = [part.replace("\n", "\n    ") if isinstance(part, str) else part for part in sql.parts]
    return Sql.of("(\n    ", *indented, "\n)")

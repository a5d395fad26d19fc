"""The query under construction, and how it is written down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from clickstack.core.chart import ChartConfig
from clickstack.core.sql import Sql, ident
from clickstack.core.timerange import TimeRange

from .columntype import ColumnType
from .fields import Fields
from .grid import Grid
from .kept import ViewUse
from .timefilter import TimeColumns
from .where import Conditions

BUCKET = "__bucket"


def group_name(index: int) -> str:
    return f"__group_{index}"


def value_name(index: int) -> str:
    return f"__value_{index}"


@dataclass(frozen=True, slots=True)
class Places:
    """What the request calls the selects of a chart: `select.2`, or `series.2` where each is a request of its own.

    `first` is the place of the chart's first select among all.
    """

    word: Literal["select", "series"] = "select"
    first: int = 0

    def of(self, index: int, key: str = "") -> str:
        """Where a select's field stands, for messages; `.field` is the expression that is aggregated."""
        called = ".valueExpression" if key == ".field" and self.word == "select" else key
        return f"{self.word}.{self.first + index}{called}"


@dataclass(frozen=True, slots=True)
class Context:
    """What the passes read.

    `types` are those of SQL expressions, by text, as the engine told them. `places` are what messages call the selects.
    `top` is a query of the groups to keep; the others become one. `view` answers the inside of the
    range; `values` are those of a part that others will be put together with (see views.py). `named` is the WITH clause
    of the chart's named queries. `levels` are those of all quantiles that the chart asks of the same metric and filter,
    sorted: they are answered together.
    """

    chart: ChartConfig
    time_range: TimeRange
    fields: Fields
    times: TimeColumns
    conditions: Conditions
    types: Mapping[str, ColumnType] = field(default_factory=dict)
    places: Places = Places()
    top: Sql | None = None
    view: ViewUse | None = None
    values: Callable[[Context], tuple[Sql, ...]] | None = None
    named: Sql | None = None
    levels: tuple[float, ...] = ()

    def place(self, index: int, key: str = "") -> str:
        """Where a select of this chart stands in the request, for messages."""
        return self.places.of(index, key)

    @property
    def level(self) -> float:
        """Which quantile the only select of this chart is."""
        level = self.chart.select[0].level
        return 0.5 if level is None else level


@dataclass(frozen=True, slots=True)
class Draft:
    """A query so far. `point`: a metric's rows are folded already, and this is each one's number."""

    source: Sql = Sql(())
    where: tuple[Sql, ...] = ()
    bucket: Sql | None = None
    groups: tuple[Sql, ...] = ()
    values: tuple[Sql, ...] = ()
    point: Sql | None = None
    warnings: tuple[str, ...] = ()

    def asking(self, conditions: Iterable[Sql | None]) -> Draft:
        """The draft with more conditions; None asks nothing."""
        return replace(self, where=(*self.where, *(each for each in conditions if each is not None)))


def table(fields: Fields) -> Sql:
    return Sql.of(f"{ident(fields.schema.database)}.{ident(fields.schema.table)}")


def bucket_start(width_s: int, context: Context) -> Sql:
    """The beginning of a row's bucket in the chart's zone, whatever the server's zone (§9.1 W14)."""
    time = context.times.clock(context.time_range)
    if context.chart.time_zone == "UTC" and not context.chart.origin_s:
        return Sql.of("toUnixTimestamp(toStartOfInterval(", time, f", toIntervalSecond({int(width_s)})))")
    seconds = Sql.of("toUnixTimestamp(", time, ")")
    return Grid.of(context.chart, width_s).sql(seconds, context.time_range)


def render(draft: Draft) -> Sql:
    """The draft as a query, in no order."""
    keys = [(BUCKET, draft.bucket)] if draft.bucket else []
    keys += [(group_name(index), sql) for index, sql in enumerate(draft.groups)]
    values = [(value_name(index), sql) for index, sql in enumerate(draft.values)]
    names = ", ".join(name for name, _ in keys)
    return select(
        columns=[sql if sql == Sql.of(name) else Sql.of(sql, f" AS {name}") for name, sql in (*keys, *values)],
        source=draft.source,
        where=draft.where,
        tail=[f"GROUP BY {names}"] if keys else [],
    )


def select(columns: Iterable[Sql], source: Sql, where: Iterable[Sql], tail: Iterable[str | Sql]) -> Sql:
    """A SELECT laid out for reading: people see it under "show SQL"."""
    conditions = list(where)
    lines = [
        Sql.of("SELECT\n    ", Sql.join([_indented(each) for each in columns], ",\n    ")),
        Sql.of("FROM ", source),
    ]
    if conditions:
        lines.append(Sql.of("WHERE ", Sql.join(conditions, "\n  AND ")))
    return Sql.join([*lines, *tail], "\n")


def subquery(sql: Sql) -> Sql:
    """A query as a table, indented."""
    return Sql.of("(\n    ", _indented(sql), "\n)")


def _indented(sql: Sql) -> Sql:
    lines = (part.replace("\n", "\n    ") if isinstance(part, str) else part for part in sql.parts)
    return Sql(tuple(lines), sql.names_tables, sql.called)  # replace() takes ten times as long

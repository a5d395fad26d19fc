"""A chart's values from a materialized view of its source, where that answers exactly the same.

    range  ├── rows ──┼────────── view, whole steps ──────────┼── rows ──┤

The inside of the range, in whole steps of the view, is read from the view, the edges from the source's own rows; each
part goes through the same passes as any chart, and what they hold is put together. Whatever the view cannot tell apart
makes it unfit: columns that are no dimensions, buckets that are no multiple of its steps, aggregates it does not keep.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from clickstack.core.chart import ChartConfig, Filter
from clickstack.core.materialized_view import MaterializedView
from clickstack.core.source import Source
from clickstack.core.sql import Sql, ident
from clickstack.core.timerange import TimeRange
from clickstack.store import TableSchema

from .columntype import parse_type
from .draft import BUCKET, Context, Draft, group_name, render, subquery, value_name
from .expression import read_expression
from .fields import Field, Fields
from .grid import Grid
from .kept import KEPT_AGGREGATES, Kept, Unfit, ViewUse, Wanted, kept_value
from .naming import group_parts
from .select import AGGREGATIONS
from .timefilter import TimeColumn, TimeColumns
from .usersql import tokenize
from .where import Conditions

ZONES_APART_S = 15 * 60  # zones differ by multiples of this, so steps that divide it are the same in all

# Functions whose answer depends on which rows lie beside each other, or on chance.
_OF_PLACE = re.compile(
    r"row_?number\w*|block\w+|running\w+|neighbor|generate\w+|rand\w*|ignore|.*uuid.*", re.IGNORECASE
)


class Dimensions(Fields):
    """The source's columns that a view has as they are. A name that means anything else raises Unfit."""

    def __init__(self, base: Fields, names: frozenset[str], view: TableSchema, source: Source) -> None:
        columns = tuple(column for column in base.schema.columns if column.name in names)
        super().__init__(replace(view, columns=columns, indexes=()), source)
        self._base = base
        self._strangers = {each.name for each in (*base.schema.columns, *view.columns)} - names

    def find_or_none(self, name: str, position: int | None = None) -> Field | None:
        meant = self._base.find_or_none(name, position)
        found = super().find_or_none(name, position)
        if meant is not None and (found is None or found.sql != meant.sql):
            raise Unfit(f"{name} is not one of its dimensions")
        return found if meant is not None else None

    def check_sql(self, text: str, what: str) -> None:
        """Whether SQL of a user reads dimensions only. Names are compared, wherever they stand. Raises Unfit."""
        tokens = tokenize(text, what)
        for at, token in enumerate(tokens):
            name = token.name
            called = at + 1 < len(tokens) and tokens[at + 1].text == "("
            if token.text == "*" and (at == 0 or tokens[at - 1].text in ("(", ",", ".")):
                raise Unfit("an SQL expression reads all columns")
            if not name:
                continue
            dotted = name
            for dot, rest in zip(tokens[at + 1 :: 2], tokens[at + 2 :: 2], strict=False):
                if dot.text != "." or not rest.name:
                    break
                dotted += f".{rest.name}"
                if dotted in self._strangers:
                    raise Unfit(f"{dotted} is not one of its dimensions")
            if name in self._strangers:
                raise Unfit(f"{name} is not one of its dimensions")
            if name.lower() == "columns" or (name.startswith("_") and name not in self.names()):
                raise Unfit(f"an SQL expression reads {name}")
            if called and _OF_PLACE.fullmatch(name):
                raise Unfit(f"an SQL expression calls {name}")


def fit(context: Context, view: MaterializedView, schema: TableSchema) -> ViewUse:
    """How a view answers a chart; `schema` is the view's. Raises Unfit with the reason.

    What filters and groups read is known when the chart is compiled with it, which raises Unfit as well.
    """
    chart, base = context.chart, context.fields
    _check_chart(context, view)
    if context.times.finest.fineness < 2:
        raise Unfit("the source's time is rounded")
    time = schema.column(view.timestamp_column)
    if time is None or (kind := parse_type(time.type)).base not in ("DateTime", "DateTime64"):
        raise Unfit(f"it has no time column {view.timestamp_column}")
    zoned = parse_type(time.type).zone != "UTC" or context.times.finest.type.zone != "UTC"
    if zoned and ZONES_APART_S % view.granularity_s:
        raise Unfit("its steps may be those of another time zone")
    names = _shared(view, base.schema, schema)
    dimensions = Dimensions(base, names, schema, chart.source)
    for text, what in _sql_texts(chart, dimensions):
        dimensions.check_sql(text, what)
    return ViewUse(
        view=view,
        fields=dimensions,
        times=TimeColumns((TimeColumn(Sql.of(ident(time.name)), kind, zone=kind.zone),), ()),
        conditions=_conditions(dimensions, chart.source),
        inner=_inner(context.time_range, view),
        kept=tuple(_kept(context, index, view, schema) for index in range(len(chart.select))),
    )


def legs(context: Context, use: ViewUse) -> list[Context]:
    """The parts of the range, each to be drafted by itself: the view's, and the edges it leaves."""
    whole, inner = context.time_range, use.inner
    edges = [TimeRange(whole.start_ms, inner.start_ms), TimeRange(inner.end_ms, whole.end_ms)]
    edges = [edge for edge in edges if not edge.empty]
    in_view = replace(
        context,
        view=None,
        time_range=inner,
        fields=use.fields,
        times=use.times,
        conditions=use.conditions,
        values=_values([kept.of_view if edges else kept.alone for kept in use.kept]),
    )
    of_rows = _values([kept.of_rows for kept in use.kept])
    return [in_view, *(replace(context, view=None, time_range=edge, values=of_rows) for edge in edges)]


def merged(drafts: list[Draft], use: ViewUse) -> Draft:
    """The parts as one draft."""
    if len(drafts) == 1:
        return drafts[0]
    one = drafts[0]
    return Draft(
        source=subquery(Sql.join([render(draft) for draft in drafts], "\nUNION ALL\n")),
        bucket=one.bucket and Sql.of(BUCKET),
        groups=tuple(Sql.of(group_name(index)) for index in range(len(one.groups))),
        values=tuple(kept.whole(value_name(at)) for at, kept in zip(range(len(one.values)), use.kept, strict=False)),
    )


def _values(parts: list[Callable[[Sql | None], Sql]]) -> Callable[[Context], tuple[Sql, ...]]:
    """The values of a part: those of the chart's selects, each under its own condition."""

    def values(context: Context) -> tuple[Sql, ...]:
        conditions = [context.conditions.read(select.where).sql for select in context.chart.select]
        return tuple(part(condition) for part, condition in zip(parts, conditions, strict=False))

    return values


def _check_chart(context: Context, view: MaterializedView) -> None:
    chart = context.chart
    for select in chart.select:
        if select.metric is not None or select.aggregate not in KEPT_AGGREGATES:
            raise Unfit(f"{select.aggregate} is never kept")
        if select.expression_language != "sql":
            raise Unfit("a condition is no column of it")
    if (chart.source.sample_rate_expression or "").strip():
        raise Unfit("the source's events are weighted by their sample rate")
    width_s = chart.granularity_s
    if not isinstance(width_s, int):
        return
    if not Grid.of(chart, width_s).divided_by(view.granularity_s, context.time_range):
        where = "" if chart.time_zone == "UTC" else f" in {chart.time_zone}"
        raise Unfit(f"buckets of {width_s} s{where} are not made of its steps of {view.granularity_s} s")


def _conditions(dimensions: Dimensions, source: Source) -> Conditions:
    """What words without a field search is often no dimension; then only filters that have such words are unfit."""
    try:
        return Conditions(dimensions, source)
    except Unfit:
        return Conditions(dimensions, replace(source, implicit_column_expression=None, body_expression=None))


def _inner(time_range: TimeRange, view: MaterializedView) -> TimeRange:
    """The whole steps of the view inside a range."""
    step_ms = view.granularity_s * 1000
    start_ms = max(time_range.start_ms, view.min_date_ms or 0)
    inner = TimeRange(-(-start_ms // step_ms) * step_ms, time_range.end_ms // step_ms * step_ms)
    if inner.empty:
        raise Unfit(f"the range holds none of its steps of {view.granularity_s} s as a whole")
    return inner


def _shared(view: MaterializedView, base: TableSchema, schema: TableSchema) -> frozenset[str]:
    """The dimensions that both tables have, with the same type."""
    shared = set()
    for name in view.dimensions:
        mine, theirs = base.column(name), schema.column(name)
        if mine is not None and theirs is not None and parse_type(mine.type) == parse_type(theirs.type):
            shared.add(name)
    return frozenset(shared)


def _sql_texts(chart: ChartConfig, dimensions: Dimensions) -> list[tuple[str, str]]:
    """What people wrote as SQL over columns, and where."""
    filters: list[tuple[Filter, str]] = [(chart.where, "where")]
    filters += [(each, f"filters.{at}") for at, each in enumerate(chart.filters)]
    filters += [(select.where, f"series.{at}.where") for at, select in enumerate(chart.select)]
    texts = [(each.text, what) for each, what in filters if each.language == "sql" and each.text.strip()]
    of_source = chart.source.table_filter_expression
    if of_source and of_source.strip():
        texts.append((of_source, "tableFilterExpression"))
    for at, (text, _) in enumerate(group_parts(chart)):
        if "(" in text or dimensions.find_or_none(text.strip().strip("`")) is None:
            texts.append((text, f"groupBy.{at}"))
    return texts


def _kept(context: Context, index: int, view: MaterializedView, schema: TableSchema) -> Kept:
    select = context.chart.select[index]
    if select.aggregate == "count":
        return kept_value(Wanted(select), view, schema)
    expression = read_expression(
        select.expression or "", context.fields, context.place(index, ".field"), types=context.types
    )
    column = next((each for each in context.fields.schema.columns if Sql.of(ident(each.name)) == expression.sql), None)
    if column is None:
        raise Unfit(f"{select.expression} is not a column")
    if (
        AGGREGATIONS[select.aggregate].needs not in ("anything", "an identity")
        and parse_type(column.type).family != "number"
    ):
        raise Unfit(f"{select.expression} is not a number")
    return kept_value(Wanted(select, expression.sql, column.type), view, schema)

"""The texts of a chart, each on a chart that has no other (see blame)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from clickstack.core.chart import ChartConfig, Filter, Select

from .blame import Piece
from .draft import Places
from .naming import group_parts, value_names

Ask = Callable[[ChartConfig], object]
Hint = Callable[[str], str]


def chart_pieces(chart: ChartConfig, places: Places, ask: Ask, hint: Hint) -> Iterator[Piece]:
    """`ask` compiles a chart and has it described, `hint` knows the source's columns. The chart is settled.

    What others are made of comes first: named queries, the source's own filter, conditions, groups, values.
    """
    bare = replace(
        chart,
        source=replace(chart.source, table_filter_expression=None, sample_rate_expression=None),
        select=(_nothing(chart.select[0]),),
        where=Filter(),
        filters=(),
        group_by=(),
        having="",
        order_by=(),
        formulas=(),
        ratio=None,
        series_limit=None,
        other=False,
        compare_to_previous=False,
    )
    yield from _named(bare, ask, hint)
    yield from _of_source(chart, bare, ask, hint)
    yield _piece("where", chart.where.text, replace(bare, where=chart.where), ask, hint)
    for at, each in enumerate(chart.filters):
        yield _piece(f"filters.{at}", each.text, replace(bare, filters=(each,)), ask, hint)
    for at, text in enumerate(chart.group_by):
        yield _piece(f"groupBy.{at}", text, replace(bare, group_by=(text,)), ask, hint)
    grouped = replace(bare, group_by=chart.group_by)
    for at, select in enumerate(chart.select):
        if select.metric is not None and select.metric.name_sql:
            named = replace(_nothing(select), metric=select.metric)
            place = places.of(at, ".metricNameSql")
            yield _piece(place, select.metric.name_sql, replace(bare, select=(named,)), ask, hint)
        alone = replace(_nothing(select), where=select.where)
        yield _piece(places.of(at, ".where"), select.where.text, replace(bare, select=(alone,)), ask, hint)
        metric = select.metric and replace(select.metric, name_sql=None)
        plain = replace(grouped, select=(replace(select, where=Filter(), metric=metric),))
        yield _piece(places.of(at, ".field"), select.expression or "", plain, ask, hint)
    yield from _of_answer(chart, ask)


def _named(bare: ChartConfig, ask: Ask, hint: Hint) -> Iterator[Piece]:
    if bare.select[0].metric is not None:
        return
    for at, cte in enumerate(bare.with_queries):
        read = cte.name if cte.scalar else f"(SELECT count() FROM {cte.name})"
        one = replace(bare, with_queries=bare.with_queries[: at + 1], select=(Select("none", f"any({read})"),))
        yield _piece(f"with.{at}.sql", cte.sql, one, ask, hint)


def _of_source(chart: ChartConfig, bare: ChartConfig, ask: Ask, hint: Hint) -> Iterator[Piece]:
    """What the source, or the chart instead of it, says about all of its rows."""
    source = chart.source
    own = source.table_filter_expression or ""
    filtered = replace(bare, source=replace(bare.source, table_filter_expression=own))
    yield _piece("tableFilterExpression", own, filtered, ask, hint)
    weight = source.sample_rate_expression or ""
    weighed = replace(bare, source=replace(bare.source, sample_rate_expression=weight))
    yield _piece(
        "sampleWeightExpression" if chart.sample_weight else "sampleRateExpression", weight, weighed, ask, hint
    )
    searched = replace(bare, where=Filter("x"))
    yield _piece("implicitColumnExpression", source.implicit_column_expression or "", searched, ask, hint)


def _of_answer(chart: ChartConfig, ask: Ask) -> Iterator[Piece]:
    """`having` and `orderBy` speak of what the rest of the chart answers."""
    names = [*(name for _, name in group_parts(chart)), *value_names(chart)]
    there_are = f"There are: {', '.join(names)}"

    plain = replace(chart, having="", order_by=(), compare_to_previous=False)
    yield _piece("having", chart.having, replace(plain, having=chart.having), ask, lambda _: there_are)
    for at, order in enumerate(chart.order_by):
        yield _piece(f"orderBy.{at}", order.expression, replace(plain, order_by=(order,)), ask, lambda _: there_are)


def _piece(place: str, text: str, chart: ChartConfig, ask: Ask, hint: Hint) -> Piece:
    return Piece(place, text, (lambda: ask(chart)) if text.strip() else (lambda: None), hint)


def _nothing(select: Select) -> Select:
    """A value of the same source that reads no text."""
    if select.metric is None:
        return Select("count")
    return replace(select, where=Filter(), expression=None, metric=replace(select.metric, name_sql=None))

"""Values of a chart → its rows: series joined, ratio and formulas, top groups, having, order, limit.

    operands ─► derived values ─► ranks of groups ─► having, order, limit

Each layer is a query over the one before, and stands only when the chart asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from clickstack.core.chart import ChartConfig
from clickstack.core.errors import BadQuery
from clickstack.core.limits import CHART_ROWS_MAX
from clickstack.core.sql import Sql
from clickstack.store import TableSchema

from .columntype import parse_type
from .draft import BUCKET, Draft, group_name, render, select, subquery, value_name
from .fields import Field, Fields
from .formula import formula_sql
from .lucene import compile_lucene
from .naming import group_parts, spoken_names, value_names, with_columns
from .usersql import user_expression

PEAK, PLACE = "__peak", "__place"
_TEXT, _NUMBER = parse_type("Nullable(String)"), parse_type("Nullable(Float64)")


def compose(chart: ChartConfig, drafts: Sequence[Draft]) -> Sql:
    """The query of a chart. `drafts` are one for all selects, or one for each. Raises BadQuery."""
    derived = derived_values(chart)
    ranked = chart.series_limit is not None and bool(chart.group_by) and drafts[0].bucket is not None
    ranked = ranked and not chart.other  # with the rest as one group, ranking has chosen the groups before
    if len(_of_same_rows(drafts)) == 1 and not derived and not ranked and not chart.having and not chart.order_by:
        return Sql.join([operands(drafts), *_order(chart, drafts[0]), _limit(chart)], "\n")
    names = _keys(drafts[0])
    rows = operands(drafts)
    if derived:
        operand_names = [value_name(index) for index in range(len(chart.select))]
        columns = [Sql.of(name) for name in (*names, *operand_names)]
        columns += [Sql.of(sql, f" AS {value_name(len(operand_names) + index)}") for index, sql in enumerate(derived)]
        rows = select(columns, subquery(rows), [], [])
    if ranked:
        rows = _ranked(rows, chart, drafts[0])
    conditions = [Sql.of(f"{PLACE} <= {chart.series_limit}")] if ranked else []
    if chart.having.strip():
        conditions.append(_having(chart))
    columns = [Sql.of(name) for name in (*names, *(value_name(index) for index in shown_values(chart)))]
    return select(columns, subquery(rows), conditions, [*_order(chart, drafts[0]), _limit(chart)])


def operands(drafts: Sequence[Draft]) -> Sql:
    """The values as asked, in no order. Several drafts are joined on bucket and groups; what is absent is NULL.

    Drafts of the same rows are one: those are read once (§9.1 W37).
    """
    read = _of_same_rows(drafts)
    if len(read) == 1:
        return render(read[0][0])
    names = _keys(drafts[0])
    each = [_indexed(draft, indexes, names) for draft, indexes in read]
    values = [Sql.of(f"anyOrNullIf(__value, __index = {index}) AS {value_name(index)}") for index in range(len(drafts))]
    listed = ", ".join(names)
    return select(
        [*(Sql.of(name) for name in names), *values],
        subquery(Sql.join(each, "\nUNION ALL\n")),
        [],
        [f"GROUP BY {listed}"] if names else [],
    )


def _of_same_rows(drafts: Sequence[Draft]) -> list[tuple[Draft, list[int]]]:
    """Drafts that differ in their values only, as one with all values; and which values of the chart those are."""
    same: dict[Draft, list[int]] = {}
    at = 0
    for draft in drafts:
        same.setdefault(replace(draft, values=(), warnings=()), []).extend(range(at, at + len(draft.values)))
        at += len(draft.values)
    values = [value for draft in drafts for value in draft.values]
    return [(replace(rows, values=tuple(values[at] for at in indexes)), indexes) for rows, indexes in same.items()]


def _indexed(draft: Draft, indexes: list[int], names: list[str]) -> Sql:
    """A row for each value of a draft: which value of the chart it is, bucket and groups, the value."""
    keys = [Sql.of(name) for name in names]
    if len(indexes) == 1:
        columns = [Sql.of(f"{indexes[0]} AS __index"), *keys, Sql.of(f"toFloat64({value_name(0)}) AS __value")]
        return select(columns, subquery(render(draft)), [], [])
    pairs = ", ".join(f"({index}, toFloat64({value_name(at)}))" for at, index in enumerate(indexes))
    paired = select([*keys, Sql.of(f"arrayJoin([{pairs}]) AS __pair")], subquery(render(draft)), [], [])
    return select([Sql.of("__pair.1 AS __index"), *keys, Sql.of("__pair.2 AS __value")], subquery(paired), [], [])


def top_groups(chart: ChartConfig, drafts: Sequence[Draft]) -> Sql:
    """The groups with the largest value in any bucket, as a table of their group columns. NULL is no group (§2.8)."""
    groups = [group_name(index) for index in range(len(chart.group_by))]
    listed = ", ".join(groups)
    return select(
        [Sql.of(name) for name in groups],
        subquery(operands(drafts)),
        [Sql.of(f"isNotNull({name})") for name in groups],
        [
            f"GROUP BY {listed}",
            Sql.of("ORDER BY max(", _rank_value(chart), f") DESC NULLS LAST, {listed}"),
            f"LIMIT {chart.series_limit}",
        ],
    )


def derived_values(chart: ChartConfig) -> list[Sql]:
    """Formulas, or the ratio, over the columns of the selects. Raises BadFormula."""
    values = [Sql.of(value_name(index)) for index in range(len(chart.select))]
    if chart.formulas:
        return [
            formula_sql(formula, values, f"formulas.{index}.expression") for index, formula in enumerate(chart.formulas)
        ]
    if chart.ratio is None or len(values) != 2:
        return []
    if chart.ratio == "per_group":
        return [ratio_sql()]
    whole = f"OVER (PARTITION BY {BUCKET})" if isinstance(chart.granularity_s, int) else "OVER ()"
    return [_quotient(f"sum({value_name(1)}) {whole}")]


def ratio_sql() -> Sql:
    """First ÷ second; a missing first is 0, nothing or 0 below the line is NULL (§2.9, §9.1 W9)."""
    return _quotient(value_name(1))


def _quotient(below: str) -> Sql:
    """In Float64, since decimals divided by the engine keep the few digits of the column."""
    return Sql.of(f"toFloat64(coalesce({value_name(0)}, 0)) / nullIf(toFloat64({below}), 0)")


def shown_values(chart: ChartConfig) -> list[int]:
    """The values of the answer, by index: a ratio stands alone, formulas beside or instead of their operands."""
    operand_count, all_count = len(chart.select), len(value_names(chart))
    hidden = (chart.formulas and not chart.show_operands) or (chart.ratio and not chart.formulas)
    return list(range(operand_count if hidden and all_count > operand_count else 0, all_count))


def _having(chart: ChartConfig) -> Sql:
    if chart.having_language == "lucene":
        condition = compile_lucene(chart.having, ResultFields(chart), None).sql
        return condition or Sql.of("true")
    return user_expression(with_columns(chart.having, _named(chart), "having"), "having", subqueries=False)


class ResultFields(Fields):
    """The names of a chart's rows, as a search sees them: values are numbers, groups are texts."""

    def __init__(self, chart: ChartConfig) -> None:
        super().__init__(TableSchema("", "", (), (), ""), chart.source)
        groups = {name: group_name(index) for index, (_, name) in enumerate(group_parts(chart))}
        values = {name: value_name(index) for index, name in enumerate(value_names(chart))}
        self._results = {
            **{name: Field(name, Sql.of(f"toString({column})"), _TEXT) for name, column in groups.items()},
            **{name: Field(name, Sql.of(f"toFloat64({column})"), _NUMBER) for name, column in values.items()},
        }

    def find(self, name: str, position: int | None = None) -> Field:
        found = self._results.get(name)
        if found is None:
            names = ", ".join(self._results)
            raise BadQuery(
                f"having: there is no {name!r} in the answer.", position=position, hint=f"There are: {names}"
            )
        return found


def _ranked(rows: Sql, chart: ChartConfig, draft: Draft) -> Sql:
    groups = ", ".join(group_name(index) for index in range(len(draft.groups)))
    peaks = select(
        [Sql.of("*"), Sql.of("max(", _rank_value(chart), f") OVER (PARTITION BY {groups}) AS {PEAK}")],
        subquery(rows),
        [Sql.of(f"isNotNull({group_name(index)})") for index in range(len(draft.groups))],
        [],
    )
    return select(
        [Sql.of("*"), Sql.of(f"dense_rank() OVER (ORDER BY {PEAK} DESC NULLS LAST, {groups}) AS {PLACE}")],
        subquery(peaks),
        [],
        [],
    )


def _rank_value(chart: ChartConfig) -> Sql:
    return ratio_sql() if chart.ratio and len(chart.select) == 2 else Sql.of(value_name(0))


def _order(chart: ChartConfig, draft: Draft) -> list[Sql]:
    """Time first, then what the chart says, then its groups, so that pages are disjoint. NULL is last (§2.12)."""
    items = [Sql.of(BUCKET)] if draft.bucket is not None else []
    for index, order in enumerate(chart.order_by):
        what = f"orderBy.{index}"
        key = user_expression(with_columns(order.expression, _named(chart), what), what, subqueries=False)
        items.append(Sql.of(key, " DESC NULLS LAST" if order.descending else " ASC NULLS LAST"))
    items += [Sql.of(group_name(index)) for index in range(len(draft.groups))]
    return [Sql.of("ORDER BY ", Sql.join(items, ", "))] if items else []


def _limit(chart: ChartConfig) -> str:
    """Without a limit one row more than allowed, so that a cut chart is noticed (query/shape.py) instead of drawn."""
    if chart.limit is None:
        return f"LIMIT {CHART_ROWS_MAX + 1}"
    return f"LIMIT {chart.limit}" + (f" OFFSET {chart.offset}" if chart.offset else "")


def _named(chart: ChartConfig) -> Mapping[str, str]:
    groups = {name: group_name(index) for index, (_, name) in enumerate(group_parts(chart))}
    expressions = {text: group_name(index) for index, (text, _) in enumerate(group_parts(chart))}
    values = {name: value_name(index) for index, name in enumerate(value_names(chart))}
    spoken = {name: value_name(index) for name, index in spoken_names(chart).items()}
    return {**spoken, **expressions, **groups, **values}


def _keys(draft: Draft) -> list[str]:
    return [*([BUCKET] if draft.bucket is not None else []), *(group_name(i) for i in range(len(draft.groups)))]

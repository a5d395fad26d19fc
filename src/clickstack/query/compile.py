"""Chart → SQL, in passes. Pure: the schema and the types are given, nothing is asked.

check → scan → filter_time → filter_rows → bucket → group → keep_top → fold_series → aggregate → prune

Each pass takes a Draft and returns one; none calls another. A chart of events is one draft; a chart of metrics is one
for each value, since every metric has its own rows. compose.py makes the chart's query of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from clickstack.core.chart import AggregateName, ChartConfig, Filter, Select
from clickstack.core.errors import BadRequest
from clickstack.core.sql import Param, Sql
from clickstack.core.timerange import TimeRange

from .columntype import ColumnType
from .compose import compose, shown_values, top_groups
from .draft import BUCKET, Context, Draft, Places, bucket_start, subquery, table
from .expression import Expression, read_expression
from .fields import Fields
from .grid import Grid
from .metrics import check_metric, fold_series, metric_condition, metric_lookback_ms
from .named import with_named
from .naming import group_parts, value_names
from .select import AGGREGATIONS, Ask, answered_together, argument, comparable
from .views import legs, merged

OTHER = "Other"  # the group of all groups beyond the series limit


@dataclass(frozen=True, slots=True)
class CompiledChart:
    """Rows come out as [bucket in seconds since 1970, if bucketed], group values, values, called so."""

    sql: Sql
    bucketed: bool
    groups: tuple[str, ...]
    values: tuple[str, ...]
    warnings: tuple[str, ...]


def compile_chart(chart: ChartConfig, contexts: Sequence[Context]) -> CompiledChart:
    """The query of a settled chart. `contexts` are one for all selects of events, or one for each metric.

    Raises BadQuery for texts that are wrong, BadRequest for what does not fit together.
    """
    if chart.other and chart.series_limit and chart.group_by and chart.granularity_s:
        ranking = _ranking(chart, contexts)
        contexts = [replace(context, top=ranking) for context in contexts]
    drafts = [_draft(context) for context in contexts]
    names = value_names(chart)
    return CompiledChart(
        with_named(contexts[0].named, compose(chart, drafts)),
        drafts[0].bucket is not None,
        tuple(name for _, name in group_parts(chart)),
        tuple(names[index] for index in shown_values(chart)),
        tuple(dict.fromkeys(warning for draft in drafts for warning in draft.warnings)),
    )


def _draft(context: Context) -> Draft:
    if context.view is not None:
        return merged([_draft(leg) for leg in legs(context, context.view)], context.view)
    draft = Draft()
    for step in PASSES:
        draft = step(draft, context)
    return draft


def _ranking(chart: ChartConfig, contexts: Sequence[Context]) -> Sql:
    """The query of the groups to keep: of the values, only those that rank are computed."""
    ranks = 2 if chart.ratio and len(chart.select) == 2 else 1
    if len(contexts) > 1 or ranks == len(chart.select):
        return top_groups(chart, [_draft(context) for context in contexts[:ranks]])
    only = replace(contexts[0], chart=replace(contexts[0].chart, select=chart.select[:ranks]))
    return top_groups(chart, [_draft(only)])


def check(draft: Draft, context: Context) -> Draft:
    for index, select in enumerate(context.chart.select):
        if select.metric is not None:
            check_metric(select, context.place(index))
        elif select.aggregate in ("increase", "rate"):
            raise BadRequest(
                f"{context.place(index, '.aggFn')}: {select.aggregate} is of sum metrics; this source is not one"
            )
    return draft


def scan(draft: Draft, context: Context) -> Draft:
    return replace(draft, source=table(context.fields))


def filter_time(draft: Draft, context: Context) -> Draft:
    """The range; counters also look back, for the value their first increase starts from."""
    lookback_ms = metric_lookback_ms(context.chart)
    wider = TimeRange(context.time_range.start_ms - lookback_ms, context.time_range.end_ms)
    return draft.asking(context.times.within(wider))


def filter_rows(draft: Draft, context: Context) -> Draft:
    chart = context.chart
    condition = context.conditions.read(chart.where)
    filters = [context.conditions.read(each, f"filters.{at}") for at, each in enumerate(chart.filters)]
    warnings = tuple(warning for each in (condition, *filters) for warning in each.warnings)
    asked = [each.sql for each in filters if each.sql is not None]
    if chart.filters_operator == "OR" and len(asked) > 1:
        asked = [Sql.of("(", Sql.join(asked, " OR "), ")")]
    draft = replace(draft, warnings=draft.warnings + warnings)
    return draft.asking([*metric_condition(context), *context.conditions.of_source(), condition.sql, *asked])


def bucket(draft: Draft, context: Context) -> Draft:
    width_s = context.chart.granularity_s
    if not isinstance(width_s, int):
        return draft
    time = context.times.finest
    start = bucket_start(time.sql, width_s, context)
    if time.whole_units:  # a day that has begun before the range belongs to the first bucket
        first_s = Grid.of(context.chart, width_s).start(context.time_range.start_ms // 1000)
        start = Sql.of("greatest(", start, f", {first_s})")
    return replace(draft, bucket=start)


def group(draft: Draft, context: Context) -> Draft:
    expressions = [
        read_expression(text, context.fields, f"groupBy.{index}", types=context.types)
        for index, (text, _) in enumerate(group_parts(context.chart))
    ]
    return replace(draft, groups=tuple(comparable(expression) for expression in expressions))


def keep_top(draft: Draft, context: Context) -> Draft:
    """Groups that are not among the top are one group, so that its values are computed from all of its rows."""
    if context.top is None or not draft.groups:
        return draft
    among = Sql.of("(", Sql.join(draft.groups, ", "), ") IN ", subquery(context.top))
    return replace(
        draft, groups=tuple(Sql.of("if(", among, ", toString(", each, f"), '{OTHER}')") for each in draft.groups)
    )


def aggregate(draft: Draft, context: Context) -> Draft:
    if draft.values:  # a distribution has computed its value
        return draft
    if context.values is not None:
        return replace(draft, values=context.values(context))
    selects = context.chart.select
    asks = [_ask(select, index, draft, context) for index, select in enumerate(selects)]
    quantiles = [
        ask if _fusible(select, ask, draft, context) else None for select, ask in zip(selects, asks, strict=True)
    ]
    together = [found or ask for found, ask in zip(answered_together(quantiles), asks, strict=True)]
    values = [AGGREGATIONS[_aggregate_name(select)].render(ask) for select, ask in zip(selects, together, strict=True)]
    return replace(draft, values=tuple(values))


def _fusible(select: Select, ask: Ask, draft: Draft, context: Context) -> bool:
    """Whether a value is a plain quantile of a number that is always there, in groups that have rows."""
    if select.aggregate != "quantile" or ask.condition is not None or ask.weight is not None:
        return False
    if draft.point is not None or not select.expression or not (draft.bucket or draft.groups):
        return False
    expression = _expression(select, context, "field")
    kind = expression.type
    if expression.present is not None:
        return False
    return kind is not None and kind.family == "number" and not kind.nullable and not kind.base.startswith("Decimal")


def _aggregate_name(select: Select) -> AggregateName:
    """A metric without an aggregate is its newest value (§9.1 W27)."""
    return "last_value" if select.metric is not None and select.aggregate == "none" else select.aggregate


def prune(draft: Draft, context: Context) -> Draft:
    """When every value has a condition of its own, rows that meet none need not be read."""
    conditions = [context.conditions.read(select.where).sql for select in context.chart.select]
    wanted = [condition for condition in conditions if condition is not None]
    if context.chart.select[0].metric is not None or not wanted or len(wanted) < len(conditions):
        return draft
    return draft.asking([Sql.of("(", Sql.join(wanted, " OR "), ")") if len(wanted) > 1 else wanted[0]])


PASSES: tuple[Callable[[Draft, Context], Draft], ...] = (
    check,
    scan,
    filter_time,
    filter_rows,
    bucket,
    group,
    keep_top,
    fold_series,
    aggregate,
    prune,
)


def untyped(chart: ChartConfig, fields: Fields, places: Places) -> list[str]:
    """The SQL expressions whose types an aggregate must know and only the engine can tell."""
    texts = []
    for index, select in enumerate(chart.select):
        if select.metric is not None or not select.expression or select.expression_language != "sql":
            continue
        expression = read_expression(select.expression, fields, places.of(index, ".field"))
        if expression.type is None and AGGREGATIONS[select.aggregate].needs in ("a number", "a number or a time"):
            texts.append(expression.text)
    return texts


def _ask(select: Select, index: int, draft: Draft, context: Context) -> Ask:
    """What one value needs. A metric's points are numbers already and have met their conditions."""
    what = context.place(index, ".field")
    needs = AGGREGATIONS[select.aggregate].needs
    level = 0.5 if select.level is None else select.level
    if draft.point is not None:
        return Ask(draft.point, None, Sql.of("__time"), level, seconds=_seconds(draft, context))
    condition = context.conditions.read(select.where, context.place(index, ".where")).sql
    weight = _weight(context)
    if needs == "nothing":
        return Ask(Sql(()), condition, context.times.finest.sql, level, weight)
    if not select.expression or not select.expression.strip():
        raise BadRequest(f"{what}: {select.aggregate} needs a field to aggregate")
    expression = _expression(select, context, what)
    return Ask(argument(expression, needs, what), condition, context.times.finest.sql, level, weight)


def _expression(select: Select, context: Context, what: str) -> Expression:
    """What a value is of. A Lucene text is the truth of its condition."""
    text = select.expression or ""
    if select.expression_language == "sql":
        return read_expression(text, context.fields, what, types=context.types)
    condition = context.conditions.read(Filter(text), what).sql or Sql.of("true")
    return Expression(text, Sql.of("toBool(ifNull(", condition, ", false))"), ColumnType("Bool"))


def _seconds(draft: Draft, context: Context) -> Sql:
    """The time a bucket covers: at the edges of the range only the part inside."""
    start_s, end_s = context.time_range.start_ms / 1000, context.time_range.end_ms / 1000
    width_s = context.chart.granularity_s
    if draft.bucket is None or not isinstance(width_s, int):
        return Sql.of(f"{end_s - start_s!r}")
    length = Grid.of(context.chart, width_s).length_sql(BUCKET, context.time_range)
    end = Sql.of(f"least(toFloat64({BUCKET} + {length}), ", Param(end_s, "Float64"), ")")
    return Sql.of("(", end, f" - greatest(toFloat64({BUCKET}), ", Param(start_s, "Float64"), "))")


def _weight(context: Context) -> Sql | None:
    """How many events a sampled span stands for; unreadable and zero rates count as one."""
    text = context.chart.source.sample_rate_expression
    if not text or not text.strip():
        return None
    what = "sampleWeightExpression" if context.chart.sample_weight else "sampleRateExpression"
    rate = read_expression(text, context.fields, what)
    return Sql.of("greatest(toUInt64OrZero(toString(", rate.sql, ")), 1)")

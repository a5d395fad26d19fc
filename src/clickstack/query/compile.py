"""Chart → SQL, in passes. Pure: the schema and the types are given, nothing is asked.

check → scan → filter_time → filter_rows → bucket → group → fold_series → aggregate → prune → bound

Each pass takes a Draft and returns one; none calls another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..core.chart import ChartConfig, Select
from ..core.errors import BadRequest
from ..core.limits import CHART_ROWS_MAX
from ..core.sql import Sql
from ..core.timerange import TimeRange
from .draft import Context, Draft, render, table
from .expression import read_expression
from .fields import Fields
from .metrics import check_metric, fold_series, metric_condition, metric_lookback_ms
from .select import AGGREGATIONS, Ask, argument


@dataclass(frozen=True, slots=True)
class CompiledChart:
    """Rows come out as [bucket in seconds since 1970, if bucketed], group values, values."""

    sql: Sql
    bucketed: bool
    groups: int
    warnings: tuple[str, ...]


def compile_chart(context: Context) -> CompiledChart:
    """The query of a chart. Raises BadQuery for texts that are wrong, BadRequest for what does not fit together."""
    draft = Draft()
    for step in PASSES:
        draft = step(draft, context)
    return CompiledChart(render(draft), draft.bucket is not None, len(draft.groups), draft.warnings)


def check(draft: Draft, context: Context) -> Draft:
    for index, select in enumerate(context.chart.select):
        if select.metric is not None:
            check_metric(select, index)
        elif select.aggregate == "increase":
            raise BadRequest(f"series.{index}.aggFn: increase is of sum metrics; this source is not one")
    return draft


def scan(draft: Draft, context: Context) -> Draft:
    return replace(draft, source=table(context.fields))


def filter_time(draft: Draft, context: Context) -> Draft:
    """The range; counters also look back, for the value their first increase starts from."""
    lookback_ms = metric_lookback_ms(context.chart)
    wider = TimeRange(context.time_range.start_ms - lookback_ms, context.time_range.end_ms)
    return draft.asking(context.times.within(wider))


def filter_rows(draft: Draft, context: Context) -> Draft:
    condition = context.conditions.read(context.chart.where)
    draft = replace(draft, warnings=draft.warnings + condition.warnings)
    return draft.asking([*metric_condition(context), *context.conditions.of_source(), condition.sql])


def bucket(draft: Draft, context: Context) -> Draft:
    """Buckets begin at multiples of their width since 1970 UTC, whatever the server's zone (§9.1 W14)."""
    width_s = context.chart.granularity_s
    if width_s is None:
        return draft
    return replace(draft, bucket=bucket_start(context.times.finest.sql, width_s))


def bucket_start(time: Sql, width_s: int) -> Sql:
    return Sql.of("toUnixTimestamp(toStartOfInterval(toDateTime(", time, f"), toIntervalSecond({int(width_s)})))")


def group(draft: Draft, context: Context) -> Draft:
    expressions = [
        read_expression(text, context.fields, f"groupBy.{index}", types=context.types)
        for index, text in enumerate(context.chart.group_by)
    ]
    return replace(draft, groups=tuple(expression.sql for expression in expressions))


def aggregate(draft: Draft, context: Context) -> Draft:
    values = [
        AGGREGATIONS[select.aggregate].render(_ask(select, f"series.{index}.field", draft, context))
        for index, select in enumerate(context.chart.select)
    ]
    return replace(draft, values=tuple(values))


def prune(draft: Draft, context: Context) -> Draft:
    """When every value has a condition of its own, rows that meet none need not be read."""
    conditions = [context.conditions.read(select.where).sql for select in context.chart.select]
    wanted = [condition for condition in conditions if condition is not None]
    if draft.point is not None or not wanted or len(wanted) < len(conditions):
        return draft
    return draft.asking([Sql.of("(", Sql.join(wanted, " OR "), ")") if len(wanted) > 1 else wanted[0]])


def bound(draft: Draft, _context: Context) -> Draft:
    """One row more than allowed, so that a cut chart is noticed (query/shape.py) instead of drawn."""
    return replace(draft, rows_max=CHART_ROWS_MAX + 1)


PASSES: tuple[Callable[[Draft, Context], Draft], ...] = (
    check,
    scan,
    filter_time,
    filter_rows,
    bucket,
    group,
    fold_series,
    aggregate,
    prune,
    bound,
)


def untyped(chart: ChartConfig, fields: Fields) -> list[str]:
    """The SQL expressions whose types an aggregate must know and only the engine can tell."""
    texts = []
    for index, select in enumerate(chart.select):
        if select.metric is not None or not select.expression:
            continue
        expression = read_expression(select.expression, fields, f"series.{index}.field")
        if expression.type is None and AGGREGATIONS[select.aggregate].needs not in ("nothing", "anything"):
            texts.append(expression.text)
    return texts


def _ask(select: Select, what: str, draft: Draft, context: Context) -> Ask:
    """What one value needs. A metric's points are numbers already and have met their conditions."""
    needs = AGGREGATIONS[select.aggregate].needs
    level = 0.5 if select.level is None else select.level
    if draft.point is not None:
        return Ask(draft.point, None, Sql.of("__time"), level)
    condition = context.conditions.read(select.where).sql
    weight = _weight(context)
    if needs == "nothing":
        return Ask(Sql(()), condition, context.times.finest.sql, level, weight)
    if not select.expression or not select.expression.strip():
        raise BadRequest(f"{what}: {select.aggregate} needs a field to aggregate")
    expression = read_expression(select.expression, context.fields, what, types=context.types)
    return Ask(argument(expression, needs, what), condition, context.times.finest.sql, level, weight)


def _weight(context: Context) -> Sql | None:
    """How many events a sampled span stands for; unreadable and zero rates count as one."""
    text = context.chart.source.sample_rate_expression
    if not text or not text.strip():
        return None
    rate = read_expression(text, context.fields, "sampleRateExpression")
    return Sql.of("greatest(toUInt64OrZero(toString(", rate.sql, ")), 1)")

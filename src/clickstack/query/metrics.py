"""Metric points → one number per series and bucket, before the chart's aggregate (reference/query-engine.md §3).

gauge      the newest value of the bucket, by time and not by order of reading
sum        what a counter grew by in the bucket; after a reset the new value counts, as in Prometheus. Delta points
           are added up. Sums that may fall (not monotonic) are gauges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..core.chart import ChartConfig, MetricKind, Select
from ..core.errors import BadRequest
from ..core.sql import Param, Sql
from ..core.timerange import auto_granularity_seconds
from .draft import BUCKET, Context, Draft, group_name, select, subquery
from .expression import read_expression

# A counter's previous point is looked for this far before the range, so that the first bucket has its increase (W5).
LOOKBACK_MIN_S = 300

_AGGREGATES = ("avg", "min", "max", "sum", "count", "count_distinct", "quantile", "last_value", "any")
SUPPORTED: Mapping[MetricKind, tuple[str, ...]] = {"gauge": _AGGREGATES, "sum": (*_AGGREGATES, "increase")}

# The same attributes in another scope or resource are another series.
_SERIES = Sql.of("cityHash64(ScopeAttributes, ResourceAttributes, Attributes)")

# A cumulative point's growth over the previous one of its series; the first point only starts the count.
_STEP = Sql.of("multiIf(__delta, __point, isNull(__previous), 0, __point < __previous, __point, __point - __previous)")


def check_metric(select: Select, index: int) -> None:
    """Raises BadRequest when the metric's kind has no such aggregate."""
    assert select.metric is not None
    if select.aggregate not in SUPPORTED.get(select.metric.kind, ()):
        raise BadRequest(
            f"series.{index}: metricDataType {select.metric.kind!r} is not supported for aggFn {select.aggregate!r}"
        )


def metric_lookback_ms(chart: ChartConfig) -> int:
    metric = chart.select[0].metric
    if metric is None or metric.kind != "sum":
        return 0
    return max(LOOKBACK_MIN_S, chart.granularity_s or 0) * 1000


def metric_condition(context: Context) -> list[Sql | None]:
    """The metric's name, and the value's own filter: both choose series, so they come before any difference."""
    select = context.chart.select[0]
    if select.metric is None:
        return []
    return [Sql.of("MetricName = ", Param(select.metric.name, "String")), context.conditions.read(select.where).sql]


def fold_series(draft: Draft, context: Context) -> Draft:
    """Points become series numbers; the draft then reads those. Charts of events pass through."""
    metric = context.chart.select[0].metric
    if metric is None:
        return draft
    fold = {"gauge": _last_values, "sum": _increases}[metric.kind]
    names = [group_name(index) for index in range(len(draft.groups))]
    return replace(
        draft,
        source=subquery(fold(draft, context)),
        where=(),
        bucket=Sql.of(BUCKET) if draft.bucket else None,
        groups=tuple(Sql.of(name) for name in names),
        point=Sql.of("__number"),
    )


def _last_values(draft: Draft, context: Context) -> Sql:
    time = context.times.finest.sql
    return select(
        columns=[
            Sql.of(_inner_bucket(draft, context), f" AS {BUCKET}"),
            *_groups(draft),
            Sql.of("max(", time, ") AS __time"),
            Sql.of("argMax(", _value(context), ", ", time, ") AS __number"),
        ],
        source=draft.source,
        where=draft.where,
        tail=[Sql.of("GROUP BY ", Sql.join([BUCKET, *_names(draft), _SERIES], ", "))],
    )


def _increases(draft: Draft, context: Context) -> Sql:
    time = context.times.finest.sql
    window = Sql.of(" OVER (PARTITION BY ", _SERIES, " ORDER BY ", time, " ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING)")
    steps = select(
        columns=[
            Sql.of(_inner_bucket(draft, context), f" AS {BUCKET}"),
            *_groups(draft),
            Sql.of(time, " AS __at"),
            Sql.of(_SERIES, " AS __series"),
            Sql.of(_value(context), " AS __point"),
            Sql.of("AggregationTemporality = 1 AS __delta"),
            Sql.of("IsMonotonic AS __monotonic"),
            Sql.of("any(toNullable(", _value(context), "))", window, " AS __previous"),
        ],
        source=draft.source,
        where=draft.where,
        tail=[],
    )
    start = Sql.of("fromUnixTimestamp64Milli(", Param(context.time_range.start_ms, "Int64"), ", 'UTC')")
    return select(
        columns=[
            Sql.of(BUCKET),
            *(Sql.of(name) for name in _names(draft)),
            Sql.of("max(__at) AS __time"),
            Sql.of("if(any(__monotonic OR __delta), sum(", _STEP, "), argMax(__point, __at)) AS __number"),
        ],
        source=subquery(steps),
        where=[Sql.of("__at >= ", start)],
        tail=[f"GROUP BY {', '.join([BUCKET, *_names(draft), '__series'])}"],
    )


def _inner_bucket(draft: Draft, context: Context) -> Sql:
    """The chart's bucket; a chart without buckets folds in those it would have by itself (§3.2)."""
    if draft.bucket is not None:
        return draft.bucket
    width_s = auto_granularity_seconds(context.time_range)
    time = context.times.finest.sql
    return Sql.of("toUnixTimestamp(toStartOfInterval(toDateTime(", time, f"), toIntervalSecond({width_s})))")


def _value(context: Context) -> Sql:
    text = context.chart.select[0].expression
    return read_expression(text, context.fields, "series.0.field").sql if text and text.strip() else Sql.of("Value")


def _groups(draft: Draft) -> list[Sql]:
    return [Sql.of(sql, f" AS {group_name(index)}") for index, sql in enumerate(draft.groups)]


def _names(draft: Draft) -> list[str]:
    return [group_name(index) for index in range(len(draft.groups))]

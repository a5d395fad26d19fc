"""Metric points → what a chart's aggregate reads: one fold for each kind (reference/query-engine.md §3).

A fold turns the draft over raw points into a draft over its own rows. Numbers (gauge, sum) leave one `__number` per
series and bucket, which the chart's aggregate then reads; distributions compute their value themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from clickstack.core.chart import AggregateName, ChartConfig, MetricKind, Select
from clickstack.core.errors import BadRequest
from clickstack.core.sql import Param, Sql

from .draft import BUCKET, Context, Draft, group_name, subquery
from .metric_exponential import exponential_quantile, exponential_totals
from .metric_histogram import histogram_quantile, histogram_totals
from .metric_numbers import gauge_numbers, sum_numbers
from .metric_summary import summary_quantile, summary_totals
from .usersql import user_expression

# A counter's previous point is looked for this far before the range, so that the first bucket has its increase (W5).
LOOKBACK_MIN_S = 300

Numbers = Callable[[Draft, Context], Sql]
Distribution = Callable[[Draft, Context], tuple[Sql, Sql]]


@dataclass(frozen=True, slots=True)
class Kind:
    """How a metric kind answers. `numbers` serves any aggregate of `aggregates`; else each aggregate has its fold."""

    aggregates: tuple[AggregateName, ...]
    looks_back: bool
    numbers: Numbers | None = None
    folds: Mapping[str, Distribution] | None = None


_NUMBERS: tuple[AggregateName, ...] = (
    "avg", "min", "max", "sum", "count", "count_distinct", "quantile", "last_value", "any", "none",
)  # fmt: skip


def _distribution(quantile: Distribution, totals: Distribution, *of_totals: AggregateName) -> Kind:
    folds: dict[str, Distribution] = {"quantile": quantile, **dict.fromkeys(of_totals, totals)}
    return Kind(("quantile", *of_totals), looks_back=True, folds=folds)


KINDS: Mapping[MetricKind, Kind] = {
    "gauge": Kind(_NUMBERS, looks_back=False, numbers=gauge_numbers),
    "sum": Kind((*_NUMBERS, "increase", "rate"), looks_back=True, numbers=sum_numbers),
    "histogram": _distribution(histogram_quantile, histogram_totals, "count", "sum", "avg", "min", "max"),
    "exponential histogram": _distribution(
        exponential_quantile, exponential_totals, "count", "sum", "avg", "min", "max"
    ),
    "summary": _distribution(summary_quantile, summary_totals, "count", "sum", "avg"),
}


def check_metric(select: Select, place: str) -> None:
    """Raises BadRequest when the metric's kind has no such aggregate."""
    assert select.metric is not None
    kind = KINDS[select.metric.kind]
    if select.aggregate not in kind.aggregates:
        key = "metricType" if place.startswith("select") else "metricDataType"
        raise BadRequest(
            f"{place}: {key} {select.metric.kind!r} is not supported for aggFn {select.aggregate!r}; "
            f"it has {', '.join(kind.aggregates)}"
        )
    if select.is_delta and select.metric.kind != "gauge":
        raise BadRequest(f"{place}: only a gauge has a delta; for a sum use increase")


def metric_lookback_ms(chart: ChartConfig) -> int:
    metric = chart.select[0].metric
    if metric is None or not KINDS[metric.kind].looks_back:
        return 0
    width_s = chart.granularity_s if isinstance(chart.granularity_s, int) else 0
    return max(LOOKBACK_MIN_S, width_s) * 1000


def metric_condition(context: Context) -> list[Sql | None]:
    """The metric's name, and the value's own filter: both choose series, so they come before any difference.

    A point that says it recorded no value (flag 1, sent when a target has gone) holds a 0 that nobody measured.
    """
    select = context.chart.select[0]
    if select.metric is None:
        return []
    recorded = Sql.of("bitAnd(Flags, 1) = 0") if context.fields.find_or_none("Flags") else None
    name = Sql.of("MetricName = ", Param(select.metric.name, "String"))
    if select.metric.name_sql:
        name = user_expression(select.metric.name_sql, context.place(0, ".metricNameSql"))
    return [name, recorded, context.conditions.read(select.where, context.place(0, ".where")).sql]


def fold_series(draft: Draft, context: Context) -> Draft:
    """Points become what the chart's value reads. Charts of events pass through."""
    select = context.chart.select[0]
    if select.metric is None:
        return draft
    kind = KINDS[select.metric.kind]
    folded = replace(
        draft,
        where=(),
        bucket=Sql.of(BUCKET) if draft.bucket else None,
        groups=tuple(Sql.of(group_name(index)) for index in range(len(draft.groups))),
    )
    if kind.numbers is not None:
        return replace(folded, source=subquery(kind.numbers(draft, context)), point=Sql.of("__number"))
    assert kind.folds is not None
    rows, value = kind.folds[select.aggregate](draft, context)
    return replace(folded, source=subquery(rows), values=(value,))

"""Summaries → quantiles as their senders computed them, counts, sums (reference/query-engine.md §3.6)."""

from __future__ import annotations

from clickstack.core.sql import Sql

from .draft import Context, Draft, select
from .metric_histogram import totals
from .metric_steps import GROWN_BY_COUNT, in_range, key_columns, keys, series


def summary_quantile(draft: Draft, context: Context) -> tuple[Sql, Sql]:
    """The newest value of each series at the nearest quantile it has; of several series the largest.

    Quantiles of series cannot be merged exactly. The quantile of all lies between the smallest and the largest of
    them, so the largest is a bound that holds: no series was slower. NaN (no observations) counts as no value.
    """
    level = context.chart.select[0].level
    wanted = 0.5 if level is None else level
    time = context.times.finest.sql
    distance = f"arrayMap(quantile -> abs(quantile - {wanted!r}), `ValueAtQuantiles.Quantile`)"
    value = f"`ValueAtQuantiles.Value`[indexOf({distance}, arrayMin({distance}))]"
    rows = select(
        columns=[*key_columns(draft), Sql.of(f"argMax({value}, ", time, ") AS __number")],
        source=draft.source,
        where=[
            *draft.where,
            in_range(context, time),
            Sql.of("notEmpty(`ValueAtQuantiles.Quantile`)"),
            Sql.of(f"NOT isNaN({value})"),
        ],
        tail=[Sql.of("GROUP BY ", Sql.join([*keys(draft), series(context)], ", "))],
    )
    return rows, Sql.of("maxOrNull(__number)")


def summary_totals(draft: Draft, context: Context) -> tuple[Sql, Sql]:
    return totals(draft, context, GROWN_BY_COUNT, temporality=False)

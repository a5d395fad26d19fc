"""Gauges and sums → one number per series and bucket (reference/query-engine.md §3.2, §3.3, §3.8).

gauge      the newest value of the bucket, by time and not by order of reading; as a delta, its change over the bucket
sum        what a counter grew by in the bucket; after a reset the new value counts, as in Prometheus. Delta points
           are added up. Sums that may fall (not monotonic) are gauges, whose increase is their change, up or down.
"""

from __future__ import annotations

from clickstack.core.sql import Sql

from .draft import BUCKET, Context, Draft, select, subquery
from .expression import read_expression
from .metric_steps import (
    before,
    group_columns,
    group_names,
    grouped_by,
    in_range,
    inner_bucket,
    inner_length,
    series,
)

# A cumulative point's growth over the previous one of its series; the first point only starts the count. What may fall
# has not begun anew where it fell.
_STEP = (
    "multiIf(__delta, __point, isNull(__previous), 0, __monotonic AND __point < __previous, __point, "
    "__point - __previous)"
)


def gauge_numbers(draft: Draft, context: Context) -> Sql:
    time, value = context.times.finest.sql, _value(context)
    number = Sql.of("argMax(", value, ", ", time, ")")
    if context.chart.select[0].is_delta:
        number = _change(value, time, inner_length(context))
    return select(
        columns=[
            Sql.of(inner_bucket(draft, context), f" AS {BUCKET}"),
            *group_columns(draft),
            Sql.of("max(", time, ") AS __time"),
            Sql.of(number, " AS __number"),
        ],
        source=draft.source,
        where=draft.where,
        tail=[Sql.of("GROUP BY ", Sql.join([BUCKET, *group_names(draft), series(context)], ", "))],
    )


def sum_numbers(draft: Draft, context: Context) -> Sql:
    aggregate = context.chart.select[0].aggregate
    number = f"if(any(__monotonic OR __delta), sum({_STEP}), argMax(__point, __at))"
    if aggregate in ("increase", "rate"):
        number = f"sum({_STEP})"
    elif aggregate == "none":  # the counter itself, not what it grew by
        number = "if(any(__delta), sum(__point), argMax(__point, __at))"
    points = select(
        columns=[
            Sql.of(inner_bucket(draft, context), f" AS {BUCKET}"),
            *group_columns(draft),
            Sql.of(context.times.finest.sql, " AS __at"),
            Sql.of(series(context), " AS __series_id"),
            Sql.of(_value(context), " AS __point"),
            Sql.of("AggregationTemporality = 1 AS __delta"),
            Sql.of("IsMonotonic AS __monotonic"),
            Sql.of("lagInFrame(toNullable(", _value(context), ")) OVER __series AS __previous"),
        ],
        source=draft.source,
        where=draft.where,
        tail=[before(context)],
    )
    return select(
        columns=[
            Sql.of(BUCKET),
            *(Sql.of(name) for name in group_names(draft)),
            Sql.of("max(__at) AS __time"),
            Sql.of(f"{number} AS __number"),
        ],
        source=subquery(points),
        where=[in_range(context)],
        tail=grouped_by([BUCKET, *group_names(draft), "__series_id"]),
    )


def _change(value: Sql, time: Sql, length: str) -> Sql:
    """The change from the first to the last point, stretched to the whole bucket; one point alone changes nothing."""
    moment = Sql.of("toUnixTimestamp64Nano(toDateTime64(", time, ", 9))")
    rise = Sql.of("argMax(", value, ", ", time, ") - argMin(", value, ", ", time, ")")
    seconds = Sql.of("(max(", moment, ") - min(", moment, ")) / 1e9")
    return Sql.of("if(max(", moment, ") = min(", moment, "), 0, (", rise, f") * {length} / (", seconds, "))")


def _value(context: Context) -> Sql:
    text = context.chart.select[0].expression
    return (
        read_expression(text, context.fields, context.place(0, ".field")).sql
        if text and text.strip()
        else Sql.of("Value")
    )

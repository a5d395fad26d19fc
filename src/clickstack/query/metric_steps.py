"""What the folds of all metric kinds share: series, buckets, groups, and how a series grew from point to point."""

from __future__ import annotations

from collections.abc import Iterable

from clickstack.core.sql import Param, Sql
from clickstack.core.timerange import auto_granularity_seconds

from .draft import BUCKET, Context, Draft, bucket_start, group_name, select
from .grid import Grid

# The same attributes in another scope or resource are another series (§3.1). Our tables keep the hash (schema/0008);
# a column of that name that is made in another way is taken for something else.
_STORED_SERIES, _SERIES = "SeriesHash", "cityHash64(cityHash64(ResourceAttributes, ScopeAttributes), Attributes)"

# Columns that tell how much of a cumulative point is new. The first point of a series only starts the count; after a
# reset the whole point is new, as in Prometheus; points of delta temporality are new altogether.
GROWN_BY_COUNT = Sql.of("__delta OR __count < __count_before")


def inner_width_s(context: Context) -> int:
    """The chart's bucket; a chart without buckets folds in those it would have by itself (§3.2)."""
    width_s = context.chart.granularity_s
    return width_s if isinstance(width_s, int) else auto_granularity_seconds(context.time_range)


def inner_bucket(draft: Draft, context: Context) -> Sql:
    if draft.bucket is not None:
        return draft.bucket
    return bucket_start(inner_width_s(context), context)


def inner_length(context: Context) -> str:
    """The seconds of a bucket of `inner_bucket`, as SQL; the bucket's beginning is in BUCKET."""
    return Grid.of(context.chart, inner_width_s(context)).length_sql(BUCKET, context.time_range)


def keys(draft: Draft) -> list[str]:
    """The names of the chart's own bucket and groups."""
    return [*([BUCKET] if draft.bucket is not None else []), *group_names(draft)]


def key_columns(draft: Draft) -> list[Sql]:
    bucket = [Sql.of(draft.bucket, f" AS {BUCKET}")] if draft.bucket is not None else []
    return [*bucket, *group_columns(draft)]


def group_columns(draft: Draft) -> list[Sql]:
    return [Sql.of(sql, f" AS {group_name(index)}") for index, sql in enumerate(draft.groups)]


def group_names(draft: Draft) -> list[str]:
    return [group_name(index) for index in range(len(draft.groups))]


def grouped_by(names: Iterable[str]) -> list[str]:
    """GROUP BY, when there is anything to group by."""
    listed = ", ".join(names)
    return [f"GROUP BY {listed}"] if listed else []


def in_range(context: Context, time: Sql | str = "__at") -> Sql:
    """True for the points of the range itself, false for those read before it for their value alone."""
    return Sql.of(time, " >= fromUnixTimestamp64Milli(", Param(context.time_range.start_ms, "Int64"), ", 'UTC')")


def series(context: Context) -> Sql:
    """What tells series apart. Of several names for a metric, each has its own series."""
    metric, stored = context.chart.select[0].metric, context.fields.schema.column(_STORED_SERIES)
    one = _STORED_SERIES if stored and stored.default_expression == _SERIES else _SERIES
    return Sql.of(f"cityHash64(MetricName, {one})" if metric and metric.name_sql else one)


def before(context: Context, *, temporality: bool = True) -> Sql:
    """The window `__series`: the point of the same series before this one.

    What two processes send under one identity, one of them deltas, are two series: a difference between a total and
    a delta means nothing.
    """
    time = context.times.finest.sql
    return Sql.of(
        "WINDOW __series AS (PARTITION BY ",
        series(context),
        ", AggregationTemporality" if temporality else "",
        " ORDER BY ",
        time,
        " ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
    )


def previous(column: str) -> Sql:
    return Sql.of(f"lagInFrame({column}) OVER __series")


def steps(
    draft: Draft, context: Context, columns: Iterable[str], *, temporality: bool = True, counts: bool = True
) -> Sql:
    """Every point of a distribution with the count before it, or without `counts` only whether there is a point
    before it (`__known`). `columns` are read along.

    Points without a temporality are not interpretable and are left out (§3.5).
    """
    delta = "AggregationTemporality = 1" if temporality else "false"
    return select(
        columns=[
            *key_columns(draft),
            Sql.of(context.times.finest.sql, " AS __at"),
            Sql.of(f"{delta} AS __delta"),
            *(_COUNTS if counts else _KNOWN),
            *(Sql.of(column) for column in columns),
        ],
        source=draft.source,
        where=[*draft.where, *([Sql.of("AggregationTemporality != 0")] if temporality else [])],
        tail=[before(context, temporality=temporality)],
    )


_COUNTS = (
    Sql.of("toInt64(Count) AS __count"),
    Sql.of(previous("toNullable(toInt64(Count))"), " AS __count_before"),
)
_KNOWN = (Sql.of("lagInFrame(true, 1, false) OVER __series AS __known"),)


def new_part(now: str, earlier: str, whole: Sql, none: Sql | str = "isNull(__count_before)") -> Sql:
    """How much of a number is new in its point: all, nothing, or the difference."""
    return Sql.of(f"multiIf(__delta, {now}, ", none, ", 0, ", whole, f", {now}, {now} - {earlier})")

"""Exponential histograms → quantiles, counts, sums (reference/query-engine.md §3.5).

All points of a query are brought to the smallest scale among them, where buckets of finer scales fall together
exactly. A point is then one map from a bucket's place to its count, over negative, zero and positive buckets alike:

    place   … -(FAR + 1)   -FAR        0      FAR       FAR + 1 …
    bucket    [-4, -2)     [-2, -1)   zero   (1, 2]    (2, 4]            (scale 0)

so that differences, resets and sums are those of maps, and the order of places is the order of values.
"""

from __future__ import annotations

from clickstack.core.sql import Sql

from .draft import Context, Draft, select, subquery
from .metric_histogram import level_columns, totals
from .metric_steps import grouped_by, in_range, key_columns, keys, series

_FAR = 2**40  # beyond any bucket index, which is 32 bits

# The start of a series is unknown when a point says it began where it ends.
_START_KNOWN = "__start != __at AND toUnixTimestamp(__start) > 0"
_NONE = "__start = __at OR isNull(__count_before)"
_RESTARTED = f"(__start != __start_before AND {_START_KNOWN})"

_PLACE = "bitShiftRight(toInt64({offset}) + place - 1, least(Scale - __scale, 63))"
_PLACES = (
    f"arrayMap(place -> {_PLACE.format(offset='PositiveOffset')} + {_FAR}, arrayEnumerate(PositiveBucketCounts)), [0], "
    f"arrayMap(place -> -({_PLACE.format(offset='NegativeOffset')} + {_FAR}), arrayEnumerate(NegativeBucketCounts))"
)
_COUNTS = "PositiveBucketCounts, [ZeroCount], NegativeBucketCounts"
_NOW = (
    f"arrayReduce('sumMap', [arrayMap(place -> toInt64(place), arrayConcat({_PLACES}))], "
    f"[arrayMap(count -> toInt64(count), arrayConcat({_COUNTS}))])"
)
_DIFFERENCE = "arrayReduce('sumMap', [__now.1, __before.1], [__now.2, arrayMap(count -> -count, __before.2)])"
_NEW = (
    f"multiIf(__delta, __now, {_NONE}, (emptyArrayInt64(), emptyArrayInt64()), "
    f"{_RESTARTED} OR arrayExists(count -> count < 0, __difference.2), __now, __difference)"
)


def exponential_quantile(draft: Draft, context: Context) -> tuple[Sql, Sql]:
    """The rows that hold the quantile of each bucket and group, and the value to take from them."""
    level = level_columns(context)
    names = keys(draft)
    columns = [Sql.of(name) for name in names]
    new = select(
        columns=[
            *columns,
            Sql.of("__scale"),
            Sql.of(f"{_DIFFERENCE} AS __difference"),
            Sql.of(f"{_NEW} AS __new"),
        ],
        source=subquery(_pairs(draft, context)),
        where=[in_range(context)],
        tail=[],
    )
    merged = select(
        columns=[
            *columns,
            Sql.of("any(__scale) AS __scale"),
            Sql.of("sumMap(__new.1, __new.2) AS __buckets"),
            Sql.of("arrayCumSum(__buckets.2) AS __below"),
        ],
        source=subquery(new),
        where=[],
        tail=grouped_by(names),
    )
    found = select(
        columns=[
            *columns,
            *level.joined,
            Sql.of("__scale"),
            Sql.of("__below"),
            Sql.of(f"{level.level} * __below[-1] AS __rank"),
            Sql.of("arrayFirstIndex(below -> below >= __rank, __below) AS __index"),
            Sql.of("__buckets.1[__index] AS __place"),
            Sql.of("(__rank - (__below[__index] - __buckets.2[__index])) / __buckets.2[__index] AS __inside"),
        ],
        source=subquery(merged),
        where=[],
        tail=[],
    )
    quantiles = select(
        columns=[*columns, *level.named, Sql.of(f"{_VALUE} AS __number")],
        source=subquery(found),
        where=[Sql.of("notEmpty(__below)")],
        tail=[],
    )
    return quantiles, level.value


def _pairs(draft: Draft, context: Context) -> Sql:
    """Every point as a map of its buckets at the common scale, with the point of its series before it."""
    scaled = select(
        columns=[
            *key_columns(draft),
            Sql.of(context.times.finest.sql, " AS __at"),
            Sql.of("StartTimeUnix AS __start"),
            Sql.of("AggregationTemporality = 1 AS __delta"),
            Sql.of(series(context), " AS __series_id"),
            Sql.of("Scale"),
            Sql.of("min(Scale) OVER () AS __scale"),
            *(Sql.of(name) for name in _BUCKETS),
        ],
        source=draft.source,
        where=[*draft.where, Sql.of("AggregationTemporality != 0")],
        tail=[],
    )
    placed = select(
        columns=[
            *(Sql.of(name) for name in keys(draft)),
            *(Sql.of(name) for name in _CARRIED),
            Sql.of(f"{_NOW} AS __now"),
        ],
        source=subquery(scaled),
        where=[],
        tail=[],
    )
    return select(
        columns=[
            Sql.of("*"),
            Sql.of("lagInFrame(__now) OVER __series AS __before"),
            Sql.of("lagInFrame(__start) OVER __series AS __start_before"),
            Sql.of("lagInFrame(toNullable(__delta)) OVER __series AS __count_before"),
        ],
        source=subquery(placed),
        where=[],
        tail=["WINDOW __series AS (PARTITION BY __series_id ORDER BY __at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"],
    )


_BUCKETS = (
    "PositiveOffset",
    "PositiveBucketCounts",
    "ZeroCount",
    "NegativeOffset",
    "NegativeBucketCounts",
)
_CARRIED = ("__at", "__start", "__delta", "__series_id", "__scale")

# Logarithmic inside a bucket: bucket i of scale s covers (2^(i / 2^s), 2^((i + 1) / 2^s)], mirrored below zero.
_VALUE = f"""multiIf(
    __place = 0, 0,
    __place > 0, exp2((__place - {_FAR} + __inside) * exp2(-__scale)),
    -exp2((-__place - {_FAR} + 1 - __inside) * exp2(-__scale))
)"""


def exponential_totals(draft: Draft, context: Context) -> tuple[Sql, Sql]:
    """As of histograms, with what this kind knows about its start (§3.5)."""
    also = ("StartTimeUnix AS __start", "lagInFrame(StartTimeUnix) OVER __series AS __start_before")
    whole = Sql.of(f"{_RESTARTED} OR __count < __count_before")
    return totals(draft, context, whole, none=_NONE, also=also, extremes=True)

"""Histograms with explicit bounds → quantiles, counts, sums (reference/query-engine.md §3.4, §3.8).

    points of a series ─► what is new in each ─► added up per bounds ─► laid onto the union of bounds ─► quantile

Series with other bounds share one answer: where a bound of one cuts a bucket of another, the bucket's observations
are taken as evenly spread, which is what interpolating a quantile assumes anyway. Observations above the last finite
bound are only known to be above it: the quantile says that bound, as Prometheus does.
"""

from __future__ import annotations

from dataclasses import dataclass

from clickstack.core.sql import Sql

from .draft import Context, Draft, select, subquery
from .metric_steps import GROWN_BY_COUNT, grouped_by, in_range, keys, new_part, steps

# What is new in a point is its counts, less those of the point before when it goes on from there: same bounds, and no
# bucket that has fallen. Both are added up by themselves, so that no array is made for each point. `arrayResize` keeps
# the engine from comparing unequal arrays.
_COUNTED = "__delta OR __known"
_GOES_ON = (
    "__known AND NOT __delta AND __bounds_id = __bounds_id_before AND length(BucketCounts) = length(__counts_before) "
    "AND NOT arrayExists((now, earlier) -> now < earlier, BucketCounts, "
    "arrayResize(__counts_before, length(BucketCounts)))"
)
_NEW = "arrayMap((now, earlier) -> now - earlier, __now, arrayResize(__earlier, length(__now)))"

# Observations at most `bound` in one part (bounds, cumulative counts), `at` being the part's first bound that is not
# below it.
_BELOW = """arrayMap(bound -> arraySum((part, at) -> multiIf(
    at = 0, part.2[length(part.1)],
    part.1[at] = bound, part.2[at],
    at = 1, if(bound > 0, part.2[1] * bound / part.1[1], 0),
    part.2[at - 1] + (part.2[at] - part.2[at - 1]) * (bound - part.1[at - 1]) / (part.1[at] - part.1[at - 1])
), __parts, arrayMap(part -> arrayFirstIndex(each -> each >= bound, part.1), __parts)), __bounds)"""


def histogram_quantile(draft: Draft, context: Context) -> tuple[Sql, Sql]:
    """The rows that hold the quantile of each bucket and group, and the value to take from them."""
    names = keys(draft)
    columns = [Sql.of(name) for name in names]
    points = steps(
        draft,
        context,
        (
            "ExplicitBounds",
            "cityHash64(ExplicitBounds) AS __bounds_id",
            "BucketCounts",
            "lagInFrame(cityHash64(ExplicitBounds)) OVER __series AS __bounds_id_before",
            "lagInFrame(BucketCounts) OVER __series AS __counts_before",
        ),
        counts=False,
    )
    per_bounds = select(
        columns=[
            *columns,
            Sql.of("arrayFilter(bound -> bound < inf, any(ExplicitBounds)) AS __of_bounds"),
            Sql.of(f"sumForEachIf(BucketCounts, {_COUNTED}) AS __now"),
            Sql.of(f"sumForEachIf(__counts_before, {_GOES_ON}) AS __earlier"),
            Sql.of(f"arrayCumSum({_NEW}) AS __cumulative"),
        ],
        source=subquery(points),
        where=[in_range(context)],
        tail=grouped_by([*names, "__bounds_id"]),
    )
    merged = select(
        columns=[
            *columns,
            Sql.of("groupArray((__of_bounds, arrayMap(count -> toFloat64(count), __cumulative))) AS __parts"),
            Sql.of("arraySort(arrayDistinct(arrayFlatten(groupArray(__of_bounds)))) AS __bounds"),
        ],
        source=subquery(per_bounds),
        where=[],
        tail=grouped_by(names),
    )
    laid = select(
        columns=[
            *columns,
            Sql.of("__bounds"),
            Sql.of(f"arrayPushBack({_BELOW}, arraySum(part -> part.2[-1], __parts)) AS __below"),
        ],
        source=subquery(merged),
        where=[Sql.of("notEmpty(__bounds)")],
        tail=[],
    )
    level = level_columns(context)
    quantiles = select(
        columns=[*columns, *level.named, Sql.of(f"{_QUANTILE} AS __number")],
        source=subquery(_placed([*columns, Sql.of("__bounds")], laid, level)),
        where=[Sql.of("__below[-1] > 0")],
        tail=[],
    )
    return quantiles, level.value


@dataclass(frozen=True, slots=True)
class LevelColumns:
    """How one level, or each of several, comes into the rows: `joined` makes a row for each, which `named` carries on,
    `level` is the number itself, and `value` takes the wanted one from the rows."""

    joined: list[Sql]
    named: list[Sql]
    level: str
    value: Sql


def level_columns(context: Context) -> LevelColumns:
    if len(context.levels) <= 1:
        return LevelColumns([], [], repr(context.level), Sql.of("anyOrNull(__number)"))
    listed = ", ".join(map(repr, context.levels))
    value = Sql.of(f"anyOrNullIf(__number, __level = {context.level!r})")
    return LevelColumns([Sql.of(f"arrayJoin([{listed}]) AS __level")], [Sql.of("__level")], "__level", value)


def _placed(columns: list[Sql], laid: Sql, level: LevelColumns) -> Sql:
    """The bucket that holds the wanted observation. A query of its own: the engine would compute `__below` anew in
    every lambda that reads it."""
    ranked = select(
        columns=[
            *columns,
            Sql.of("__below"),
            Sql.of("arrayPopFront(arrayDifference(arrayPushFront(__below, 0))) AS __counts"),
            *level.joined,
            Sql.of(f"{level.level} * __below[-1] AS __rank"),
        ],
        source=subquery(laid),
        where=[],
        tail=[],
    )
    return select(
        columns=[
            Sql.of("*"),
            Sql.of("arrayFirstIndex((below, count) -> below >= __rank AND count > 0, __below, __counts) AS __place"),
        ],
        source=subquery(ranked),
        where=[],
        tail=[],
    )


# The bucket `__place` runs from the bound below it to its own; the first from 0 when its bound is positive.
_QUANTILE = """multiIf(
    __place = 0 OR __place > length(__bounds), __bounds[-1],
    __place = 1 AND __bounds[1] <= 0, __bounds[1],
    if(__place = 1, 0, __bounds[__place - 1])
        + (__bounds[__place] - if(__place = 1, 0, __bounds[__place - 1]))
        * (__rank - (__below[__place] - __counts[__place])) / __counts[__place]
)"""


def histogram_totals(draft: Draft, context: Context) -> tuple[Sql, Sql]:
    """The rows of what is new in count and sum, and the count, sum, average, smallest or largest of them."""
    return totals(draft, context, GROWN_BY_COUNT, extremes=True)


def totals(
    draft: Draft,
    context: Context,
    whole: Sql,
    *,
    none: str = "isNull(__count_before)",
    also: tuple[str, ...] = (),
    extremes: bool = False,
    temporality: bool = True,
) -> tuple[Sql, Sql]:
    """`whole` says when all of a point is new, `none` when nothing is; `also` are columns these two read."""
    aggregate = context.chart.select[0].aggregate
    read = ("Sum AS __sum", "lagInFrame(Sum) OVER __series AS __sum_before") if aggregate in ("sum", "avg") else ()
    limits = ("Min", "Max", "Sum AS __whole_sum") if extremes and aggregate in ("min", "max") else ()
    columns = [*keys(draft), *(limit.rpartition(" ")[2] for limit in limits)]
    new = [Sql.of("assumeNotNull(", new_part("__count", "__count_before", whole, none), ") AS __new_count")]
    if read:
        new.append(Sql.of(new_part("__sum", "__sum_before", whole, none), " AS __new_sum"))
    rows = select(
        columns=[*(Sql.of(name) for name in columns), *new],
        source=subquery(steps(draft, context, (*read, *limits, *also), temporality=temporality)),
        where=[in_range(context)],
        tail=[],
    )
    return rows, Sql.of(_TOTALS[aggregate])


# Senders may leave both extremes out (Prometheus has none), and the column is 0 then. Where both are 0, so is the sum.
_EXTREMES = "__new_count > 0 AND NOT (Min = 0 AND Max = 0 AND __whole_sum != 0)"

_TOTALS = {
    "count": "sum(__new_count)",
    "sum": "sum(__new_sum)",
    "avg": "sum(__new_sum) / nullIf(sum(__new_count), 0)",
    "min": f"minOrNullIf(Min, {_EXTREMES})",
    "max": f"maxOrNullIf(Max, {_EXTREMES})",
}

"""Exponential histograms → quantiles, counts, sums (reference/query-engine.md §3.5).

    points, each with the one before in its series ─► which are added, which of those before are taken away
      ─► both added up per layout (scale and offsets) ─► one map of buckets at the smallest scale ─► quantile

A series keeps its layout for long. So whole arrays are added up first, element by element, and only the few sums
become maps from a bucket's place to its count. At a smaller scale buckets of finer scales fall together exactly;
negative, zero and positive buckets are in one map, and the order of places is the order of values:

    place   … -(FAR + 1)   -FAR        0      FAR       FAR + 1 …
    bucket    [-4, -2)     [-2, -1)   zero   (1, 2]    (2, 4]            (scale 0)
"""

from __future__ import annotations

from clickstack.core.sql import Sql

from .draft import Context, Draft, select, subquery
from .metric_histogram import level_columns, totals
from .metric_steps import grouped_by, in_range, keys, steps

_FAR = 2**40  # beyond any bucket index, which is 32 bits

# The start of a series is unknown when a point says it began where it ends.
_STARTS = ("StartTimeUnix AS __start", "lagInFrame(StartTimeUnix) OVER __series AS __start_before")
_START_KNOWN = "__start != __at AND toUnixTimestamp(__start) > 0"
_RESTARTED = f"(__start != __start_before AND {_START_KNOWN})"

_LAYOUT = ("Scale", "PositiveOffset", "NegativeOffset")
_COUNTS = ("PositiveBucketCounts", "ZeroCount", "NegativeBucketCounts")
_BEFORE, _SUM, _AWAY = "__before_", "__sum_", "__away_"  # a point's columns have plain names, others these before them


def _places(of: str, scale: str) -> str:
    """The places of all buckets at a scale that is not finer than their own."""

    def places(offset: str, counts: str) -> str:
        shifted = f"bitShiftRight(toInt64({of}{offset}) + place - 1, least({of}Scale - {scale}, 63))"
        return f"arrayMap(place -> {shifted} + {_FAR}, arrayEnumerate({of}{counts}))"

    negative = f"arrayMap(place -> -place, {places('NegativeOffset', 'NegativeBucketCounts')})"
    return f"arrayConcat({places('PositiveOffset', 'PositiveBucketCounts')}, [toInt64(0)], {negative})"


def _counts(of: str, sign: str = "") -> str:
    """The counts of the buckets of `_places`."""
    positive, zero, negative = (f"{of}{name}" for name in _COUNTS)
    return f"arrayMap(count -> {sign}toInt64(count), arrayConcat({positive}, [{zero}], {negative}))"


def _fell(counts: str) -> str:
    length = f"greatest(length({counts}), length({_BEFORE}{counts}))"
    return (
        f"arrayExists((now, before) -> now < before, arrayResize({counts}, {length}), "
        f"arrayResize({_BEFORE}{counts}, {length}))"
    )


# Where a bucket has fallen, the series began anew. Maps are made only of points whose layout changed: `if` computes
# each side for its own rows.
_SAME_LAYOUT = " AND ".join(f"{name} = {_BEFORE}{name}" for name in _LAYOUT)
_SMALLER = f"least(Scale, {_BEFORE}Scale)"
_FALLEN = (
    f"if({_SAME_LAYOUT}, "
    f"ZeroCount < {_BEFORE}ZeroCount OR {_fell('PositiveBucketCounts')} OR {_fell('NegativeBucketCounts')}, "
    f"arrayExists(count -> count < 0, arrayReduce('sumMap', "
    f"[{_places('', _SMALLER)}, {_places(_BEFORE, _SMALLER)}], [{_counts('')}, {_counts(_BEFORE, '-')}]).2))"
)
_GOES_ON = f"NOT __delta AND NOT {_RESTARTED} AND NOT {_FALLEN}"


def exponential_quantile(draft: Draft, context: Context) -> tuple[Sql, Sql]:
    """The rows that hold the quantile of each bucket and group, and the value to take from them."""
    level = level_columns(context)
    names = keys(draft)
    columns = [Sql.of(name) for name in names]
    merged = select(
        columns=[
            *columns,
            Sql.of("any(__smallest) AS __scale"),
            Sql.of(f"sumMap(arrayConcat({_places(_SUM, '__smallest')}, {_places(_AWAY, '__smallest')}), "
                   f"arrayConcat({_counts(_SUM)}, {_counts(_AWAY, '-')})) AS __buckets"),
            Sql.of("arrayCumSum(__buckets.2) AS __below"),
        ],
        source=subquery(_per_layout(draft, context)),
        where=[],
        tail=grouped_by(names),
    )  # fmt: skip
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


def _per_layout(draft: Draft, context: Context) -> Sql:
    """The counts to add and to take away, summed up for each bucket, group and pair of layouts."""
    names = keys(draft)
    columns = [Sql.of(name) for name in names]
    before = tuple(f"lagInFrame({name}) OVER __series AS {_BEFORE}{name}" for name in (*_LAYOUT, *_COUNTS))
    judged = select(
        columns=[
            *columns,
            *(Sql.of(name) for name in _COUNTS),
            *(Sql.of(f"{_BEFORE}{name}") for name in _COUNTS),
            Sql.of(f"{_GOES_ON} AS __goes_on"),
            *(Sql.of(f"{name} AS {_SUM}{name}") for name in _LAYOUT),
            *(Sql.of(f"if(__goes_on, {_BEFORE}{name}, {name}) AS {_AWAY}{name}") for name in _LAYOUT),
        ],
        source=subquery(steps(draft, context, (*_LAYOUT, *_COUNTS, *before, *_STARTS), counts=False)),
        where=[in_range(context), Sql.of("(__delta OR (__known AND __start != __at))")],
        tail=[],
    )
    layouts = [f"{of}{name}" for of in (_SUM, _AWAY) for name in _LAYOUT]
    sums = {name: "sum" if name == "ZeroCount" else "sumForEach" for name in _COUNTS}
    return select(
        columns=[
            *columns,
            *(Sql.of(name) for name in layouts),
            Sql.of(f"min(least({_SUM}Scale, {_AWAY}Scale)) OVER () AS __smallest"),
            *(Sql.of(f"{add}({name}) AS {_SUM}{name}") for name, add in sums.items()),
            *(Sql.of(f"{add}If({_BEFORE}{name}, __goes_on) AS {_AWAY}{name}") for name, add in sums.items()),
        ],
        source=subquery(judged),
        where=[],
        tail=grouped_by([*names, *layouts]),
    )


# Logarithmic inside a bucket: bucket i of scale s covers (2^(i / 2^s), 2^((i + 1) / 2^s)], mirrored below zero.
_VALUE = f"""multiIf(
    __place = 0, 0,
    __place > 0, exp2((__place - {_FAR} + __inside) * exp2(-__scale)),
    -exp2((-__place - {_FAR} + 1 - __inside) * exp2(-__scale))
)"""


def exponential_totals(draft: Draft, context: Context) -> tuple[Sql, Sql]:
    """As of histograms, with what this kind knows about its start (§3.5)."""
    whole = Sql.of(f"{_RESTARTED} OR __count < __count_before")
    return totals(draft, context, whole, none="__start = __at OR isNull(__count_before)", also=_STARTS, extremes=True)

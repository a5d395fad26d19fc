"""A heatmap: events by time and by a value, the duration unless said otherwise (reference/query-engine.md §6.7).

Time is cut into even buckets. The value's rows run from a low quantile to the maximum, evenly or by ratio; what is
below the first row counts in it, so every event is in one cell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from clickstack.core.errors import BadRequest
from clickstack.core.limits import HEATMAP_COLUMNS_MAX
from clickstack.core.result import Statistics
from clickstack.core.sql import Sql
from clickstack.core.timerange import auto_granularity_seconds
from clickstack.store import Store

from .draft import select, subquery, table
from .events import Events, Scope
from .expression import Expression
from .reader import Reader
from .usersql import user_expression

Scale = Literal["log", "linear"]
LOW_QUANTILE: dict[Scale, float] = {"log": 0.01, "linear": 0.001}
DECADES_MAX = 4  # a log scale reaches at most this far below the maximum


@dataclass(frozen=True, slots=True)
class Heatmap:
    """`cells` are (column, row, value), those with events only; the value is their number unless said otherwise. Column
    x begins at `starts_ms[x]`; row y holds values from `bounds[y]` up to `bounds[y + 1]`, in units of the expression;
    the last includes its end."""

    granularity_s: int
    starts_ms: list[int]
    bounds: list[float]
    cells: list[tuple[int, int, float]]
    total: int
    expression: str
    statistics: Statistics
    warnings: tuple[str, ...]


def find_heatmap(
    store: Store | Reader,
    scope: Scope,
    rows: int,
    scale: Scale = "log",
    expression: str | None = None,
    query_id: str | None = None,
    count_expression: str | None = None,
) -> Heatmap:
    """Events without a value, or with a negative one, are left out. `count_expression` is an aggregate that a cell
    shows instead of its number of events. Raises BadRequest, and what Events raises."""
    text = (expression or scope.source.duration_expression or "").strip()
    if not text:
        raise BadRequest("expression: this source has no duration; name a number")
    events = Events(store, scope, query_id)
    number = _number(events.expression(text, "expression"))
    time_range = scope.time_range
    width_s = auto_granularity_seconds(time_range, HEATMAP_COLUMNS_MAX, step_min_s=1)
    low, high, total = (0.0, 0.0, 0) if time_range.empty else _limits(events, number, scale)
    first_ms = time_range.start_ms // (width_s * 1000) * width_s * 1000
    starts_ms = [] if time_range.empty else list(range(first_ms, time_range.end_ms, width_s * 1000))
    counted = _counted(events, (count_expression or "").strip())
    cells = _cells(events, number, scale, low, high, rows, first_ms, width_s, counted) if total else []
    return Heatmap(
        granularity_s=width_s,
        starts_ms=starts_ms,
        bounds=_bounds(low, high, rows, scale) if total else [],
        cells=cells,
        total=total,
        expression=text,
        statistics=events.statistics,
        warnings=events.warnings,
    )


def _counted(events: Events, text: str) -> Sql | None:
    if not text:
        return None
    sql = user_expression(text, "countExpression")
    events.wrote("countExpression", text, sql)
    return Sql.of("toFloat64(", sql, ")")


@dataclass(frozen=True, slots=True)
class _Number:
    """What is measured, and the conditions on `__v` under which it counts; none for whole numbers without a sign."""

    sql: Sql
    counts: tuple[Sql, ...] = (Sql.of("__v >= 0"), Sql.of("isFinite(__v)"))


def _number(value: Expression) -> _Number:
    if value.type is None or value.type.family != "number":
        return _Number(Sql.of("toFloat64OrNull(toString(", value.sql, "))"))
    number = _Number(Sql.of("toFloat64(", value.sql, ")"))
    always = value.type.base.startswith("UInt") and not value.type.nullable
    return replace(number, counts=()) if always else number


def _values(events: Events, number: _Number, *more: Sql) -> Sql:
    rows = select([Sql.of(number.sql, " AS __v"), *more], table(events.fields), events.where(), [])
    return subquery(rows)


def _limits(events: Events, number: _Number, scale: Scale) -> tuple[float, float, int]:
    """The lowest and highest value shown, and how many events there are. The low one may be off by half a percent."""
    columns = [f"quantileBFloat16({LOW_QUANTILE[scale]})(__v)", "min(__v)", "max(__v)", "count()"]
    ((low, least, high, total),) = events.ask(
        select([Sql.of(column) for column in columns], _values(events, number), number.counts, [])
    ).rows
    if not total:
        return 0.0, 0.0, 0
    least, high = float(least), float(high)
    low = high if low is None else min(max(float(low), least), high)  # None: rounded to infinity
    if scale == "log":
        low = max(low, high / 10**DECADES_MAX) or 1e-4
    return (*_apart(low, high, scale), total)


def _apart(low: float, high: float, scale: Scale) -> tuple[float, float]:
    """The ends of the scale; one value alone gets some room above it, or below it where no number is larger."""
    if high > low:
        return low, high
    above = low * 10 if scale == "log" else low + max(1.0, low * 1e-9)  # of a large number 1 is nothing
    return (low, above) if math.isfinite(above) else (low / 10, low)


def _bounds(low: float, high: float, rows: int, scale: Scale) -> list[float]:
    if scale == "log":
        return [low * (high / low) ** (at / rows) for at in range(rows + 1)]
    return [low + (high - low) * (at / rows) for at in range(rows + 1)]


def _cells(
    events: Events,
    number: _Number,
    scale: Scale,
    low: float,
    high: float,
    rows: int,
    first_ms: int,
    width_s: int,
    counted: Sql | None,
) -> list[tuple[int, int, float]]:
    if scale == "log":  # of 0 it is below all rows, and counts in the first
        step = rows / (math.log(high) - math.log(low))
        place = f"log(__v) * {step!r} - {math.log(low) * step!r}"
    else:
        place = f"(__v - {low!r}) * {rows / (high - low)!r}"
    seconds = Sql.of("toUnixTimestamp(", events.times.clock(events.scope.time_range), ") AS __s")
    columns = [
        f"intDiv(__s - {first_ms // 1000}, {width_s}) AS __x",
        f"toInt32(least(greatest(floor({place}), 0), {rows - 1})) AS __y",
    ]
    sql = select(
        [*(Sql.of(column) for column in columns), Sql.of(counted or Sql.of("count()"), " AS __count")],
        _values(events, number, seconds, *([Sql.of("*")] if counted else [])),
        number.counts,
        ["GROUP BY __x, __y", "ORDER BY __x, __y"],
    )
    return [(x, y, count) for x, y, count in events.ask(sql).rows]

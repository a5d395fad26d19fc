"""What a chart leaves open is settled before it is compiled: the bucket's width, the range's edges, limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from clickstack.core.chart import ChartConfig, DisplayType, Order
from clickstack.core.errors import BadRequest
from clickstack.core.limits import (
    CHART_BUCKETS_MAX,
    CHART_CATEGORIES_MAX,
    CHART_SERIES_LIMIT_MAX,
    CHART_TABLE_ROWS_DEFAULT,
)
from clickstack.core.source import Source
from clickstack.core.timerange import TimeRange, auto_granularity_seconds

from .grid import Grid
from .naming import value_names
from .usersql import split_list

TIME_BUCKETS_MAX = 80  # of a chart over time that leaves its granularity open (§2.5)


@dataclass(frozen=True, slots=True)
class Display:
    """What a display shows (§2.1): buckets over time, groups, the largest first, at most so many rows."""

    over_time: bool
    grouped: bool = True
    largest_first: bool = False
    rows: int | None = None


DISPLAYS: Mapping[DisplayType, Display] = {
    "line": Display(over_time=True),
    "stacked_bar": Display(over_time=True),
    "table": Display(over_time=False, rows=CHART_TABLE_ROWS_DEFAULT),
    "pie": Display(over_time=False, largest_first=True, rows=CHART_CATEGORIES_MAX),
    "bar": Display(over_time=False, largest_first=True, rows=CHART_CATEGORIES_MAX),
    "number": Display(over_time=False, grouped=False),
}


def settle(chart: ChartConfig, time_range: TimeRange) -> tuple[ChartConfig, TimeRange]:
    """The chart with every number known, and the range it is asked over. Raises BadRequest."""
    if not chart.select:
        raise BadRequest("select: a chart needs at least one value")
    display = DISPLAYS[chart.display]
    width_s = _width_s(chart, time_range) if display.over_time else None
    if width_s and time_range.seconds / width_s > CHART_BUCKETS_MAX:
        raise BadRequest(f"granularity: {width_s} seconds cut this range into more than {CHART_BUCKETS_MAX} buckets")
    if chart.align and width_s:
        time_range = Grid.of(chart, width_s).aligned(time_range)
    chart = replace(chart, source=_source(chart), group_by=_groups(chart), order_by=_orders(chart))
    order = chart.order_by if display.grouped else ()  # one row has no order
    if display.largest_first and not order:
        order = (Order(f"`{_quoted(value_names(chart)[0])}`", descending=True),)
    limit, series_limit = chart.limit, chart.series_limit
    if not display.over_time:  # without time, the largest groups are simply the first rows
        limit = limit or (series_limit if display.largest_first else None) or display.rows
        series_limit = None
    if display.largest_first:
        limit = min(limit or CHART_CATEGORIES_MAX, CHART_CATEGORIES_MAX)
    return replace(
        chart,
        granularity_s=width_s,
        group_by=chart.group_by if display.grouped else (),
        order_by=order,
        limit=limit,
        series_limit=series_limit if series_limit and series_limit <= CHART_SERIES_LIMIT_MAX else None,
    ), time_range


def _source(chart: ChartConfig) -> Source:
    """The source as the chart wants it read."""
    if not chart.implicit_column and not chart.sample_weight:
        return chart.source
    return replace(
        chart.source,
        implicit_column_expression=chart.implicit_column or chart.source.implicit_column_expression,
        sample_rate_expression=chart.sample_weight or chart.source.sample_rate_expression,
    )


def _width_s(chart: ChartConfig, time_range: TimeRange) -> int | None:
    if chart.granularity_s == "auto":
        return auto_granularity_seconds(time_range, TIME_BUCKETS_MAX)
    return chart.granularity_s


def _groups(chart: ChartConfig) -> tuple[str, ...]:
    """Every group on its own: an entry may spell a list."""
    return tuple(part for at, text in enumerate(chart.group_by) for part in split_list(text, f"groupBy.{at}"))


def _orders(chart: ChartConfig) -> tuple[Order, ...]:
    """Every key on its own: an entry may spell a list such as `count() DESC, ServiceName`."""
    orders = []
    for at, order in enumerate(chart.order_by):
        for part in split_list(order.expression, f"orderBy.{at}"):
            match = _DIRECTION.fullmatch(part)
            descending = order.descending if match is None else match["direction"].upper() == "DESC"
            orders.append(Order(part if match is None else match["expression"], descending))
    return tuple(orders)


_DIRECTION = re.compile(r"(?P<expression>.*\S)\s+(?P<direction>ASC|DESC)", re.IGNORECASE | re.DOTALL)


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace("`", "\\`")

"""What a chart asks for. Alerts, dashboard tiles, API charts and tools all speak this value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .source import Source

Language = Literal["lucene", "sql"]
AggregateName = Literal[
    "count", "count_distinct", "sum", "avg", "min", "max", "quantile", "any", "last_value", "none", "increase", "rate"
]
MetricKind = Literal["gauge", "sum", "histogram", "summary", "exponential histogram"]

# `bar` is one bar for each group; bars over time are `stacked_bar`.
DisplayType = Literal["line", "stacked_bar", "table", "pie", "bar", "number"]


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on events. Blank text asks nothing."""

    text: str = ""
    language: Language = "lucene"


@dataclass(frozen=True, slots=True)
class Metric:
    """Which metric of a metric source: its name and the OTLP kind whose table holds it.

    `name_sql` is a condition that stands for the name where several names mean one metric: `MetricName IN ('a', 'b')`.
    """

    name: str
    kind: MetricKind
    name_sql: str | None = None


@dataclass(frozen=True, slots=True)
class Cte:
    """A query that SQL in the chart can read by its name; with `scalar`, an expression that stands for its value.

    Instead of `sql` it may be a `chart`, asked over the same range: its columns are the names of its groups and values
    and, over time, `__hdx_time_bucket`.
    """

    name: str
    sql: str = ""
    scalar: bool = False
    chart: ChartConfig | None = None


@dataclass(frozen=True, slots=True)
class Select:
    """One value of a chart. `expression` is what is aggregated: a column, a dotted attribute or SQL; with
    `expression_language` Lucene it is a condition, and its value whether an event meets it.

    `level` is the quantile's, 0 to 1. `where` narrows this value only; `metric` is set on metric sources only.
    `is_delta`: of a gauge, its change over each bucket instead of its newest value. `alias` is the value's name in the
    answer and in `having` and `order_by`; without one it is called as in `count()` or `avg(Duration)`.
    `number_format` is for the one who draws.
    """

    aggregate: AggregateName
    expression: str | None = None
    level: float | None = None
    where: Filter = Filter()
    metric: Metric | None = None
    alias: str | None = None
    is_delta: bool = False
    number_format: Mapping[str, Any] | None = None
    expression_language: Language = "sql"


@dataclass(frozen=True, slots=True)
class Formula:
    """Arithmetic over the chart's values: `A / B * 100`, where A is the first select.

    `missing`: whether a value that is absent counts as 0 or leaves a gap.
    """

    expression: str
    alias: str | None = None
    missing: Literal["zero", "gap"] = "zero"
    number_format: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One key of an ordering: a value's or group's name, or an SQL expression over them."""

    expression: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class ChartConfig:
    """A chart over one source. Without `granularity_s` there is one row per group, over the whole range.

    `group_by` entries are columns, dotted attributes or SQL expressions, each with an optional ` AS name`.
    `filters` are further conditions beside `where`, joined by `filters_operator`.
    `ratio` divides the first of exactly two values by the second, in the same group or by the sum over all groups;
    formulas take precedence over it. `show_operands=False` leaves the values out that formulas are made of.
    `series_limit` keeps the groups with the largest first value in any bucket; `other` adds the rest up as one group.
    `align` widens the range to whole buckets. `fill` gives buckets without data a 0.
    `having` asks about values and groups by their names. `time_zone` is the IANA name of the zone whose clocks make the
    buckets; in UTC they may begin at `origin_s` since 1970 instead. `implicit_column` and `sample_weight` stand instead
    of what the source says.
    `show_groups=False` leaves group values out of the rows.
    """

    source: Source
    select: tuple[Select, ...]
    where: Filter = Filter()
    group_by: tuple[str, ...] = ()
    granularity_s: int | Literal["auto"] | None = None
    display: DisplayType = "line"
    filters: tuple[Filter, ...] = ()
    filters_operator: Literal["AND", "OR"] = "AND"
    having: str = ""
    order_by: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    ratio: Literal["per_group", "share_of_total"] | None = None
    formulas: tuple[Formula, ...] = ()
    show_operands: bool = True
    series_limit: int | None = None
    other: bool = False
    align: bool = False
    fill: bool = False
    compare_to_previous: bool = False
    time_zone: str = "UTC"
    origin_s: int = 0
    having_language: Language = "sql"
    with_queries: tuple[Cte, ...] = ()
    show_groups: bool = True
    implicit_column: str = ""
    sample_weight: str = ""
    number_format: Mapping[str, Any] | None = None

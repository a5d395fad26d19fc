"""What a chart asks for. Alerts, dashboard tiles, API charts and tools all speak this value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .source import Source

Language = Literal["lucene", "sql"]
AggregateName = Literal[
    "count", "count_distinct", "sum", "avg", "min", "max", "quantile", "any", "last_value", "none", "increase"
]
MetricKind = Literal["gauge", "sum", "histogram", "summary", "exponential histogram"]


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on events. Blank text asks nothing."""

    text: str = ""
    language: Language = "lucene"


@dataclass(frozen=True, slots=True)
class Metric:
    """Which metric of a metric source: its name and the OTLP kind whose table holds it."""

    name: str
    kind: MetricKind


@dataclass(frozen=True, slots=True)
class Select:
    """One value of a chart. `expression` is what is aggregated: a column, a dotted attribute or SQL.

    `level` is the quantile's, 0 to 1. `where` narrows this value only; `metric` is set on metric sources only.
    """

    aggregate: AggregateName
    expression: str | None = None
    level: float | None = None
    where: Filter = Filter()
    metric: Metric | None = None


@dataclass(frozen=True, slots=True)
class ChartConfig:
    """A chart over one source. Without `granularity_s` there is one row per group, over the whole range.

    `group_by` entries are columns, dotted attributes or SQL expressions.
    """

    source: Source
    select: tuple[Select, ...]
    where: Filter = Filter()
    group_by: tuple[str, ...] = ()
    granularity_s: int | None = None

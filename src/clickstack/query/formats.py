"""How the values of a chart are shown where nobody said: durations of spans as durations (reference §2.13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clickstack.core.chart import ChartConfig, Select

from .compose import shown_values

Format = Mapping[str, Any]
PRECISION_DEFAULT = 9  # of a source's durations: they are in 10^-9 s
_KEEP_THE_UNIT = frozenset({"sum", "avg", "min", "max", "quantile", "any", "last_value", "none"})


def number_formats(chart: ChartConfig) -> tuple[Format | None, ...]:
    """The format of each value of the answer: its own, the chart's, or a duration's; None is a plain number.

    A duration's `factor` makes seconds of it.
    """
    formats = [select.number_format or chart.number_format or _of_duration(select, chart) for select in chart.select]
    derived = [formula.number_format or chart.number_format for formula in chart.formulas]
    if chart.ratio and not chart.formulas:
        derived = [chart.number_format]
    every = [*formats, *derived]
    return tuple(every[index] for index in shown_values(chart))


def _of_duration(select: Select, chart: ChartConfig) -> Format | None:
    duration = (chart.source.duration_expression or "").strip()
    asked = (select.expression or "").strip().strip("`")
    if not duration or select.aggregate not in _KEEP_THE_UNIT or asked not in (duration, duration.strip("`")):
        return None
    precision = chart.source.duration_precision
    exponent = PRECISION_DEFAULT if precision is None else precision
    return {"output": "duration", "factor": float(f"1e-{exponent}")}

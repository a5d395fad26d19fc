"""How values are shown when nobody said (reference/query-engine.md §2.13)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clickstack.core.chart import AggregateName, ChartConfig, Formula, Select
from clickstack.query.formats import number_formats
from query.seeds import source

SPANS = replace(source("trace"), duration_expression="Duration", duration_precision=6)
MICROSECONDS = {"output": "duration", "factor": 1e-6}


@pytest.mark.parametrize(
    ("aggregate", "expression", "shown"),
    [
        ("avg", "Duration", MICROSECONDS),
        ("quantile", "`Duration`", MICROSECONDS),
        ("count_distinct", "Duration", None),
        ("count", None, None),
        ("avg", "Duration / 1e6", None),
        ("avg", "SpanAttributes.size", None),
    ],
)
def test_durations_of_spans_are_durations(
    aggregate: AggregateName, expression: str | None, shown: dict[str, object] | None
) -> None:
    assert number_formats(ChartConfig(SPANS, (Select(aggregate, expression),))) == (shown,)


def test_nanoseconds_when_the_source_does_not_say() -> None:
    chart = ChartConfig(replace(SPANS, duration_precision=None), (Select("max", "Duration"),))
    assert number_formats(chart) == ({"output": "duration", "factor": 1e-9},)


def test_what_somebody_said_comes_first() -> None:
    byte, percent = {"output": "byte"}, {"output": "percent"}
    selects = (Select("avg", "Duration", number_format=byte), Select("count"))
    assert number_formats(ChartConfig(SPANS, selects)) == (byte, None)
    assert number_formats(ChartConfig(SPANS, selects, number_format=percent)) == (byte, percent)
    share = Formula("A / B", number_format=percent)
    assert number_formats(ChartConfig(SPANS, selects, formulas=(share,))) == (byte, None, percent)
    assert number_formats(ChartConfig(SPANS, selects, formulas=(share,), show_operands=False)) == (percent,)
    assert number_formats(ChartConfig(SPANS, selects, ratio="per_group")) == (None,)

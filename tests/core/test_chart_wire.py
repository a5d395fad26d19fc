"""Charts on the wire: read, written, refused with paths."""

# ruff: noqa: E501  (one fault, one line)

from __future__ import annotations

from typing import Any

import pytest

from clickstack.core.chart import ChartConfig, Filter, Formula, Metric, Order, Select
from clickstack.core.chart_wire import chart_wire, parse_chart
from clickstack.core.errors import BadRequest
from clickstack.core.source import Source

LOGS = Source("a" * 24, "t", "Logs", "log", "c", "default", "otel_logs", "Timestamp")
METRICS = Source("b" * 24, "t", "Metrics", "metric", "c", "default", "", "TimeUnix")
SOURCES = {source.id: source for source in (LOGS, METRICS)}
COUNT: dict[str, Any] = {"displayType": "line", "sourceId": LOGS.id, "select": [{"aggFn": "count"}]}


def parse(**changes: Any) -> ChartConfig:
    return parse_chart({**COUNT, **changes}, SOURCES.get)


def test_the_least_a_line_says() -> None:
    assert parse() == ChartConfig(LOGS, (Select("count"),), granularity_s="auto", align=True, fill=True)


def test_everything_a_tile_says() -> None:
    chart = parse(
        select=[
            {"aggFn": "quantile", "valueExpression": "Duration", "level": 0.99, "alias": "p99"},
            {"aggFn": "count", "where": "level:error", "whereLanguage": "lucene", "numberFormat": {"output": "byte"}},
        ],
        groupBy="ServiceName, SpanName",
        where="x = 1",
        whereLanguage="sql",
        filters=[{"type": "sql", "condition": "a = 2"}],
        having="p99 > 1",
        orderBy="p99 DESC",
        limit={"limit": 10, "offset": 20},
        granularity="5 minute",
        asRatio=True,
        ratioMode="share_of_total",
        formulas=[{"expression": "A / B", "alias": "share", "missing": "gap"}],
        showOperandSeries=False,
        seriesLimit=5,
        fillNulls=False,
        alignDateRangeToGranularity=False,
        compareToPreviousPeriod=True,
    )
    assert chart == ChartConfig(
        LOGS,
        (
            Select("quantile", "Duration", 0.99, alias="p99"),
            Select("count", where=Filter("level:error"), number_format={"output": "byte"}),
        ),
        where=Filter("x = 1", "sql"),
        group_by=("ServiceName, SpanName",),
        granularity_s=300,
        filters=(Filter("a = 2", "sql"),),
        having="p99 > 1",
        order_by=(Order("p99 DESC"),),
        limit=10,
        offset=20,
        ratio="share_of_total",
        formulas=(Formula("A / B", "share", "gap"),),
        show_operands=False,
        series_limit=5,
        compare_to_previous=True,
    )


def test_metrics_and_the_reference_s_own_spellings() -> None:
    chart = parse(
        source=METRICS.id,
        sourceId=None,
        displayType="table",
        granularity="1h",
        select=[
            {
                "aggFn": "max",
                "metricName": "cpu",
                "metricType": "gauge",
                "isDelta": True,
                "aggCondition": "a:b",
                "aggConditionLanguage": "lucene",
            }
        ],
        groupBy=[{"valueExpression": "ServiceName", "alias": "my service"}],
        orderBy=[{"valueExpression": "ServiceName", "ordering": "DESC"}],
        limit=7,
    )
    assert chart == ChartConfig(
        METRICS,
        (Select("max", where=Filter("a:b"), metric=Metric("cpu", "gauge"), is_delta=True),),
        group_by=("ServiceName AS `my service`",),
        display="table",
        order_by=(Order("ServiceName", descending=True),),
        limit=7,
    )


@pytest.mark.parametrize("changes", [{}, {"granularity": "30s", "fillNulls": False, "seriesLimit": 3}])
def test_what_is_written_is_read_as_the_same(changes: dict[str, Any]) -> None:
    chart = parse(
        groupBy=["ServiceName"], formulas=[{"expression": "A"}], orderBy=[{"valueExpression": "A"}], **changes
    )
    assert parse_chart(chart_wire(chart), SOURCES.get) == chart


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sourceId": None}, "sourceId: Required"),
        ({"sourceId": "c" * 24}, f"sourceId: there is no source {'c' * 24}"),
        ({"select": []}, "select: expected 1 to 20 items, got 0"),
        ({"select": "count()"}, "select: expected a list"),
        ({"select": ["count()"]}, "select.0: expected an object, got str; select.0.valueExpression: none needs an expression to aggregate"),
        ({"select": [{"aggFn": "p95"}]}, "select.0.aggFn: expected one of count, count_distinct, sum, avg, min, max, quantile, any, last_value, none, increase, rate; select.0.valueExpression: none needs an expression to aggregate"),
        ({"select": [{"aggFn": "avg"}]}, "select.0.valueExpression: avg needs an expression to aggregate"),
        ({"select": [{"aggFn": "quantile", "valueExpression": "x", "level": 95}]}, "select.0.level: expected a number from 0 to 1"),
        ({"sourceId": METRICS.id}, "select.0.metricName: Required: Metrics is a metric source; select.0.metricType: Required: Metrics is a metric source"),
        ({"displayType": "pie", "select": [{"aggFn": "count"}] * 2}, "select: expected 1 to 1 items, got 2"),
        ({"displayType": "pie", "formulas": [{"expression": "A"}]}, "formulas: not for this display"),
        ({"granularity": "5 fortnights"}, "granularity: '5 fortnights' is not a bucket width such as 30s, 5m, 1h or 1d"),
        ({"limit": -1, "fillNulls": "yes", "where": 1}, "limit: expected a whole number from 0 to 1000000; where: expected a text; fillNulls: expected true or false"),
        ({"formulas": [{"expression": "A" * 1025}]}, "formulas.0.expression: longer than 1024 characters"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_path(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse(**changes)
    assert caught.value.message == message


def test_a_chart_that_is_no_object() -> None:
    with pytest.raises(BadRequest, match="expected an object, got list"):
        parse_chart([], SOURCES.get)

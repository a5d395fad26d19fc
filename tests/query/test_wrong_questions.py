"""Questions that are wrong, and what is answered: the field, what is the matter with it, and what to write instead."""

# ruff: noqa: E501  (a question and its answer, one line each)

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clickstack.core.chart import ChartConfig, Filter, Metric, Select
from clickstack.core.chart_wire import parse_chart
from clickstack.core.errors import BadQuery, BadRequest
from clickstack.core.timerange import TimeRange
from clickstack.query import Runner, Search, SearchConfig
from clickstack.query.blame import Piece, blamed, blaming
from clickstack.store import Store
from query.seeds import source

RANGE = TimeRange(1_641_340_800_000, 1_641_341_400_000)
LOGS, METRICS = replace(source("log"), id="logs"), replace(source("metric"), id="metrics")
SQL = {"whereLanguage": "sql"}


def value(expression: str, aggregate: str = "avg", **more: Any) -> dict[str, Any]:
    return {"select": [{"aggFn": aggregate, "valueExpression": expression, **more}]}


def gauge(**more: Any) -> dict[str, Any]:
    return {"sourceId": "metrics", "select": [{"aggFn": "avg", "metricName": "m", "metricType": "gauge", **more}]}


NO_CONDITION = "Compare it with something, as in ServiceName = 'web'."
OF_LOGS = "For an attribute write LogAttributes.nope"
AFTER = "A condition on what was aggregated goes into having."

CHARTS: list[tuple[dict[str, Any], str, int | None, str | None]] = [
    # what a value is of
    (value("nope"), "select.0.valueExpression: There is no column 'nope'.", None, OF_LOGS),
    (value("abs(nope)"), "select.0.valueExpression: There is no column 'nope'.", 4, OF_LOGS),
    (value("length(Boddy)"), "select.0.valueExpression: There is no column 'Boddy'.", 7,
     "Did you mean Body? For an attribute write LogAttributes.Boddy"),
    (value("Body + 1"), "select.0.valueExpression: Illegal types String and UInt8 of arguments of function plus.", None, None),
    (value("count()", "sum"), "select.0.valueExpression: An aggregate has no place here.", None, None),
    ({**value("Body", "none"), "groupBy": "ServiceName"}, "select.0.valueExpression: This has no single value for a row of the answer.", None,
     "Aggregate it, as in any(…), or add it to groupBy."),
    (value("SeverityNumber +"), "select.0.valueExpression: This is no complete SQL expression.", None, None),
    (value("SeverityNumber SeverityNumber SeverityNumber"),
     "select.0.valueExpression: Syntax error near: SeverityNumber SeverityNumber", None, None),
    (value("untuple((1, 2))"), "untuple((1, 2)) is several columns, as untuple and COLUMNS make them; a chart needs one for each.", None, None),
    (value("Timestamp", "sum"), "select.0.valueExpression: Timestamp is DateTime64(9), and the aggregate needs a number.",
     None, None),
    (value("1", "sumMerge"), "select.0.valueExpression: Illegal type UInt8 of argument for aggregate function with Merge suffix. It must be AggregateFunction(...).", None, None),
    # conditions
    ({"where": "SeverityTex = 'error'", **SQL}, "where: There is no column 'SeverityTex'.", 0,
     "Did you mean SeverityText, SeverityNumber? For an attribute write LogAttributes.SeverityTex"),
    ({"where": 'SeverityText = "error"', **SQL}, "where: There is no column 'error'.", 16,
     "A text is written in single quotes: 'error'."),
    ({"where": "SeverityText = 'a' AN Body = 'b'", **SQL}, "where: Syntax error near: AN Body = 'b'", 19, None),
    ({"where": "ServiceName LIKE", **SQL}, "where: This is no complete SQL expression.", None, None),
    ({"where": "ServiceName", **SQL}, "where: This is no condition.", None, NO_CONDITION),
    ({"where": "tuple(1, 2)", **SQL}, "where: This is no condition.", None, NO_CONDITION),
    ({"where": "count() > 5", **SQL}, "where: An aggregate has no place here.", None, AFTER),
    ({"where": "SeverityNumber = 'abc'", **SQL}, "where: Cannot convert string 'abc' to type UInt8.", None, None),
    ({"where": "Body IN (SELECT b FROM users)", **SQL}, "where: There is no table 'users'.", 23,
     "Name the table of one of your sources."),
    ({"filters": [{"type": "sql", "condition": "1"}, {"type": "sql", "condition": "nope = 1"}]},
     "filters.1: There is no column 'nope'.", 0, OF_LOGS),
    ({"filters": [{"type": "lucene", "condition": "nope:1"}]}, "filters.0: There is no column 'nope'.", 0, OF_LOGS),
    (value("1", where="nope:1"), "select.0.where: There is no column 'nope'.", 0, OF_LOGS),
    (value("1", where="nope = 1", **SQL), "select.0.where: There is no column 'nope'.", 0, OF_LOGS),
    (gauge(metricNameSql="nope = 1"), "select.0.metricNameSql: There is no column 'nope'.", 0,
     "For an attribute write ResourceAttributes.nope"),
    (gauge(where="nope = 1", **SQL), "select.0.where: There is no column 'nope'.", 0,
     "For an attribute write ResourceAttributes.nope"),
    # groups, and what speaks of the answer
    ({"groupBy": "ServiceName, round(nope)"}, "groupBy.1: There is no column 'nope'.", 6, OF_LOGS),
    ({"groupBy": "count()"}, "groupBy.0: An aggregate has no place here.", None, None),
    ({"groupBy": "ServiceName AS"}, "groupBy.0: This is no complete SQL expression.", None, None),
    ({"having": "nope > 5"}, "having: There is no column 'nope'.", 0, "There are: count()"),
    ({"having": "count() >"}, "having: This is no complete SQL expression.", None, None),
    ({"having": "count() > 'x'"}, "having: Cannot convert string 'x' to type UInt64.", None, None),
    ({"having": "nope:5", "havingLanguage": "lucene"}, "having: there is no 'nope' in the answer.", 0,
     "There are: count()"),
    ({"orderBy": "count() DESC, nope", "groupBy": "ServiceName"}, "orderBy.1: There is no column 'nope'.", 0,
     "There are: ServiceName, count()"),
    ({"orderBy": "count() DOWN"}, "orderBy.0: Syntax error near: DOWN", 8, None),
    # the rest of a chart
    ({"with": [{"name": "x", "sql": "SELECT nope FROM otel_logs"}], "where": "Body IN (SELECT * FROM x)", **SQL},
     "with.0.sql: There is no column 'nope'.", 7, OF_LOGS),
    ({"with": [{"name": "x", "sql": "SELEC 1"}]}, "with.0.sql: Syntax error near: SELEC 1", 0, None),
    ({"implicitColumnExpression": "nope"}, "implicitColumnExpression: There is no column 'nope'.", None, OF_LOGS),
    ({"implicitColumnExpression": "upper(nope)", "where": "x"}, "implicitColumnExpression: There is no column 'nope'.", 6, OF_LOGS),
    ({"sampleWeightExpression": "1 +", "where": "SeverityNumber > 1", **SQL}, "sampleWeightExpression: This is no complete SQL expression.", None, None),
    ({"sampleWeightExpression": "nope"}, "sampleWeightExpression: There is no column 'nope'.", None, OF_LOGS),
]  # fmt: skip


@pytest.mark.parametrize(("wire", "message", "position", "hint"), CHARTS, ids=lambda value: str(value)[:60])
def test_a_chart(seeded: Store, wire: dict[str, Any], message: str, position: int | None, hint: str | None) -> None:
    base = {"displayType": "table", "sourceId": "logs", "select": [{"aggFn": "count"}]}
    chart = parse_chart({**base, **wire}, {"logs": LOGS, "metrics": METRICS}.get)
    with pytest.raises(BadQuery) as refusal:
        Runner(seeded).run(chart, RANGE)
    assert (refusal.value.message, refusal.value.position, refusal.value.hint) == (message, position, hint)


@pytest.mark.parametrize(
    ("wire", "message"),
    [
        (value("1", "median"), "select.0.aggFn: expected one of count, count_distinct, sum"),
        (value("1", "quantile", level=95), "select.0.level: expected a number from 0 to 1"),
        (value("1", "increase"), "select.0.aggFn: increase is of sum metrics; this source is not one"),
        (
            gauge(aggFn="increase"),
            "select.0: metricType 'gauge' is not supported for aggFn 'increase'; it has avg, min",
        ),
        (gauge(metricName=""), "select.0.metricName: Required: Metrics is a metric source"),
        (
            {"granularity": "5 fortnights", "displayType": "line"},
            "granularity: '5 fortnights' is not a bucket width such",
        ),
        ({"timeZone": "Mars"}, "timeZone: 'Mars' is not a time zone such as UTC or Europe/Berlin"),
        ({"formulas": [{"expression": "A / Z"}]}, "formulas.0.expression: Z is no value; the last is A"),
        ({"limit": -1}, "limit: expected a whole number from 0 to 1000000"),
    ],
)
def test_a_chart_that_is_not_even_asked(seeded: Store, wire: dict[str, Any], message: str) -> None:
    base = {"displayType": "table", "sourceId": "logs", "select": [{"aggFn": "count"}]}
    with pytest.raises((BadRequest, BadQuery)) as refusal:
        Runner(seeded).run(parse_chart({**base, **wire}, {"logs": LOGS, "metrics": METRICS}.get), RANGE)
    assert refusal.value.message.startswith(message)


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        ({"select": "Body, length(nope)"}, "select: There is no column 'nope'.", OF_LOGS),
        ({"select": "count()"}, "select: A list of events has no aggregates.", "Ask a chart for counts and averages."),
        ({"select": "Body AS"}, "select: This is no complete SQL expression.", None),
        ({"order_by": "Body UP"}, "orderBy: Syntax error near: UP", None),
        ({"order_by": "nope DESC"}, "orderBy: There is no column 'nope'.", OF_LOGS),
        ({"where": Filter("nope = 1", "sql")}, "where: There is no column 'nope'.", OF_LOGS),
        ({"where": Filter("nope:1")}, "There is no column 'nope'.", OF_LOGS),
        ({"filters": (Filter("1", "sql"), Filter("Body", "sql"))}, "filters.1: This is no condition.", NO_CONDITION),
    ],
)
def test_a_search(seeded: Store, asked: dict[str, Any], message: str, hint: str | None) -> None:
    config = replace(SearchConfig(LOGS, Filter(), RANGE, 5), **asked)
    with pytest.raises(BadQuery) as refusal:
        Search(seeded).page(config)
    assert (refusal.value.message, refusal.value.hint) == (message, hint)


def test_a_filter_of_the_source_is_told_as_its_own(seeded: Store) -> None:
    broken = replace(LOGS, table_filter_expression="nope = 1")
    with pytest.raises(BadQuery, match="tableFilterExpression: There is no column 'nope'"):
        Runner(seeded).run(ChartConfig(broken, (Select("count"),), display="table"), RANGE)
    with pytest.raises(BadQuery, match="tableFilterExpression: There is no column 'nope'"):
        Search(seeded).page(SearchConfig(broken, Filter(), RANGE, 5))


def test_series_of_the_published_api_keep_their_names(seeded: Store) -> None:
    chart = ChartConfig(LOGS, (Select("avg", "abs(nope)"),), granularity_s=60)
    with pytest.raises(BadQuery, match=r"series\.2\.field: There is no column 'nope'"):
        Runner(seeded).run(chart, RANGE, first=2)
    with pytest.raises(BadRequest, match=r"series\.0: metricDataType 'gauge' is not supported"):
        Runner(seeded).run(
            ChartConfig(METRICS, (Select("rate", metric=Metric("m", "gauge")),), granularity_s=60), RANGE, first=0
        )


@pytest.mark.parametrize("nothing", ["/* nothing */", "-- nothing"])
def test_a_comment_is_no_text_to_search(seeded: Store, nothing: str) -> None:
    silent = replace(LOGS, implicit_column_expression=nothing)
    assert Search(seeded).page(SearchConfig(silent, Filter("ServiceName:x"), RANGE, 5)).rows == []
    with pytest.raises(BadQuery, match="no text column to search"):
        Search(seeded).page(SearchConfig(silent, Filter("x"), RANGE, 5))


def test_a_fault_of_no_text_is_told_as_it_is() -> None:
    """A value that only a row shows to be wrong; or an error that has its place already."""
    fine = Piece("where", "1", lambda: None, str)
    error = BadQuery("limit: too large")
    assert blamed(error, [fine]) is error


def test_an_error_that_no_text_explains_keeps_what_the_engine_said() -> None:
    said = RuntimeError("Code: 42. DB::Exception: …")
    with pytest.raises(BadQuery, match="refused") as told, blaming(list):
        raise BadQuery("refused") from said
    assert told.value.__cause__ is said

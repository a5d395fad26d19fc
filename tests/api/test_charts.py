"""POST /api/v2/charts/series through the whole API, on the real engine."""

# ruff: noqa: E501  (one case of a table, one line)

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from clickstack.api import Services
from clickstack.metadata import Metadata
from clickstack.store import Store
from query.foreign import foreign_source

DAY = {"startTime": 1647014400000, "endTime": 1647100800000}  # 2022-03-11 16:00 to 2022-03-12 16:00, UTC
HOUR_MS = 3_600_000
Ask = Callable[..., httpx.Response]


@pytest.fixture
def services(services: Services, store: Store) -> Services:
    return dataclasses.replace(services, store=store)


@pytest.fixture
def events(store: Store) -> None:
    """Two hours of logs, one a minute from 16:00: errors of api on the hour's even minutes, info of web on the odd."""
    store.command(
        "INSERT INTO otel_logs (Timestamp, SeverityText, ServiceName, Body, LogAttributes) "
        "SELECT toDateTime64('2022-03-11 16:00:00', 9) + toIntervalMinute(number), ['ERROR', 'info'][1 + number % 2], "
        "['api', 'web'][1 + number % 2], concat('request ', toString(number)), map('n', toString(number)) FROM numbers(120)"
    )


@pytest.fixture
def sources(v2: httpx.Client) -> dict[str, str]:
    return {each["kind"]: each["id"] for each in v2.get("/api/v2/sources").json()["data"]}


@pytest.fixture
def ask(v2: httpx.Client, sources: dict[str, str]) -> Ask:
    """Asks for series of logs: `ask({"where": "…"}, {…}, granularity="1h")`."""

    def post(*series: dict[str, Any], **body: Any) -> httpx.Response:
        whole = [{"sourceId": sources["log"], "aggFn": "count", "where": "", "groupBy": [], **each} for each in series]
        return v2.post("/api/v2/charts/series", json={**DAY, "granularity": "1h", "series": whole, **body})

    return post


def data(reply: httpx.Response) -> Any:
    assert reply.status_code == 200, reply.text
    return reply.json()["data"]


@pytest.mark.usefixtures("events")
def test_the_example_of_the_product_page(v2: httpx.Client, sources: dict[str, str]) -> None:
    body = {
        "startTime": 1647014400000,
        "endTime": 1647100800000,
        "granularity": "1h",
        "series": [{"sourceId": sources["log"], "aggFn": "count", "where": "SeverityText:error", "groupBy": []}],
    }
    assert data(v2.post("/api/v2/charts/series", json=body)) == [
        {"ts_bucket": 1647014400000, "group": [], "series_0.data": 30},
        {"ts_bucket": 1647014400000 + HOUR_MS, "group": [], "series_0.data": 30},
    ]


@pytest.mark.usefixtures("events")
def test_groups_by_published_words_columns_and_attributes(ask: Ask) -> None:
    rows = data(ask({"groupBy": ["service", "SeverityText"]}, granularity="1d"))
    assert [(row["group"], row["series_0.data"]) for row in rows] == [(["api", "ERROR"], 60), (["web", "info"], 60)]
    rows = data(ask({"groupBy": ["LogAttributes['n']"], "where": "LogAttributes.n:<2"}, granularity="1d"))
    assert [row["group"] for row in rows] == [["0"], ["1"]]


@pytest.mark.usefixtures("events")
def test_series_are_joined_by_time_and_group_and_absent_ones_have_no_key(ask: Ask) -> None:
    rows = data(ask({"where": "LogAttributes.n:>=60"}, {"where": ""}))
    assert rows == [
        {"ts_bucket": DAY["startTime"], "group": [], "series_1.data": 60},
        {"ts_bucket": DAY["startTime"] + HOUR_MS, "group": [], "series_0.data": 60, "series_1.data": 60},
    ]


@pytest.mark.usefixtures("events")
def test_ratio_divides(ask: Ask) -> None:
    rows = data(ask({"where": "service:api LogAttributes.n:<60"}, {}, seriesReturnType="ratio"))
    assert [row["ratio"] for row in rows] == [0.5, 0]
    assert rows[0]["series_0.data"] == 30


@pytest.mark.usefixtures("events")
def test_columns(ask: Ask) -> None:
    series = {"groupBy": ["ServiceName"], "where": "LogAttributes.n:<60"}
    rows = data(ask(series, {**series, "aggFn": "max", "field": "LogAttributes.n"}, seriesReturnType="column"))
    assert rows == [
        {"series_0": 30, "ServiceName": "api", "__hdx_time_bucket": "2022-03-11T16:00:00Z"},
        {"series_0": 30, "ServiceName": "web", "__hdx_time_bucket": "2022-03-11T16:00:00Z"},
        {"series_1": 58, "ServiceName": "api", "__hdx_time_bucket": "2022-03-11T16:00:00Z"},
        {"series_1": 59, "ServiceName": "web", "__hdx_time_bucket": "2022-03-11T16:00:00Z"},
    ]


@pytest.mark.usefixtures("events")
def test_the_end_is_not_in_the_range(ask: Ask) -> None:
    assert sum(row["series_0.data"] for row in data(ask({}, endTime=DAY["startTime"] + HOUR_MS))) == 60


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize("end", [DAY["startTime"], DAY["startTime"] - 1])
def test_a_range_that_ends_before_it_starts_has_no_data(ask: Ask, end: int) -> None:
    assert data(ask({}, endTime=end)) == []


@pytest.mark.usefixtures("events")
def test_a_far_future_end(ask: Ask) -> None:
    assert sum(row["series_0.data"] for row in data(ask({}, endTime=99_999_999_999_999, granularity="30d"))) == 120


@pytest.mark.usefixtures("events")
def test_granularity_is_chosen_when_not_given(ask: Ask) -> None:
    assert len(data(ask({}, granularity="auto"))) == 4  # half hours: at most sixty buckets in a day


def test_metrics_and_events_in_one_chart(ask: Ask, sources: dict[str, str], store: Store) -> None:
    store.command(
        "INSERT INTO otel_metrics_gauge (MetricName, TimeUnix, Value, Attributes) VALUES "
        "('cpu', '2022-03-11 16:00:10', 15, {'host':'a'}), ('cpu', '2022-03-11 16:00:20', 25, {'host':'a'})"
    )
    store.command("INSERT INTO otel_logs (Timestamp, Body) VALUES ('2022-03-11 16:30:00', 'x')")
    gauge = {"sourceId": sources["metric"], "aggFn": "avg", "metricName": "cpu", "metricDataType": "gauge"}
    assert data(ask(gauge, {})) == [
        {"ts_bucket": DAY["startTime"], "group": [], "series_0.data": 25, "series_1.data": 1}
    ]


def test_histograms(ask: Ask, sources: dict[str, str], store: Store) -> None:
    store.command(
        "INSERT INTO otel_metrics_histogram (MetricName, TimeUnix, BucketCounts, ExplicitBounds, Count, Sum, "
        "AggregationTemporality) VALUES ('took', '2022-03-11 16:00:10', [10, 0], [4], 10, 30, 1)"
    )
    store.command(
        "INSERT INTO otel_metrics_exponential_histogram (MetricName, TimeUnix, Scale, PositiveOffset, "
        "PositiveBucketCounts, Count, Sum, AggregationTemporality) VALUES ('spread', '2022-03-11 16:00:10', 0, 1, [4], 4, 12, 1)"
    )
    took = {"sourceId": sources["metric"], "metricName": "took", "metricDataType": "histogram"}
    spread = {**took, "metricName": "spread", "metricDataType": "exponential histogram"}
    (row,) = data(
        ask(
            {**took, "aggFn": "quantile", "level": 0.95},
            {**took, "aggFn": "count"},
            {**took, "aggFn": "avg"},
            {**spread, "aggFn": "quantile"},
            {**spread, "aggFn": "count"},
        )
    )
    assert row == {
        "ts_bucket": DAY["startTime"],
        "group": [],
        "series_0.data": 3.8,
        "series_1.data": 10,
        "series_2.data": 3,
        "series_3.data": pytest.approx(2**1.5),
        "series_4.data": 4,
    }


@pytest.mark.usefixtures("events")
def test_a_group_that_spells_a_list(ask: Ask) -> None:
    rows = data(ask({"groupBy": ["ServiceName, SeverityText AS level"]}, granularity="1d", seriesReturnType="column"))
    assert [(row["ServiceName"], row["level"]) for row in rows] == [("api", "ERROR"), ("web", "info")]


def test_a_fault_names_its_series(ask: Ask) -> None:
    assert ask({}, {"aggFn": "sum"}).json()["message"] == "series.1.field: sum needs a field to aggregate"


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ({"where": "nope:x"}, "There is no column 'nope'."),
        ({"where": "(foo"}, "A closing ) is missing."),
        ({"where": "1) OR (1", "whereLanguage": "sql"}, "where: there is a ) without its opening bracket"),
        ({"where": "url('http://x')", "whereLanguage": "sql"}, "where: url is not allowed here"),
        ({"where": "up", "whereLanguage": "promql"}, "series.0.whereLanguage: promql does not filter events; use lucene or sql"),
        ({"aggFn": "sum"}, "series.0.field: sum needs a field to aggregate"),
        ({"groupBy": ["Sevice"]}, "groupBy.0: There is no column 'Sevice'."),
    ],
)  # fmt: skip
def test_wrong_queries_are_400_with_both_spellings(ask: Ask, series: dict[str, Any], message: str) -> None:
    reply = ask(series)
    assert reply.status_code == 400
    assert reply.json()["message"] == reply.json()["error"] == message


def test_the_engine_s_own_complaint_names_no_internals(ask: Ask) -> None:
    reply = ask({"where": "nosuchcolumn = 1", "whereLanguage": "sql"})
    assert reply.status_code == 400
    assert "nosuchcolumn" in reply.json()["message"]
    assert "otel_logs" not in reply.text


def test_an_unknown_source(ask: Ask) -> None:
    reply = ask({}, {"sourceId": "f" * 24})
    assert (reply.status_code, reply.json()) == (
        404,
        {"message": "Source not found for series 1", "error": "Source not found for series 1"},
    )


def test_another_team_s_source_is_not_there(ask: Ask, metadata: Metadata) -> None:
    assert ask({"sourceId": foreign_source(metadata)}).status_code == 404


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"series": []}, "series: Series array cannot be empty"),
        ({"startTime": 1647014400}, "startTime: Timestamp must be in milliseconds"),
        ({"startTime": -1}, "startTime: Timestamp must be positive; startTime: Timestamp must be in milliseconds"),
        ({"endTime": 1647014400000.5}, "endTime: Timestamp must be an integer"),
        ({"endTime": "now"}, "endTime: Expected number, received string"),
        ({"granularity": "7m"}, "granularity: Invalid enum value. Expected '30s' | '1m' | '5m' | '10m' | '15m' | '30m' | '1h' | '2h' | '6h' | '12h' | '1d' | '2d' | '7d' | '30d' | 'auto', received '7m'"),
        ({"seriesReturnType": "x"}, "seriesReturnType: Invalid enum value. Expected 'ratio' | 'column', received 'x'"),
    ],
)  # fmt: skip
def test_bodies_are_checked_in_the_published_words(ask: Ask, change: dict[str, Any], message: str) -> None:
    reply = ask({}, **change)
    assert (reply.status_code, reply.json()) == (400, {"message": f"Body validation failed: {message}"})


def test_series_are_checked(ask: Ask) -> None:
    reply = ask({"groupBy": ["a"]}, {"groupBy": ["b"]})
    assert reply.json() == {"message": "Body validation failed: series: All series must have the same groupBy fields"}
    assert "at most 5 element(s)" in ask({}, {}, {}, {}, {}, {}).json()["message"]
    assert "series.0.groupBy: Array must contain at most 10" in ask({"groupBy": ["a"] * 11}).json()["message"]
    assert "series.0.sourceId: Invalid ObjectId" in ask({"sourceId": "x"}).json()["message"]
    assert "series.0.level: Number must be less than or equal to 1" in ask({"level": 2}).json()["message"]


def test_whole_floats_are_integers(ask: Ask) -> None:
    assert data(ask({}, startTime=1647014400000.0)) == []

"""Charts of tiles over HTTP: built of fields and of raw SQL, with their SQL and what they cost."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import httpx
import pytest

from clickstack.api import Services
from clickstack.metadata import Metadata
from clickstack.store import Store
from query.foreign import foreign_source

START_MS = 1647014400000  # 2022-03-11 16:00 UTC
HOUR = {"startTime": START_MS, "endTime": START_MS + 3_600_000}


@pytest.fixture
def services(services: Services, store: Store) -> Services:
    store.command(
        "INSERT INTO otel_logs (Timestamp, ServiceName, Body) SELECT toDateTime64('2022-03-11 16:00:00', 9) "
        "+ toIntervalMinute(number), ['api', 'web'][1 + number % 2], 'x' FROM numbers(60)"
    )
    return dataclasses.replace(services, store=store)


@pytest.fixture
def logs(person: httpx.Client) -> str:
    return next(each["id"] for each in person.get("/sources").json() if each["kind"] == "log")


def last(reply: httpx.Response) -> dict[str, Any]:
    assert reply.status_code == 200, reply.text
    return dict(json.loads(reply.text.splitlines()[-1]))


def test_a_line_with_its_period_before(person: httpx.Client, logs: str) -> None:
    chart = {
        "displayType": "line",
        "sourceId": logs,
        "select": [{"aggFn": "count", "alias": "events"}],
        "groupBy": "ServiceName",
        "granularity": "30 minute",
        "compareToPreviousPeriod": True,
    }
    late = {"startTime": START_MS + 1_800_000, "endTime": START_MS + 3_600_000}
    found = last(person.post("/explore/chart", json={"chart": chart, **late}))
    assert found["type"] == "result"
    assert (found["values"], found["groups"], found["granularityS"]) == (["events"], ["ServiceName"], 1800)
    assert found["points"] == [[START_MS + 1_800_000, ["api"], [15]], [START_MS + 1_800_000, ["web"], [15]]]
    assert found["previous"] == found["points"]
    assert found["sql"].startswith("SELECT")
    assert found["statistics"]["rowsRead"] > 0
    assert found["warnings"] == []


def test_a_raw_statement(person: httpx.Client, logs: str) -> None:
    body = {
        "sql": "SELECT $__timeInterval(Timestamp) AS ts, count() AS n FROM $__sourceTable "
        "WHERE $__timeFilter(Timestamp) AND $__filter(ServiceName, $service) AND $__filters GROUP BY ts ORDER BY ts",
        "display": "line",
        "sourceId": logs,
        "granularity": "1h",
        "variables": [{"name": "service", "values": ["api"]}],
        "filters": [{"key": "Body", "included": ["x"]}],
        **HOUR,
    }
    found = last(person.post("/explore/sql-chart", json=body))
    assert found["type"] == "result", found
    assert (found["values"], found["points"]) == (["n"], [[START_MS, [], [30]]])
    assert "'api'" in found["sql"]


def test_faults_say_where_they_are(person: httpx.Client, logs: str, metadata: Metadata) -> None:
    empty = person.post("/explore/chart", json={"chart": {"sourceId": logs, "select": []}, **HOUR})
    assert (empty.status_code, empty.json()["message"]) == (400, "select: expected 1 to 20 items, got 0")
    theirs = {"sourceId": foreign_source(metadata), "select": [{"aggFn": "count"}]}
    assert "there is no source" in person.post("/explore/chart", json={"chart": theirs, **HOUR}).json()["message"]
    wrong = {"chart": {"sourceId": logs, "select": [{"aggFn": "count"}], "where": "Nope:1"}, **HOUR}
    found = last(person.post("/explore/chart", json=wrong))
    assert (found["code"], found["position"]) == ("bad_query", 0)
    found = last(person.post("/explore/sql-chart", json={"sql": "SELECT * FROM system.processes", **HOUR}))
    assert found["code"] == "forbidden"

"""What stands around a row, what a search leaves out as noise, and what a text asks for in plain words."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import httpx
import pytest

from clickstack.api import Services
from clickstack.store import Store

START_MS = 1647014400000  # 2022-03-11 16:00 UTC
HOUR = {"startTime": START_MS, "endTime": START_MS + 3_600_000}


@pytest.fixture
def services(services: Services, store: Store) -> Services:
    """A log a minute; three at 16:30. Two of three are the same heartbeat."""
    store.command(
        "INSERT INTO otel_logs (Timestamp, ServiceName, SeverityText, Body) "
        "SELECT toDateTime64('2022-03-11 16:00:00', 9) + toIntervalMinute(number), ['api', 'web'][1 + number % 2], "
        "'info', if(number % 3 = 0, concat('order ', toString(number), ' failed'), 'heartbeat ok') FROM numbers(60)"
    )
    store.command(
        "INSERT INTO otel_logs (Timestamp, ServiceName, SeverityText, Body) "
        "VALUES ('2022-03-11 16:30:00', 'api', 'info', 'twin'), ('2022-03-11 16:30:00', 'api', 'info', 'twin')"
    )
    return dataclasses.replace(services, store=store)


@pytest.fixture
def logs(person: httpx.Client) -> str:
    return next(each["id"] for each in person.get("/sources").json() if each["kind"] == "log")


def last(reply: httpx.Response) -> dict[str, Any]:
    assert reply.status_code == 200, reply.text
    return dict(json.loads(reply.text.splitlines()[-1]))


def test_neighbours_of_every_row(person: httpx.Client, logs: str) -> None:
    """Around each row lies what the search lists before and after it, also among rows of the same moment."""
    page = last(person.post("/search", json={"sourceId": logs, **HOUR}))
    ids = page["rowIds"]
    assert len(ids) == 62
    for at in (0, 1, 28, 29, 30, 31, 32, 60, 61):
        found = last(person.post("/search/around", json={"sourceId": logs, "rowId": ids[at], "limit": 3}))
        low, high = max(at - 3, 0), min(at + 4, len(ids))
        assert found["rowIds"] == ids[low:high]
        assert found["rows"] == page["rows"][low:high]
        assert found["rowIds"][found["at"]] == ids[at]
        assert (found["moreNewer"], found["moreOlder"]) == (low > 0, high < len(ids))
    assert found["columns"] == page["columns"]


def test_neighbours_may_be_chosen(person: httpx.Client, logs: str) -> None:
    row = last(person.post("/search", json={"sourceId": logs, "where": "order", **HOUR}))["rowIds"][5]
    filters = [{"type": "sql", "condition": "ServiceName = 'web'"}, {"type": "lucene", "condition": "heartbeat"}]
    body = {"sourceId": logs, "rowId": row, "filters": filters, "select": "ServiceName, Body", "limit": 2}
    found = last(person.post("/search/around", json=body))
    assert [row[1:] for row in found["rows"][: found["at"]]] == [["web", "heartbeat ok"]] * 2
    assert found["rows"][found["at"]][2].startswith("order")
    assert [row[1:] for row in found["rows"][found["at"] + 1 :]] == [["web", "heartbeat ok"]] * 2


def test_a_row_that_is_gone_has_no_neighbours(person: httpx.Client, logs: str, store: Store) -> None:
    row = last(person.post("/search", json={"sourceId": logs, **HOUR}))["rowIds"][0]
    store.command("TRUNCATE TABLE otel_logs")
    assert last(person.post("/search/around", json={"sourceId": logs, "rowId": row}))["code"] == "not_found"
    assert last(person.post("/search/around", json={"sourceId": logs, "rowId": "x"}))["code"] == "bad_request"


def test_a_search_without_its_noise(person: httpx.Client, logs: str) -> None:
    found = last(person.post("/explore/noise", json={"sourceId": logs, **HOUR}))
    shares = {pattern["pattern"]: round(pattern["share"] * 62) for pattern in found["patterns"]}
    assert shares == {"heartbeat ok": 40, "order <*> failed": 20}
    filters = [{"type": "sql", "condition": text} for text in found["without"]]
    rest = last(person.post("/search", json={"sourceId": logs, "filters": filters, **HOUR}))
    assert [row[-1] for row in rest["rows"]] == ["twin", "twin"]
    bars = last(person.post("/search/histogram", json={"sourceId": logs, "filters": filters[:1], **HOUR}))
    assert bars["total"] == 22
    facets = last(
        person.post("/explore/facets", json={"sourceId": logs, "keys": ["Body"], "filters": filters, **HOUR})
    )["facets"]
    assert facets[0]["values"] == [{"value": "twin", "count": 2}]


def test_choices_in_lists_and_the_filters_that_are_kept(person: httpx.Client) -> None:
    kept = ["a IN ('x', 'y') AND b BETWEEN 1 AND 2.5", "c NOT IN (true, 3)", "a = 'x'"]
    found = person.post("/search/filters", json={"conditions": kept}).json()
    assert found["choices"] == [
        [
            {"key": "a", "included": ["x", "y"], "excluded": [], "low": None, "high": None},
            {"key": "b", "included": [], "excluded": [], "low": 1, "high": 2.5},
        ],
        [{"key": "c", "included": [], "excluded": [True, 3], "low": None, "high": None}],
        None,
    ]
    choices = [choice for each in found["choices"] if each for choice in each]
    again = person.post("/search/filters", json={"choices": choices}).json()
    assert again["conditions"] == ["a IN ('x', 'y')", "b BETWEEN 1 AND 2.5", "c NOT IN (true, 3)"]


def test_bars_of_local_days(person: httpx.Client, logs: str) -> None:
    body = {"sourceId": logs, "granularity": "1d", "timeZone": "Pacific/Auckland", **HOUR}
    bars = last(person.post("/search/histogram", json=body))
    assert bars["buckets"] == [1646996400000]  # 2022-03-12 00:00 in Auckland, 13 hours ahead
    assert bars["total"] == 62
    reply = person.post("/search/histogram", json={**body, "timeZone": "Mars/Phobos"})
    assert (reply.status_code, reply.json()["message"][:9]) == (400, "timeZone:")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "every event"),
        ("SeverityNumber:9", "SeverityNumber is 9"),
        ("-SeverityNumber:>9", "not: SeverityNumber is greater than 9"),
        ("ServiceName:api error", 'ServiceName contains "api" and the event has the word "error"'),
        ("LogAttributes.http.status:>=500", "LogAttributes.http.status is at least 500"),
    ],
)
def test_a_text_in_plain_words(person: httpx.Client, logs: str, text: str, said: str) -> None:
    assert person.post("/search/explain", json={"sourceId": logs, "where": text}).json() == {"text": said}


def test_a_text_that_asks_for_no_column(person: httpx.Client, logs: str) -> None:
    reply = person.post("/search/explain", json={"sourceId": logs, "where": "error Nope:1"})
    assert (reply.status_code, reply.json()["position"]) == (400, 6)

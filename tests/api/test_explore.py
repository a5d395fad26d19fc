"""Exploring through the API: the streams behind suggestions and filters."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import httpx
import pytest

from clickstack.api import Services
from clickstack.metadata import Metadata
from clickstack.store import Store
from query.explore_seeds import seed_logs
from query.foreign import foreign_source

NOON_MS = 1677931200000  # 2023-03-04 12:00 UTC
RANGE = {"startTime": NOON_MS, "endTime": NOON_MS + 7_200_000}


@pytest.fixture
def services(services: Services, store: Store) -> Services:
    seed_logs(store)
    return dataclasses.replace(services, store=store)


@pytest.fixture
def logs(person: httpx.Client) -> str:
    return next(each["id"] for each in person.get("/sources").json() if each["kind"] == "log")


def result(reply: httpx.Response) -> dict[str, Any]:
    assert reply.status_code == 200, reply.text
    lines = [json.loads(line) for line in reply.text.splitlines()]
    assert lines[0]["type"] == "started"
    return dict(lines[-1])


def test_keys(person: httpx.Client, logs: str) -> None:
    found = result(person.post("/explore/keys", json={"sourceId": logs, **RANGE}))
    assert {
        "name": "LogAttributes.plan", "column": "LogAttributes", "attribute": "plan",
        "type": "String", "facet": True, "count": 60,
    } in found["keys"]  # fmt: skip
    assert found["keys"][0]["name"] == "Timestamp"
    assert found["truncated"] == []


def test_values_of_a_default_source_are_never_scanned(person: httpx.Client, logs: str) -> None:
    for key, method in (("ServiceName", "rollup"), ("LogAttributes.plan", "index")):
        found = result(person.post("/explore/values", json={"sourceId": logs, "key": key, **RANGE}))
        assert (found["method"], found["estimated"], found["truncated"]) == (method, False, False)
        assert sum(value["count"] for value in found["values"]) in (60, 120)


def test_facets_agree_with_the_filter(person: httpx.Client, logs: str) -> None:
    body = {"sourceId": logs, "keys": ["ServiceName", "SeverityText"], "where": "failed", **RANGE}
    found = result(person.post("/explore/facets", json=body))
    assert [facet["key"] for facet in found["facets"]] == ["ServiceName", "SeverityText"]
    assert found["facets"][1]["values"] == [{"value": "error", "count": 30}]
    assert found["statistics"]["rowsRead"] > 0


def test_a_selection_narrows_the_other_lists(person: httpx.Client, logs: str) -> None:
    selected = [{"key": "ServiceName", "where": "ServiceName:web"}]
    body = {"sourceId": logs, "keys": ["ServiceName", "SeverityText"], "selected": selected, **RANGE}
    services, severities = result(person.post("/explore/facets", json=body))["facets"]
    assert {each["value"]: each["count"] for each in services["values"]} == {"cart": 80, "web": 40}
    assert {each["value"]: each["count"] for each in severities["values"]} == {"info": 30, "error": 10}


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("values", {"key": "nope"}, "There is no column 'nope'."),
        ("values", {"key": "ServiceName", "where": "a:("}, "A closing ) is missing."),
        ("facets", {"keys": ["Body; DROP TABLE otel_logs"]}, "key must be one expression, without ;"),
    ],
)
def test_faults_of_the_query_end_the_stream(
    person: httpx.Client, logs: str, path: str, body: dict[str, Any], message: str
) -> None:
    error = result(person.post(f"/explore/{path}", json={"sourceId": logs, **body, **RANGE}))
    assert (error["type"], error["code"], error["message"]) == ("error", "bad_query", message)


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("values", {}, "key"),
        ("values", {"key": "a", "limit": 0}, "limit"),
        ("facets", {"keys": []}, "keys"),
        ("facets", {"keys": ["a"] * 51}, "keys"),
        ("facets", {"keys": ["a"], "selected": [{"key": "a", "where": where} for where in "xy"]}, "selected"),
    ],
)
def test_faults_of_the_body_are_400(
    person: httpx.Client, logs: str, path: str, body: dict[str, Any], message: str
) -> None:
    reply = person.post(f"/explore/{path}", json={"sourceId": logs, **body, **RANGE})
    assert reply.status_code == 400
    assert message in reply.text


def test_strangers_and_other_teams(person: httpx.Client, connect: Any, metadata: Metadata, logs: str) -> None:
    body = {"sourceId": logs, "key": "ServiceName", **RANGE}
    assert connect().post("/explore/values", json=body).status_code == 401
    theirs = {**body, "sourceId": foreign_source(metadata)}
    assert person.post("/explore/values", json=theirs).status_code == 404

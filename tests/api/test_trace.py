"""One trace through the API."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import httpx
import pytest

from clickstack.api import Services
from clickstack.metadata import Metadata
from clickstack.query import trace as trace_module
from clickstack.store import Store
from query.explore_seeds import seed_traces
from query.foreign import foreign_source


@pytest.fixture
def services(services: Services, store: Store) -> Services:
    seed_traces(store)
    return dataclasses.replace(services, store=store)


@pytest.fixture
def sources(person: httpx.Client) -> dict[str, str]:
    return {each["kind"]: each["id"] for each in person.get("/sources").json()}


def last(reply: httpx.Response) -> dict[str, Any]:
    assert reply.status_code == 200, reply.text
    return dict(json.loads(reply.text.splitlines()[-1]))


@pytest.mark.parametrize("kind", ["trace", "log"])
def test_a_trace_with_its_logs(person: httpx.Client, sources: dict[str, str], kind: str) -> None:
    found = last(person.post("/trace", json={"sourceId": sources[kind], "traceId": "checkout"}))
    assert [(span["spanId"], span["depth"]) for span in found["spans"]] == [
        ("a", 0), ("b", 1), ("c", 1), ("d", 2), ("x", 0),
    ]  # fmt: skip
    assert (found["startNs"], found["durationNs"], found["errors"]) == ("1677942000000000000", 115_000_000, 1)
    assert [(log["spanId"], log["text"], log["offsetNs"]) for log in found["logs"]] == [
        ("c", "card refused", 60_000_000)
    ]
    assert found["services"][0] == {"name": "pay", "spans": 2, "errors": 1, "selfNs": 55_000_000}
    assert not found["spansTruncated"]
    assert found["spans"][0]["events"] == [{"name": "cache miss", "offsetNs": 1_000_000}]


def test_rows_of_a_trace_open(person: httpx.Client, sources: dict[str, str]) -> None:
    found = last(person.post("/trace", json={"sourceId": sources["trace"], "traceId": "checkout"}))
    for kind, row_id, key, value in (
        ("trace", found["spans"][1]["rowId"], "SpanId", "b"),
        ("log", found["logs"][0]["rowId"], "Body", "card refused"),
    ):
        row = last(person.post("/search/row", json={"sourceId": sources[kind], "rowId": row_id}))["row"]
        assert row[key] == value


def test_a_trace_over_the_limits_says_so(
    person: httpx.Client, sources: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace_module, "TRACE_SPANS_MAX", 3)
    found = last(person.post("/trace", json={"sourceId": sources["trace"], "traceId": "checkout"}))
    assert [span["spanId"] for span in found["spans"]] == ["a", "b", "d"]  # the earliest
    assert found["spansTruncated"]


def test_what_is_not_there(person: httpx.Client, sources: dict[str, str], metadata: Metadata) -> None:
    error = last(person.post("/trace", json={"sourceId": sources["trace"], "traceId": "none"}))
    assert (error["type"], error["code"]) == ("error", "not_found")
    theirs = foreign_source(metadata)
    assert person.post("/trace", json={"sourceId": theirs, "traceId": "checkout"}).status_code == 404
    body = {"sourceId": sources["trace"], "traceId": "checkout", "logSourceId": theirs}
    assert person.post("/trace", json=body).status_code == 404
    assert person.post("/trace", json={"sourceId": sources["trace"], "traceId": ""}).status_code == 400

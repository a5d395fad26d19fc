"""Whatever people type into any field of any query: an answer, or a message with a stable code; no fault of ours."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clickstack.api import Services
from clickstack.store import Store
from query.explore_seeds import seed_logs

RANGE = {"startTime": 1677931200000, "endTime": 1677931200000 + 7_200_000}
CODES = {"bad_query", "bad_request", "forbidden", "not_found", "query_timeout", "too_large"}
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

words = st.sampled_from(
    (
        "ServiceName Body LogAttributes.plan LogAttributes['plan'] Timestamp SeverityNumber error AND OR NOT IN ( ) [ "
        '] , . * : " \\ -1 0 1e999 nan TO >= = < + ~ ^ { } ? ; -- /* */ # $x ${x} $__filters count() sum(1) any(Body) '
        "NULL tuple() CAST( INTERVAL 1 DAY SELECT FROM otel_logs x -> x arrayMap( if( toUUID('x') throwIf(1) 1/0 "
        "intDiv(1,0) materialize(1) repeat('a',1000000000) range(1000000000) '\\x00' é 日本 😀 `a` now() rand()"
    ).split(" ")
)
texts = st.lists(words | st.text(max_size=6), max_size=7).map(" ".join) | st.text(max_size=30)
languages = st.sampled_from(["sql", "lucene"])


@pytest.fixture
def services(services: Services, store: Store) -> Services:
    seed_logs(store)
    return dataclasses.replace(services, store=store)


@pytest.fixture
def logs(person: httpx.Client) -> str:
    return next(each["id"] for each in person.get("/sources").json() if each["kind"] == "log")


def check(reply: httpx.Response) -> None:
    if reply.headers["content-type"].startswith("application/x-ndjson"):
        frame = json.loads(reply.text.rstrip("\n").split("\n")[-1])  # a text may hold other line ends
        assert frame["type"] == "result" or frame["code"] in CODES, frame
    else:
        assert reply.status_code < 500, reply.text
    assert "DB::Exception" not in reply.text


@FEW
@given(texts, texts, languages)
def test_search(person: httpx.Client, logs: str, where: str, select: str, language: str) -> None:
    body = {"sourceId": logs, "where": where, "whereLanguage": language, **RANGE}
    check(person.post("/search", json={**body, "select": select}))
    check(person.post("/search/histogram", json=body))
    check(person.post("/search/explain", json={"sourceId": logs, "where": where}))
    check(person.post("/search/filters", json={"conditions": [where, select]}))
    check(person.post("/search/around", json={**body, "rowId": select}))


@FEW
@given(texts, texts, st.sampled_from(["keys", "values", "facets", "patterns", "noise", "deltas", "heatmap"]), languages)
def test_exploring(person: httpx.Client, logs: str, where: str, text: str, route: str, language: str) -> None:
    further: dict[str, Any] = {
        "values": {"key": text or "x"},
        "facets": {"keys": [text or "x"], "filters": [{"condition": where}]},
        "patterns": {"expression": text},
        "noise": {"expression": text},
        "deltas": {"target": {"where": text, "whereLanguage": language}},
        "heatmap": {"expression": text},
    }
    body = {"sourceId": logs, "where": where, "whereLanguage": language, **further.get(route, {}), **RANGE}
    check(person.post(f"/explore/{route}", json=body))


@FEW
@given(st.lists(texts, min_size=8, max_size=8), languages, st.sampled_from(["table", "line", "pie", "number"]))
def test_charts(person: httpx.Client, logs: str, some: list[str], language: str, display: str) -> None:
    chart = {
        "displayType": display,
        "sourceId": logs,
        "select": [{"aggFn": "max", "valueExpression": some[0] or "1", "where": some[1], "whereLanguage": language}],
        "where": some[2],
        "whereLanguage": language,
        "having": some[3],
        "havingLanguage": language,
        "orderBy": some[4],
        "groupBy": some[5],
        "timeZone": some[6][:20],
        "with": [{"name": "x", "sql": some[7]}] if some[7].strip() else [],
    }
    for gone in ([], ["with", "timeZone"], ["with", "timeZone", "having", "orderBy", "groupBy"]):
        check(person.post("/explore/chart", json={"chart": {k: v for k, v in chart.items() if k not in gone}, **RANGE}))


@FEW
@given(texts, texts)
def test_raw_statements(person: httpx.Client, logs: str, text: str, value: str) -> None:
    for sql in (text, f"SELECT {text}", f"SELECT 1 FROM otel_logs WHERE {text}"):
        body = {"sql": sql, "sourceId": logs, "variables": [{"name": "x", "values": [value]}], **RANGE}
        check(person.post("/explore/sql-chart", json=body))

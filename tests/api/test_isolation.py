"""Two teams: whatever SQL somebody of one writes, in whichever field, it reaches no table of the other."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from clickstack.api import Services
from clickstack.metadata import Metadata
from clickstack.store import Store
from query.explore_seeds import seed_logs, seed_traces
from query.foreign import foreign_source

NOON_MS = 1677931200000  # 2023-03-04 12:00 UTC
RANGE = {"startTime": NOON_MS, "endTime": NOON_MS + 7_200_000}
SECRET = "the other team's secret"

# Ways to name a table in a condition or an expression.
REACHING = (
    "Body IN (SELECT text FROM theirs)",
    "Body IN theirs",
    "Body IN (theirs)",
    "in(Body, theirs)",
    "`notIn`(Body, theirs)",
    "'x' GLOBAL NOT IN default.theirs",
    "(SELECT count() FROM theirs) > 0",
    "exists(SELECT 1 FROM `theirs`)",
    "length((WITH x AS (SELECT text FROM theirs) SELECT any(text) FROM x)) > 0",
    "arrayExists(x -> x IN theirs, [Body])",
    "(SELECT any(query) FROM system . query_log) != ''",
    "1 = ANY (FROM theirs SELECT 1)",
    "Body IN (SELECT text FROM merge('default', 'theirs'))",
)

BODIES: dict[str, dict[str, Any]] = {
    "search": {"where": "{}"},
    "search ": {"select": "Timestamp, {}"},
    "search/histogram": {"where": "{}"},
    "explore/keys": {"where": "{}"},
    "explore/values": {"where": "{}", "key": "ServiceName"},
    "explore/values ": {"key": "{}"},
    "explore/facets": {"where": "{}", "keys": ["ServiceName"]},
    "explore/facets ": {"keys": ["{}"]},
    "explore/facets  ": {"keys": ["ServiceName"], "selected": [{"key": "x", "where": "{}", "whereLanguage": "sql"}]},
    "explore/patterns": {"where": "{}"},
    "explore/patterns ": {"expression": "toString({})"},
    "explore/deltas": {"target": {"where": "{}", "whereLanguage": "sql"}},
    "explore/deltas ": {
        "target": {"where": "1"},
        "baseline": {"where": "{}", "whereLanguage": "sql"},
    },
    "explore/heatmap": {"where": "{}", "expression": "1"},
    "explore/heatmap ": {"expression": "toInt8({})"},
    "explore/heatmap  ": {"expression": "1", "countExpression": "count() + toInt8({})"},
    "explore/noise": {"where": "{}"},
    "search/around": {"where": "{}", "rowId": "…"},
    "search  ": {"filters": [{"type": "sql", "condition": "{}"}]},
    "search/histogram ": {"filters": [{"type": "sql", "condition": "{}"}]},
}


@pytest.fixture
def services(services: Services, store: Store) -> Iterator[Services]:
    seed_logs(store)
    seed_traces(store)
    store.command("CREATE TABLE theirs (text String) ENGINE = MergeTree ORDER BY text")
    store.command(f"INSERT INTO theirs VALUES ($${SECRET}$$)")
    yield dataclasses.replace(services, store=store)
    store.command("DROP TABLE theirs")


@pytest.fixture
def logs(person: httpx.Client) -> str:
    return next(each["id"] for each in person.get("/sources").json() if each["kind"] == "log")


def filled(body: Any, text: str) -> Any:
    if isinstance(body, dict):
        return {key: filled(value, text) for key, value in body.items()}
    if isinstance(body, list):
        return [filled(value, text) for value in body]
    return body.replace("{}", text) if isinstance(body, str) else body


def last(reply: httpx.Response) -> dict[str, Any]:
    if reply.status_code != 200:
        return {"type": "error", "code": reply.status_code, **reply.json()}
    return dict(json.loads(reply.text.splitlines()[-1]))


@pytest.mark.parametrize("route", BODIES)
def test_no_field_of_any_route_reaches_another_team_s_table(person: httpx.Client, logs: str, route: str) -> None:
    row = last(person.post("/search", json={"sourceId": logs, **RANGE}))["rowIds"][0]
    for text in REACHING:
        body = {"sourceId": logs, "whereLanguage": "sql", **filled(BODIES[route], text), **RANGE}
        body |= {"rowId": row} if "rowId" in body else {}
        reply = person.post(f"/{route.strip()}", json=body)
        found = last(reply)
        assert found["type"] == "error", (text, found)
        assert found["code"] in ("forbidden", "bad_query", 400, 403), (text, found)
        assert SECRET not in reply.text


@pytest.mark.parametrize("text", REACHING)
@pytest.mark.parametrize("field", ["where", "field", "groupBy"])
def test_nor_does_the_published_api_of_charts(v2: httpx.Client, person: httpx.Client, field: str, text: str) -> None:
    logs = next(each["id"] for each in person.get("/sources").json() if each["kind"] == "log")
    series: dict[str, Any] = {"sourceId": logs, "aggFn": "any", "field": "Body", "where": "", "groupBy": []}
    series |= {field: [text] if field == "groupBy" else text, "whereLanguage": "sql"}
    reply = v2.post("/api/v2/charts/series", json={"series": [series], "granularity": "1h", **RANGE})
    assert reply.status_code in (400, 403), reply.text
    assert SECRET not in reply.text


@pytest.mark.parametrize("text", REACHING)
@pytest.mark.parametrize("field", ["where", "select", "orderBy"])
def test_nor_does_the_published_api_of_search(v2: httpx.Client, person: httpx.Client, field: str, text: str) -> None:
    logs = next(each["id"] for each in person.get("/sources").json() if each["kind"] == "log")
    times = {"startTime": "2023-03-04T12:00:00Z", "endTime": "2023-03-04T14:00:00Z"}
    reply = v2.post("/api/v2/search", json={"sourceId": logs, "whereLanguage": "sql", field: text, **times})
    assert reply.status_code in (400, 403), reply.text
    assert SECRET not in reply.text


CHART_FIELDS: dict[str, Any] = {
    "where": {"where": "{}", "whereLanguage": "sql"},
    "filters": {"filters": [{"type": "sql", "condition": "{}"}]},
    "condition of a value": {"select": [{"aggFn": "count", "where": "{}", "whereLanguage": "sql"}]},
    "value": {"select": [{"aggFn": "any", "valueExpression": "{}"}]},
    "number": {"select": [{"aggFn": "sum", "valueExpression": "toInt8({})"}]},
    "group": {"groupBy": [{"valueExpression": "{}"}]},
    "having": {"having": "{}"},
    "order": {"orderBy": "{}"},
    "named query": {"with": [{"name": "x", "sql": "SELECT 1 FROM otel_logs WHERE {}"}], "having": "1 IN x"},
    "named value": {"with": [{"name": "x", "sql": "{}", "isSubquery": False}]},
    "weight": {"sampleWeightExpression": "{}"},
    "text": {"implicitColumnExpression": "toString({})", "where": "word"},
}


@pytest.mark.parametrize("field", CHART_FIELDS)
def test_nor_does_any_field_of_a_chart(person: httpx.Client, logs: str, field: str) -> None:
    for text in REACHING:
        base = {"displayType": "table", "sourceId": logs, "select": [{"aggFn": "count"}]}
        reply = person.post("/explore/chart", json={"chart": {**base, **filled(CHART_FIELDS[field], text)}, **RANGE})
        found = last(reply)
        assert found["type"] == "error", (text, found)
        assert found["code"] in ("forbidden", "bad_query", 400, 403), (text, found)
        assert SECRET not in reply.text


def test_other_sources_of_the_same_team_may_be_asked(person: httpx.Client, logs: str) -> None:
    condition = "ServiceName IN (SELECT ServiceName FROM otel_traces)"
    body = {"sourceId": logs, "where": condition, "whereLanguage": "sql", **RANGE}
    shops = last(person.post("/search", json=body))
    assert shops["type"] == "result", shops
    direct = last(person.post("/search", json={**body, "where": condition.replace("IN", "NOT IN")}))
    assert len(shops["rows"]) + len(direct["rows"]) == 120


def test_another_team_s_source_is_nowhere(person: httpx.Client, logs: str, metadata: Metadata) -> None:
    theirs = foreign_source(metadata)
    for route, body in BODIES.items():
        reply = person.post(f"/{route.strip()}", json={**filled(body, "1"), **RANGE, "sourceId": theirs})
        assert reply.status_code == 404, route
    for trace in ({"sourceId": theirs}, {"sourceId": logs, "logSourceId": theirs}):
        assert person.post("/trace", json={"traceId": "x", **trace}).status_code == 404
    assert person.post("/search/row", json={"sourceId": theirs, "rowId": "MS4x"}).status_code == 404

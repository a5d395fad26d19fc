"""Every route that asks the store, in the real program: it tells its SQL and cost, and stops when nobody listens."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from program import serve, sign_up

NOW_MS = 1_700_000_000_000
RANGE = {"startTime": NOW_MS, "endTime": NOW_MS + 3_600_000}
ENDLESS = "0 = (SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1)"
CONNECTIONS = 4  # of the pool that interactive queries share

# Each route with a body of its own; the condition goes into `where`.
ROUTES: dict[str, dict[str, Any]] = {
    "search": {},
    "search/histogram": {},
    "explore/keys": {},
    "explore/values": {"key": "ServiceName"},
    "explore/facets": {"keys": ["ServiceName"]},
    "explore/patterns": {},
    "explore/noise": {},
    "explore/deltas": {"target": {"where": "1", "whereLanguage": "sql"}},
    "explore/heatmap": {"expression": "SeverityNumber"},
    "explore/chart": {},
    "explore/sql-chart": {},
}
TELL_SQL = ("search", "search/histogram", "explore/chart", "explore/sql-chart")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with (
        serve(tmp_path_factory.mktemp("queries")) as server,
        httpx.Client(base_url=server.api_url, timeout=60) as client,
    ):
        client.headers["cookie"] = sign_up(server)
        yield client


@pytest.fixture(scope="module")
def logs(client: httpx.Client) -> str:
    return next(each["id"] for each in client.get("/sources").json() if each["kind"] == "log")


def body(route: str, logs: str, where: str) -> dict[str, Any]:
    if route == "explore/chart":
        chart = {"sourceId": logs, "select": [{"aggFn": "count"}], "where": where, "whereLanguage": "sql"}
        return {"chart": chart, **RANGE}
    if route == "explore/sql-chart":
        return {"sql": f"SELECT count() FROM otel_logs WHERE {where}", **RANGE}
    return {"sourceId": logs, "where": where, "whereLanguage": "sql", **ROUTES[route], **RANGE}


def frames(client: httpx.Client, path: str, wire: dict[str, Any]) -> list[dict[str, Any]]:
    reply = client.post(f"/{path}", json=wire)
    assert reply.status_code == 200, reply.text
    return [json.loads(line) for line in reply.text.splitlines()]


@pytest.mark.parametrize("route", ROUTES)
def test_an_answer_tells_what_it_cost(client: httpx.Client, logs: str, route: str) -> None:
    started, *_, result = frames(client, route, body(route, logs, "1"))
    assert started["type"] == "started"
    assert started["queryId"]
    assert result["type"] == "result", result
    assert set(result["statistics"]) == {"rowsRead", "bytesRead", "elapsedMs"}
    assert isinstance(result["warnings"], list)
    assert ("SELECT" in result.get("sql", "")) == (route in TELL_SQL)


@pytest.mark.parametrize("route", ROUTES)
def test_a_fault_has_a_stable_code_and_words_of_ours(client: httpx.Client, logs: str, route: str) -> None:
    *_, found = frames(client, route, body(route, logs, "NoSuchColumn = 1"))
    assert (found["type"], found["code"]) == ("error", "bad_query")
    assert "NoSuchColumn" in found["message"]
    assert "DB::Exception" not in found["message"]
    *_, found = frames(client, route, body(route, logs, "SeverityText ServiceName Body"))
    assert found["code"] == "bad_query"
    assert "Syntax error near: " in found["message"]
    assert "__" not in found["message"]
    *_, found = frames(client, route, body(route, logs, "1 IN (SELECT 1 FROM system.processes)"))
    assert found["code"] in ("forbidden", "bad_query")


def test_queries_nobody_waits_for_any_more_are_stopped(client: httpx.Client, logs: str) -> None:
    """More of them than there are connections: were they left running, nobody would get an answer any more."""
    assert len(ROUTES) > CONNECTIONS
    for route in ROUTES:
        with client.stream("POST", f"/{route}", json=body(route, logs, ENDLESS)) as reply:
            lines = reply.iter_lines()
            kinds = [json.loads(next(lines))["type"] for _ in range(2)]
        assert kinds == ["started", "progress"], route
    deadline = time.monotonic() + 20
    *_, result = frames(client, "search", body("search", logs, "1"))
    assert result["type"] == "result"
    assert time.monotonic() < deadline


def test_the_published_api_stops_too(client: httpx.Client, logs: str) -> None:
    key = client.get("/me").json()["accessKey"]
    series = {"sourceId": logs, "aggFn": "count", "where": ENDLESS, "whereLanguage": "sql", "groupBy": []}
    wire = {"series": [series], "granularity": "1h", **RANGE}
    for _ in range(CONNECTIONS + 1):
        with pytest.raises(httpx.ReadTimeout):
            client.post("/api/v2/charts/series", json=wire, headers={"authorization": f"Bearer {key}"}, timeout=1)
    *_, result = frames(client, "search", body("search", logs, "1"))
    assert result["type"] == "result"

"""Sources over v2: the five kinds, references, deletion (reference/api-v2.md §10)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from clickstack.metadata import Metadata

NOBODY = "0" * 24
TABLE = {"databaseName": "default", "tableName": "t"}


def made(reply: httpx.Response) -> dict[str, Any]:
    assert reply.status_code == 200, reply.text
    data: dict[str, Any] = reply.json()["data"]
    return data


def message(reply: httpx.Response, status: int = 400) -> str:
    assert reply.status_code == status, reply.text
    return str(reply.json()["message"])


@pytest.fixture
def stored(v2: httpx.Client) -> dict[str, dict[str, Any]]:
    """The team's first sources by kind."""
    return {each["kind"]: each for each in v2.get("/api/v2/sources").json()["data"]}


@pytest.fixture
def common(stored: dict[str, dict[str, Any]]) -> dict[str, Any]:
    connection = stored["log"]["connection"]
    return {"name": "S", "connection": connection, "from": TABLE, "timestampValueExpression": "Timestamp"}


MINIMAL: dict[str, dict[str, Any]] = {
    "log": {"defaultTableSelectExpression": "Timestamp, Body"},
    "trace": {
        "defaultTableSelectExpression": "SpanName",
        "durationExpression": "Duration",
        "spanIdExpression": "SpanId",
        "traceIdExpression": "TraceId",
        "parentSpanIdExpression": "ParentSpanId",
        "spanNameExpression": "SpanName",
        "spanKindExpression": "SpanKind",
    },
    "session": {"traceSourceId": NOBODY},
    "metric": {"metricTables": {"gauge": "g", "sum": "", "histogram": None}, "resourceAttributesExpression": "R"},
    "promql": {},
}
SHOWN: dict[str, dict[str, Any]] = {
    "log": {
        "highlightedTraceAttributeExpressions": [],
        "highlightedRowAttributeExpressions": [],
        "materializedViews": [],
    },
    "session": {},
    "metric": {"metricTables": {"gauge": "g"}},
    "promql": {},
}
SHOWN["trace"] = {**SHOWN["log"], "durationPrecision": 3}


@pytest.mark.parametrize("kind", MINIMAL)
def test_the_least_a_source_can_say(v2: httpx.Client, common: dict[str, Any], kind: str) -> None:
    body = {**common, "kind": kind, **MINIMAL[kind], "id": "dropped", "unknown": 1}
    source = made(v2.post("/api/v2/sources", json=body))
    expected = {**common, "kind": kind, **MINIMAL[kind], **SHOWN[kind], "disabled": False, "querySettings": []}
    assert source == {"id": source["id"], **expected}
    assert made(v2.put(f"/api/v2/sources/{source['id']}", json=source)) == source


def test_what_a_team_starts_with_can_be_written_back(
    v2: httpx.Client, stored: dict[str, dict[str, Any]], metadata: Metadata
) -> None:
    team = metadata.teams.api_keys()[0][0]
    before = {each.id: each.to_wire() for each in metadata.sources.list(team)}
    for source in stored.values():
        assert made(v2.put(f"/api/v2/sources/{source['id']}", json=source)) == source
    after = {each.id: each.to_wire() for each in metadata.sources.list(team)}
    for source in after.values():  # defaults that replies show anyway may now be written down
        assert {**source, **before[source["id"]]} == source


def test_nulls_are_unset(v2: httpx.Client, common: dict[str, Any]) -> None:
    nulls = dict.fromkeys(("disabled", "querySettings", "bodyExpression", "materializedViews", "section"))
    source = made(v2.post("/api/v2/sources", json={**common, "kind": "log", **MINIMAL["log"], **nulls}))
    assert "bodyExpression" not in source
    assert (source["disabled"], source["querySettings"], source["materializedViews"]) == (False, [], [])


def test_a_session_source_without_a_time_column_gets_the_usual_one(v2: httpx.Client, common: dict[str, Any]) -> None:
    del common["timestampValueExpression"]
    source = made(v2.post("/api/v2/sources", json={**common, "kind": "session", "traceSourceId": NOBODY}))
    assert source["timestampValueExpression"] == "TimestampTime"


def test_views_and_steps(v2: httpx.Client, common: dict[str, Any], metadata: Metadata) -> None:
    view = {
        "databaseName": "default",
        "tableName": "v",
        "dimensionColumns": "ServiceName",
        "minGranularity": "5 minutes",
        "minDate": "2026-01-01T00:00:00Z",
        "timestampColumn": "Timestamp",
        "aggregatedColumns": [
            {"aggFn": "count", "mvColumn": "c"},
            {"sourceColumn": "D", "aggFn": "sum", "mvColumn": "s"},
        ],
    }
    rollups = {"kvRollupTable": "kv", "granularity": "15m"}
    body = {
        **common,
        "kind": "log",
        **MINIMAL["log"],
        "materializedViews": [view],
        "metadataMaterializedViews": rollups,
    }
    source = made(v2.post("/api/v2/sources", json=body))
    assert source["materializedViews"] == [{**view, "minGranularity": "5m"}]
    assert source["metadataMaterializedViews"] == rollups
    kept = metadata.sources.get(metadata.teams.api_keys()[0][0], source["id"])
    assert kept is not None
    assert kept.metadata_materialized_views == {"kvRollupTable": "kv", "granularity": "15 minute"}


def test_the_kind_decides(v2: httpx.Client) -> None:
    wanted = "Invalid discriminator value. Expected 'log' | 'trace' | 'session' | 'metric' | 'promql'"
    for body in ({}, {"kind": "logs"}, {"kind": 1}):
        assert message(v2.post("/api/v2/sources", json=body)) == f"Body validation failed: kind: {wanted}"
    assert message(v2.post("/api/v2/sources", json=[])) == "Body validation failed: Expected object, received array"


def test_every_fault_is_named_at_once(v2: httpx.Client) -> None:
    empty = {
        "name": "",
        "connection": "",
        "from": {"databaseName": "", "tableName": ""},
        "timestampValueExpression": "",
    }
    first = (
        "Body validation failed: name: Name is required; connection: Server Connection is required; "
        "from.databaseName: Database is required; {}timestampValueExpression: Timestamp Column is required"
    )
    table = "from.tableName: Table is required; "
    assert message(v2.post("/api/v2/sources", json={**empty, "kind": "promql"})) == first.format(table)
    assert message(v2.put("/api/v2/sources/nope", json={**empty, "kind": "session"})) == (
        first.format(table)
        + "; traceSourceId: Correlated Trace Source is required; Params validation failed: id: Invalid ObjectId"
    )
    metric = {**empty, "kind": "metric", "metricTables": {"gauge": ""}, "resourceAttributesExpression": "R"}
    assert message(v2.post("/api/v2/sources", json=metric)) == (
        first.format("") + "; metricTables: At least one metric table must be specified"
    )


def test_faults_deep_inside(v2: httpx.Client, common: dict[str, Any]) -> None:
    view = {
        "databaseName": "d",
        "tableName": "v",
        "dimensionColumns": "",
        "minGranularity": "5min",
        "timestampColumn": "T",
        "aggregatedColumns": [{"aggFn": "sum", "mvColumn": "s"}],
    }
    body = {
        **common,
        "kind": "log",
        **MINIMAL["log"],
        "querySettings": [{"setting": "", "value": 1}],
        "highlightedRowAttributeExpressions": [{"sqlExpression": ""}],
        "materializedViews": [view, {**view, "minGranularity": "1m", "aggregatedColumns": []}],
    }
    assert message(v2.post("/api/v2/sources", json=body)) == (
        "Body validation failed: querySettings.0.setting: String must contain at least 1 character(s); "
        "querySettings.0.value: Expected string, received number; "
        "highlightedRowAttributeExpressions.0.sqlExpression: String must contain at least 1 character(s); "
        "materializedViews.0.minGranularity: Invalid; "
        "materializedViews.0.aggregatedColumns.0.sourceColumn: Materialized View Source Column is required; "
        "materializedViews.1.aggregatedColumns: At least one aggregated column is required"
    )


def test_the_connection_is_checked_before_the_source(v2: httpx.Client, common: dict[str, Any]) -> None:
    body = {**common, "kind": "promql"}
    for send, address in ((v2.post, "/api/v2/sources"), (v2.put, f"/api/v2/sources/{NOBODY}")):
        assert message(send(address, json={**body, "connection": "x"})) == "connection must be a valid connection id"
        assert message(send(address, json={**body, "connection": NOBODY})) == (
            "connection must be an existing connection id"
        )
    assert message(v2.put(f"/api/v2/sources/{NOBODY}", json=body), 404) == "Source not found"


VIEW = {
    "databaseName": "default",
    "tableName": "v",
    "dimensionColumns": "",
    "minGranularity": "1m",
    "timestampColumn": "T",
    "aggregatedColumns": [{"aggFn": "count", "mvColumn": "n"}],
}
ROLLUPS = {"kvRollupTable": "kv", "granularity": "15m"}


@pytest.mark.parametrize(
    ("kind", "more", "field"),
    [
        ("log", {"from": {"databaseName": "system", "tableName": "processes"}}, "from.databaseName"),
        ("promql", {"from": {"databaseName": "INFORMATION_SCHEMA", "tableName": "tables"}}, "from.databaseName"),
        ("log", {"from": {"databaseName": "default", "tableName": "system.processes"}}, "from.tableName"),
        ("log", {"materializedViews": [VIEW, {**VIEW, "databaseName": "system"}]}, "materializedViews.1.databaseName"),
        ("log", {"materializedViews": [{**VIEW, "tableName": "`system`.parts"}]}, "materializedViews.0.tableName"),
        ("trace", {"metadataMaterializedViews": {**ROLLUPS, "keyRollupTable": "system.tables"}},
         "metadataMaterializedViews.keyRollupTable"),
        ("metric", {"metricTables": {"sum": "system.metrics"}}, "metricTables.sum"),
        ("metric", {"metricTables": {"sum": "s"}, "seriesTable": "system.metrics"}, "seriesTable"),
    ],
)  # fmt: skip
def test_no_source_reads_what_the_engine_tells_about_itself(
    v2: httpx.Client,
    common: dict[str, Any],
    stored: dict[str, dict[str, Any]],
    kind: str,
    more: dict[str, Any],
    field: str,
) -> None:
    body = {**common, "kind": kind, **MINIMAL[kind], **more}
    refused = message(v2.post("/api/v2/sources", json=body))
    assert refused.startswith(f"{field}: the database")
    assert "the engine's own" in refused
    assert message(v2.put(f"/api/v2/sources/{stored['log']['id']}", json=body)) == refused


def test_a_put_replaces_and_may_change_the_kind(v2: httpx.Client, common: dict[str, Any]) -> None:
    source = made(v2.post("/api/v2/sources", json={**common, "kind": "log", **MINIMAL["log"], "section": "x"}))
    after = made(v2.put(f"/api/v2/sources/{source['id']}", json={**common, "kind": "promql"}))
    assert after == {"id": source["id"], **common, "kind": "promql", "disabled": False, "querySettings": []}


def test_a_source_in_use_stays(v2: httpx.Client, stored: dict[str, dict[str, Any]]) -> None:
    logs, traces = stored["log"]["id"], stored["trace"]["id"]
    search = made(v2.post("/api/v2/saved-searches", json={"name": "Errors", "sourceId": logs}))
    assert message(v2.delete(f"/api/v2/sources/{logs}"), 409).startswith(
        "Cannot delete source: 1 saved search(es) still use it, such as 'Errors'."
    )
    assert v2.delete(f"/api/v2/saved-searches/{search['id']}").status_code == 200
    config = {"displayType": "line", "sourceId": logs, "select": [{"aggFn": "count", "where": ""}]}
    tile = {"name": "t", "x": 0, "y": 0, "w": 6, "h": 3, "config": config}
    dashboard = made(v2.post("/api/v2/dashboards", json={"name": "D", "tiles": [tile], "tags": []}))
    assert "1 dashboard(s) still use it, such as 'D'" in message(v2.delete(f"/api/v2/sources/{logs}"), 409)
    assert v2.delete(f"/api/v2/dashboards/{dashboard['id']}").status_code == 200
    assert "1 session source(s) still use it" in message(v2.delete(f"/api/v2/sources/{traces}"), 409)

    assert v2.delete(f"/api/v2/sources/{logs}").json() == {}
    assert message(v2.delete(f"/api/v2/sources/{logs}"), 404) == "Source not found"
    left = v2.get("/api/v2/sources").json()["data"]
    assert logs not in str(left)  # the other sources do not name it any more
    assert [each["kind"] for each in left] == ["trace", "metric", "session"]

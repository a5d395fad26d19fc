"""One operation, two wires: whatever v2 says about an object, the managed API says too, and the other way round.

A difference needs a line in one of the tables here, and in docs/api/managed.md.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

import httpx
import pytest
from fastapi import APIRouter

from api.managed import UNLIMITED, Managed, new_key, service_path
from clickstack.api.app import V2_ROUTERS
from clickstack.api.managed import MANAGED_ROUTERS
from clickstack.api.managed.callers import SERVICE_PREFIX
from clickstack.api.managed.sources import MANAGED_SOURCE_BODIES
from clickstack.api.operations.source_body import SOURCE_BODIES

SHARED = ("/dashboards", "/alerts", "/sources", "/webhooks", "/saved-searches", "/roles")
ONLY_V2 = {"GET /webhooks/{id}"}  # the contract of the managed API has no such route
ONLY_MANAGED: set[str] = set()
BODIES = {"ManagedAlertBody": "AlertBody"}  # the managed one has the interval 30s beside those of v2
FIELDS_ONLY_MANAGED = {"log": {"filterSettings"}, "trace": {"filterSettings"}}

OURS = ("actor", "request")  # parameters that are no part of a request

Routes = dict[str, Any]


def routes_of(routers: list[APIRouter]) -> Routes:
    """ "GET /alerts/{id}" → its handler."""
    return {
        f"{method} {route.path}": route.endpoint  # type: ignore[attr-defined]
        for router in routers
        for route in router.routes
        if route.path.startswith(SHARED)  # type: ignore[attr-defined]
        for method in route.methods  # type: ignore[attr-defined]
    }


V2 = routes_of(list(V2_ROUTERS))
MANAGED = routes_of([router for router, prefix, _ in MANAGED_ROUTERS if prefix == SERVICE_PREFIX])


def test_both_have_the_same_routes() -> None:
    assert V2.keys() - MANAGED.keys() == ONLY_V2
    assert MANAGED.keys() - V2.keys() == ONLY_MANAGED


@pytest.mark.parametrize("route", sorted(V2.keys() & MANAGED.keys()))
def test_both_take_the_same_parameters_and_bodies(route: str) -> None:
    def asked(handler: Any) -> dict[str, str]:
        parameters = [each for each in inspect.signature(handler).parameters.values() if each.name not in OURS]
        return {each.name: BODIES.get(str(each.annotation), str(each.annotation)) for each in parameters}

    two, managed = asked(V2[route]), asked(MANAGED[route])
    if route == "PUT /dashboards/{id}":
        managed["id"] = two["id"]  # v2 checks the id after the body, as clients of it expect
    assert managed == two


def test_both_know_the_same_fields_of_sources() -> None:
    for kind, body in SOURCE_BODIES.items():
        ours = {field.alias for field in MANAGED_SOURCE_BODIES[kind].model_fields.values()}
        theirs = {field.alias for field in body.model_fields.values()}
        assert ours - theirs == FIELDS_ONLY_MANAGED.get(kind, set())
        assert theirs <= ours


# --- the same requests, the same answers --------------------------------------------------------------------------


@pytest.fixture
def program(person: httpx.Client, connect: Any) -> Managed:
    client = connect(managed_api_requests_per_10s=UNLIMITED)
    client.auth = new_key(person)
    return Managed(client, service_path(person))


@pytest.fixture
def v2(connect: Any, access_key: str) -> httpx.Client:
    client: httpx.Client = connect(api_requests_per_minute=UNLIMITED)
    client.headers["Authorization"] = f"Bearer {access_key}"
    return client


@pytest.fixture
def ids(program: Managed) -> dict[str, str]:
    """One of everything, for requests that refer to it."""
    sources = program.result("GET", "/sources")
    logs = next(each for each in sources if each["kind"] == "log")
    tile = {"name": "Errors", "x": 0, "y": 0, "w": 12, "h": 4}
    config = {"displayType": "number", "sourceId": logs["id"], "select": [{"aggFn": "count"}]}
    board = program.result("POST", "/dashboards", {"name": "Shop", "tiles": [{**tile, "config": config}]})
    search = program.result("POST", "/saved-searches", {"name": "Errors", "sourceId": logs["id"]})
    hook = program.result("POST", "/webhooks", HOOK)
    found = {
        "CONNECTION": logs["connection"],
        "SOURCE": logs["id"],
        "DASHBOARD": board["id"],
        "TILE": board["tiles"][0]["id"],
        "SEARCH": search["id"],
        "HOOK": hook["id"],
    }
    found["ALERT"] = program.result("POST", "/alerts", filled(ALERT, found))["id"]
    found["ROLE"] = program.result("POST", "/roles", {"name": "Drawers", "permissions": []})["id"]
    return found


HOOK = {"name": "On call", "service": "generic", "url": "https://hooks.example.com/x", "headers": {"X-Key": "secret"}}
ALERT = {
    "source": "tile",
    "dashboardId": "DASHBOARD",
    "tileId": "TILE",
    "threshold": 100,
    "thresholdType": "above",
    "interval": "1h",
    "channel": {"type": "webhook", "webhookId": "HOOK"},
}
ON_SEARCH = {**ALERT, "source": "saved_search", "savedSearchId": "SEARCH"}
LOGS = {
    "kind": "log",
    "name": "Logs 2",
    "connection": "CONNECTION",
    "from": {"databaseName": "default", "tableName": "otel_logs"},
    "timestampValueExpression": "Timestamp",
    "defaultTableSelectExpression": "Body",
    "materializedViews": [{"databaseName": "a", "tableName": "b", "dimensionColumns": "c", "minGranularity": "15m",
                           "timestampColumn": "d", "aggregatedColumns": [{"aggFn": "count", "mvColumn": "e"}]}],
}  # fmt: skip
NOWHERE = "0" * 24

REQUESTS: tuple[tuple[str, str, Any], ...] = (
    *(("GET", path, None) for path in SHARED),
    *(("GET", f"{path}/{NOWHERE}", None) for path in SHARED if path != "/webhooks"),
    *(("DELETE", f"{path}/{NOWHERE}", None) for path in SHARED),
    *(("DELETE", f"{path}/x", None) for path in SHARED),
    *(("POST", path, {}) for path in SHARED),
    *(("POST", path, {"name": 7}) for path in SHARED),
    ("GET", "/dashboards/DASHBOARD", None),
    ("GET", "/alerts/ALERT", None),
    ("GET", "/sources/SOURCE", None),
    ("GET", "/saved-searches/SEARCH", None),
    ("GET", "/roles/ROLE", None),
    ("GET", "/alerts?limit=1&offset=0", None),
    ("GET", "/alerts?limit=0", None),
    ("GET", "/webhooks?offset=x", None),
    ("POST", "/dashboards", {"name": "x", "tiles": [], "filters": [{"id": "1"}]}),
    ("POST", "/dashboards", {"name": "x", "tiles": [{"config": {"displayType": "line"}}]}),
    ("PUT", "/dashboards/DASHBOARD", {"name": "x"}),
    ("PUT", f"/dashboards/{NOWHERE}", {"name": "x", "tiles": []}),
    ("POST", "/dashboards/validate", {"name": "x", "tiles": [{}]}),
    ("POST", "/dashboards/validate", {"name": "x", "tiles": []}),
    ("POST", "/alerts", {**ALERT, "interval": "7m"}),
    ("POST", "/alerts", {**ALERT, "tileId": "no such"}),
    ("POST", "/alerts", {**ALERT, "channel": {"type": "webhook", "webhookId": NOWHERE}}),
    ("POST", "/alerts", {**ALERT, "channel": {"type": "pigeon"}}),
    ("PUT", "/alerts/ALERT", {**ALERT, "thresholdType": "between"}),
    ("PUT", f"/alerts/{NOWHERE}", ALERT),
    ("POST", "/sources", {**LOGS, "connection": NOWHERE}),
    ("POST", "/sources", {**LOGS, "kind": "nothing"}),
    ("PUT", "/sources/SOURCE", {**LOGS, "from": {}}),
    ("DELETE", "/sources/SOURCE", None),
    ("POST", "/webhooks", HOOK),
    ("POST", "/webhooks", {**HOOK, "url": "http://127.0.0.1/"}),
    ("PUT", "/webhooks/HOOK", {**HOOK, "service": "slack"}),
    ("DELETE", "/webhooks/HOOK", None),
    ("POST", "/saved-searches", {"name": "x", "sourceId": NOWHERE}),
    ("POST", "/saved-searches", {"name": "x", "sourceId": "SOURCE", "filters": [{"type": "sql", "condition": "1"}]}),
    ("PUT", f"/saved-searches/{NOWHERE}", {"name": "x", "sourceId": "SOURCE"}),
    ("POST", "/roles", {"name": "Drawers", "permissions": []}),
    ("DELETE", "/roles/ad0000000000000000000001", None),
)
WRITES: tuple[tuple[str, str, Any], ...] = (
    ("POST", "/dashboards", {"name": "New", "tiles": [], "tags": ["a"]}),
    ("POST", "/alerts", ON_SEARCH),
    ("PUT", "/alerts/ALERT", {**ON_SEARCH, "note": "why", "channels": [{"type": "webhook", "webhookId": "HOOK"}]}),
    ("POST", "/sources", LOGS),
    ("PUT", "/sources/SOURCE", LOGS),
    ("POST", "/webhooks", {**HOOK, "name": "Other"}),
    ("PUT", "/webhooks/HOOK", {**HOOK, "description": "changed"}),
    ("POST", "/saved-searches", {"name": "New", "sourceId": "SOURCE"}),
    ("PUT", "/saved-searches/SEARCH", {"name": "Changed", "sourceId": "SOURCE", "where": "x"}),
    ("PUT", "/dashboards/DASHBOARD", {"name": "Changed", "tiles": []}),  # the alert of its tile goes with it
    ("PUT", "/roles/ROLE", {"permissions": [{"action": "read", "subject": "all"}]}),
)


def test_the_same_request_gets_the_same_answer(program: Managed, v2: httpx.Client, ids: dict[str, str]) -> None:
    for method, path, body in REQUESTS:
        path, body = filled(path, ids), filled(body, ids)
        two, managed = v2.request(method, f"/api/v2{path}", json=body), program(method, path, body)
        where = (method, path, body)
        assert two.status_code == managed.status_code, (where, two.text, managed.text)
        if two.status_code == 200:
            assert managed.json().get("result", {}) == two.json().get("data", two.json()), where
        else:
            assert _bare(managed.json()["error"]) == _bare(two.json()["message"]), where


def test_the_same_write_stores_the_same(program: Managed, v2: httpx.Client, ids: dict[str, str]) -> None:
    for method, path, body in WRITES:
        path, body = filled(path, ids), filled(body, ids)
        first = program.result(method, path, body)
        if method == "POST" and path == "/webhooks":
            body = {**body, "name": "Another"}  # a name is for one
        second = v2.request(method, f"/api/v2{path}", json=body).json()["data"]
        assert _timeless(second) == _timeless(first), (method, path)


def filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: filled(each, ids) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, ids) for each in value]
    return (
        re.sub(r"\b[A-Z]{4,}\b", lambda found: ids.get(found[0], found[0]), value) if isinstance(value, str) else value
    )


def _bare(text: str) -> str:
    """The words: v2 says in front which part of the request was checked, the managed API that an object is missing."""
    text = re.sub(r"(Body|Params|Query) validation failed: ", "", text)
    text = text.replace("'30s' | ", "")  # the interval that v2 does not know
    return text.removeprefix("NOT_FOUND: ").removeprefix("body: ")


def _timeless(wire: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in wire.items() if key not in ("id", "createdAt", "updatedAt")} | {
        "name": "" if wire.get("name") in ("Other", "Another") else wire.get("name")
    }

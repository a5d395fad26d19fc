"""Whatever is sent to the managed API: the envelope, never a fault of ours, never HTML."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from api.managed import UNLIMITED, new_key, service_path
from clickstack.api.managed import MANAGED_ROUTERS

DEEP: Any = []
for _ in range(200):
    DEEP = [DEEP]
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, 2**63, 10**30, "", "x", "\0", "x\0y", "é" * 5_000, "%s %00 '\";--", [], [[]], {},
    {"": {}}, DEEP, ["x"] * 11_000, "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "f" * 24,
)  # fmt: skip
WHOLE: tuple[dict[str, Any], ...] = (
    {"name": "x", "tiles": [], "filters": [], "tags": [], "containers": []},
    {"kind": "log", "name": "x", "connection": "f" * 24, "from": {"databaseName": "d", "tableName": "t"},
     "timestampValueExpression": "t", "defaultTableSelectExpression": "b", "filterSettings": {}},
    {"name": "x", "service": "generic", "url": "https://x.example", "headers": {}, "queryParams": {}, "body": ""},
    {"name": "x", "sourceId": "f" * 24, "filters": [], "select": "", "where": ""},
    {"savedSearchId": "f" * 24, "threshold": 1, "thresholdType": "above", "interval": "5m", "scheduleStartAt": None,
     "channel": {"type": "webhook", "webhookId": "f" * 24}, "source": "saved_search", "channels": []},
    {"name": "x", "description": "", "permissions": [{"action": "a", "subject": "s", "conditions": {}}]},
    {"name": "x", "state": "enabled", "expireAt": None, "roles": ["admin"], "assignedRoleIds": [], "serviceIds": None,
     "ipAccessList": [{"source": "::1"}], "hashData": {"keyIdHash": "", "keyIdSuffix": "abcd", "keySecretHash": ""}},
)  # fmt: skip


@pytest.fixture
def program(person: httpx.Client, connect: Any) -> httpx.Client:
    client: httpx.Client = connect(managed_api_requests_per_10s=UNLIMITED)
    client.auth = new_key(person)
    return client


def writing_routes() -> list[tuple[str, str]]:
    return [
        (method, prefix + route.path)  # type: ignore[attr-defined]
        for router, prefix, _ in MANAGED_ROUTERS
        for route in router.routes
        for method in route.methods  # type: ignore[attr-defined]
        if method in ("POST", "PUT", "PATCH")
    ]


@pytest.mark.parametrize(("method", "template"), writing_routes())
def test_any_body(program: httpx.Client, person: httpx.Client, method: str, template: str) -> None:
    start, rest = service_path(person).partition("/services/")[0], template.partition("{organizationId}")[2]
    path = start + rest.replace("{serviceId}", service_path(person).split("/")[5])
    path = re.sub(r"\{[^}]*\}", "f" * 24, path)
    noun = template.rstrip("}").replace("/{id", "").replace("/{keyId", "").rpartition("/")[2]
    own = {"dashboards": 0, "validate": 0, "sources": 1, "webhooks": 2, "saved-searches": 3, "alerts": 4, "roles": 5}
    body = WHOLE[own.get(noun, 6)]
    cases = [*VALUES, *({**body, field: value} for field in body for value in VALUES)]
    for case in cases[::2]:  # every second: neighbours find the same
        try:
            reply = program.request(method, path, json=case)
        except (ValueError, RecursionError):  # the client cannot write it
            continue
        assert reply.status_code < 500, (case, reply.text)
        said = reply.json()
        assert set(said) in ({"status", "requestId", "result"}, {"status", "requestId", "error"}), (case, said)
        assert said["status"] == reply.status_code


@pytest.mark.parametrize("place", ["organizationId", "serviceId", "id"])
def test_any_address(program: httpx.Client, person: httpx.Client, place: str) -> None:
    parts = {
        "organizationId": service_path(person).split("/")[3],
        "serviceId": service_path(person).split("/")[5],
        "id": "f" * 24,
    }
    for value in ("%00", "%ff", "%2e%2e", "x" * 5_000, "'", "%25", "é", "{id}", " ", "%0a", "f" * 23, "F" * 24):
        odd = {**parts, place: value}
        path = f"/v1/organizations/{odd['organizationId']}/services/{odd['serviceId']}/clickstack/alerts/{odd['id']}"
        reply = program.get(path)
        assert reply.status_code in (400, 403, 404), (value, reply.text)
        assert "<html" not in reply.text.lower()
    for query in ("limit=%00", "limit=1&limit=2", "offset=9999999999999999999", "limit=NaN", "limit[]=1", "%ff=%ff"):
        reply = program.get(service_path(person) + f"/alerts?{query}")
        assert reply.status_code in (200, 400), (query, reply.text)
        assert reply.json()["status"] == reply.status_code

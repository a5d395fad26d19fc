"""Two teams: with the ids of one, nobody of the other reads, changes or refers to anything, whatever the route.

The walk is over the routes themselves: one that is added needs its line in KINDS.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from api.managed import UNLIMITED, new_key, service_path
from clickstack.api.app import ROUTERS
from clickstack.api.managed import MANAGED_ROUTERS
from clickstack.api.managed.callers import SERVICE_PREFIX
from clickstack.core.clock import FixedClock, utc_datetime
from clickstack.core.ids import RandomIds
from clickstack.core.records import User
from clickstack.metadata import Metadata
from clickstack.metadata.tables import metadata as tables
from query.foreign import foreign_source

from .conftest import EMAIL, PASSWORD

THEIRS = "theirs-8d1f"  # stands in the name of everything the other team has
SPY = "spy@example.com"
NOON_MS = 1677931200000
RANGE = {"startTime": NOON_MS, "endTime": NOON_MS + 7_200_000}
COUNT = {"aggFn": "count", "where": ""}

# What the last parameter of a path names, by the words of the path; the longest that fits counts.
KINDS = {
    "alerts": "alert",
    "connections": "connection",
    "dashboards": "dashboard",
    "dashboards/preset": "presetFilter",
    "favorites": "savedSearch",
    "keys": "apiKey",
    "me/access-keys": "accessKey",
    "me/sessions": "session",
    "roles": "role",
    "saved-search": "savedSearch",
    "saved-searches": "savedSearch",
    "silences": "silence",
    "sources": "source",
    "team/api-keys": "apiKey",
    "team/ingestion-keys": "ingestionKey",
    "team/invitation": "invitation",
    "team/member": "member",
    "team/members": "member",
    "webhooks": "webhook",
}
NO_IDS = ("{token}", "{file}", "{roleId}")  # a secret, a file of ours, a role that everybody has
DONE_ANYWAY = {  # 2xx whether it was there or not, as the reference
    "DELETE /connections/{id}",
    "DELETE /webhooks/{id}",
    "DELETE /favorites/{kind}/{id}",
}


@dataclasses.dataclass(frozen=True)
class Stock:
    """What the other team has: kind → id."""

    ids: dict[str, str]

    def own(self, kind: str) -> dict[str, Any]:
        """A body that somebody of that team could write the object with."""
        return self._bodies()[kind]

    def referring(self) -> Iterator[tuple[str, str, Any]]:
        """Method, path and body of requests that name an object of the team in the body."""
        bodies, ids = self._bodies(), self.ids
        for kind, path in (("alert", "alerts"), ("dashboard", "dashboards"), ("savedSearch", "saved-searches")):
            yield "POST", f"/api/v2/{path}", bodies[kind]
        yield "POST", "/api/v2/sources", bodies["source"]
        series = [{"sourceId": ids["source"], **COUNT, "groupBy": []}]
        yield "POST", "/api/v2/charts/series", {"series": series, **RANGE}
        yield "POST", "/api/v2/search", {"sourceId": ids["source"]}
        yield "POST", "/saved-search", {**bodies["savedSearch"], "source": ids["source"]}
        yield "POST", "/alerts", {**bodies["alert"], "savedSearchId": ids["savedSearch"]}
        yield "POST", "/alerts/preview", {"alert": bodies["alert"], **RANGE}
        yield "POST", "/silences", bodies["silence"]
        yield "PUT", "/favorites", {"resourceType": "savedSearch", "resourceId": ids["savedSearch"]}
        yield "PUT", "/favorites", {"resourceType": "dashboard", "resourceId": ids["dashboard"]}
        yield "PUT", "/pinned-filters", {"source": ids["source"], "fields": ["x"], "filters": {}}
        yield "POST", "/dashboards/preset/services/filter", bodies["presetFilter"]
        yield "PUT", "/dashboards/preset/services/filter", bodies["presetFilter"]
        yield "POST", "/trace", {"sourceId": ids["source"], "traceId": "x"}
        chart = {"displayType": "table", "sourceId": ids["source"], "select": [COUNT]}
        yield "POST", "/explore/chart", {"chart": chart, **RANGE}
        yield "POST", "/explore/sql-chart", {"sql": "SELECT 1", "sourceId": ids["source"], **RANGE}
        yield "POST", "/team/api-keys", {"name": "x", "assignedRoleIds": [ids["role"]]}
        yield "POST", "/team/api-keys", {"name": "x", "serviceIds": [ids["service"]]}
        me = {"roleId": ids["role"]}
        yield "PUT", "/api/v2/team/members/{me}/role", me

    def _bodies(self) -> dict[str, dict[str, Any]]:
        ids = self.ids
        hook = {"name": "x", "service": "generic", "url": "https://93.184.216.34/x"}
        config = {"displayType": "line", "sourceId": ids["source"], "select": [COUNT]}
        return {
            "alert": {
                "source": "saved_search", "savedSearchId": ids["savedSearch"], "threshold": 1, "thresholdType": "above",
                "interval": "5m", "channel": {"type": "webhook", "webhookId": ids["webhook"]},
                "mutedUntil": "2026-01-02T00:00:00Z",
            },
            "connection": {"name": "x", "host": "embedded", "username": "x"},
            "dashboard": {"name": "x", "tiles": [{"name": "t", "x": 0, "y": 0, "w": 1, "h": 1, "config": config}]},
            "presetFilter": {"filter": {
                "id": ids["presetFilter"], "type": "QUERY_EXPRESSION", "name": "x", "expression": "ServiceName",
                "source": ids["source"], "presetDashboard": "services",
            }},
            "apiKey": {"name": "x"},
            "accessKey": {},
            "session": {},
            "role": {"name": "x", "permissions": [], "roleId": ids["role"]},
            "savedSearch": {"name": "x", "sourceId": ids["source"], "source": ids["source"]},
            "silence": {"reason": "x", "alertId": ids["alert"], "endsAt": "2026-01-02T00:00:00Z"},
            "source": {
                "kind": "log", "name": "x", "connection": ids["connection"], "timestampValueExpression": "t",
                "from": {"databaseName": "default", "tableName": "otel_logs"}, "defaultTableSelectExpression": "t",
            },
            "ingestionKey": {},
            "invitation": {},
            "member": {"role": "viewer", "roleId": ids["role"]},
            "webhook": hook,
        }  # fmt: skip


@pytest.fixture
def stock(person: httpx.Client, v2: httpx.Client, metadata: Metadata) -> Stock:
    """The team of the first person, with one of everything."""
    sources = person.get("/sources").json()
    logs = next(each for each in sources if each["kind"] == "log")
    ids = {"source": logs["id"], "connection": logs["connection"], "service": service_path(person).split("/")[5]}
    ids |= {kind: "f" * 24 for kind in (*KINDS.values(), "service") if kind not in ids}
    stock = Stock(ids)

    def made(kind: str, client: httpx.Client, path: str, body: Any) -> None:
        reply = client.post(path, json=body)
        assert reply.status_code == 200, (path, reply.text)
        said = reply.json()
        ids[kind] = (said if "id" in said else said.get("data") or said["key"])["id"]

    for kind, path in (
        ("webhook", "webhooks"),
        ("savedSearch", "saved-searches"),
        ("dashboard", "dashboards"),
        ("alert", "alerts"),
        ("role", "roles"),
    ):
        made(kind, v2, f"/api/v2/{path}", {**stock.own(kind), "name": THEIRS})
    made("silence", person, "/silences", {**stock.own("silence"), "reason": THEIRS})
    made("presetFilter", person, "/dashboards/preset/services/filter", stock.own("presetFilter"))
    made("apiKey", person, "/team/api-keys", {"name": THEIRS})
    made("accessKey", person, "/me/access-keys", {"name": THEIRS, "scope": "write"})
    made("ingestionKey", person, "/team/ingestion-keys", {"name": THEIRS})
    v2.post("/api/v2/team/invitation", json={"email": f"{THEIRS}@example.com"})
    ids["invitation"] = v2.get("/api/v2/team/invitations").json()["data"][0]["id"]
    ids["member"] = person.get("/me").json()["id"]
    ids["session"] = person.get("/me/sessions").json()["data"][0]["id"]
    for source in sources:
        v2.put(f"/api/v2/sources/{source['id']}", json={**source, "name": THEIRS})
    person.patch("/team/name", json={"name": THEIRS})
    return stock


@pytest.fixture
def spy(metadata: Metadata, stock: Stock, connect: Any) -> httpx.Client:
    """An admin of another team, signed in: cookie and personal key at once."""
    _, first_hash = metadata.users.with_email(EMAIL) or (None, None)
    source_id, clock = foreign_source(metadata), FixedClock(1_700_000_000_000_000_000)
    ids, now = RandomIds(clock), utc_datetime(clock.now_ns())
    with metadata._database.write() as connection:
        query = sa.select(tables.tables["sources"].c.team_id).where(tables.tables["sources"].c.id == source_id)
        team_id = connection.scalar(query)
    user = User(ids.object_id(), str(team_id), SPY, SPY, "admin", ids.uuid(), now, now)
    metadata.users.add(user, None)
    with metadata._database.write() as connection:
        users = tables.tables["users"]
        connection.execute(sa.update(users).where(users.c.id == user.id).values(password_hash=first_hash))
    client: httpx.Client = connect(managed_api_requests_per_10s=UNLIMITED, api_requests_per_minute=UNLIMITED)
    reply = client.post("/login/password", json={"email": SPY, "password": PASSWORD})
    assert reply.status_code in (200, 303), reply.text
    client.headers["Authorization"] = f"Bearer {client.get('/me').json()['accessKey']}"
    return client


def owned(spy: httpx.Client, stock: Stock) -> Stock:
    """What a body may name that the spy sends."""
    logs = next(each for each in spy.get("/sources").json() if each["kind"] == "log")
    own = Stock({**dict.fromkeys(stock.ids, "f" * 24), "source": logs["id"], "connection": logs["connection"]})
    for kind, path in (
        ("webhook", "webhooks"),
        ("savedSearch", "saved-searches"),
        ("alert", "alerts"),
        ("role", "roles"),
    ):
        made = spy.post(f"/api/v2/{path}", json=own.own(kind))
        own.ids[kind] = made.json()["data"]["id"]
    return own


def kept(metadata: Metadata, team_id: str) -> str:
    """All rows of the team, but for who was seen when."""
    with metadata._database.read() as connection:
        rows = {
            name: sorted(
                str({column: value for column, value in row._mapping.items() if "seen" not in column})
                for row in connection.execute(sa.select(table).where(table.c.team_id == team_id))
            )
            for name, table in tables.tables.items()
            if "team_id" in table.c
        }
    return json.dumps(rows, indent=1)


def kind_of(template: str) -> str:
    words = re.sub(r"/\{[^}]*\}", "", template.replace(SERVICE_PREFIX, "").replace("/api/v2", "")).strip("/")
    words = words.removeprefix("v1/organizations/")
    fits = [path for path in KINDS if words == path or words.startswith(path + "/")]
    assert fits, f"{template}: say in KINDS what its id names"
    return KINDS[max(fits, key=len)]


def routes_with_ids(routers: Any) -> Iterator[tuple[str, str]]:
    for router, prefix, *_ in routers:
        for route in router.routes:
            template = prefix + route.path
            if re.search(r"\{(id|key_id|keyId|kind)\}", template) and not any(each in template for each in NO_IDS):
                yield from ((method, template) for method in sorted(route.methods))


def filled(template: str, stock: Stock, place: str) -> str:
    path = template.replace(SERVICE_PREFIX, place).replace(
        "/v1/organizations/{organizationId}", place.split("/services")[0]
    )
    path = path.replace("{preset}", "services").replace("{kind}", "savedSearch")
    return re.sub(r"\{[^}]*\}", stock.ids[kind_of(template)], path)


def test_no_id_of_another_team_leads_anywhere(
    person: httpx.Client, spy: httpx.Client, stock: Stock, metadata: Metadata
) -> None:
    """With bodies that name the spy's own objects: nothing is wrong but the id in the address."""
    own, team_id = owned(spy, stock), person.get("/me").json()["team"]["id"]
    before = kept(metadata, team_id)
    for method, template in routes_with_ids(ROUTERS):
        body = own.own(kind_of(template))
        reply = spy.request(method, filled(template, stock, ""), json=body, params=RANGE)
        expected = (200, 204) if f"{method} {template}" in DONE_ANYWAY else (404,)
        assert reply.status_code in expected, (method, template, reply.text)
        assert THEIRS not in reply.text, (method, template)
    assert kept(metadata, team_id) == before


def test_nor_does_any_in_a_body(person: httpx.Client, spy: httpx.Client, stock: Stock, metadata: Metadata) -> None:
    team_id, me = person.get("/me").json()["team"]["id"], spy.get("/me").json()["id"]
    before = kept(metadata, team_id)
    for method, path, body in stock.referring():
        reply = spy.request(method, path.replace("{me}", me), json=body)
        assert reply.status_code in (400, 403, 404), (method, path, reply.text)
        assert THEIRS not in reply.text, (method, path)
    proxied = spy.get("/clickhouse-proxy?query=SELECT+1", headers={"x-hyperdx-connection-id": stock.ids["connection"]})
    assert proxied.status_code == 404
    assert spy.get("/sources", headers={"x-hdx-team": team_id}).status_code == 403
    assert kept(metadata, team_id) == before


def test_lists_hold_nothing_of_another_team(spy: httpx.Client, stock: Stock) -> None:
    source = stock.ids["source"]
    for router, prefix in ROUTERS:
        for route in router.routes:
            path = (prefix + route.path).replace("{preset}", "services")  # type: ignore[attr-defined]
            if "GET" in route.methods and "{" not in path and "oidc" not in path and path != "/logout":  # type: ignore[attr-defined]
                for query in ("", f"?source={source}&sourceId={source}&alertId={stock.ids['alert']}"):
                    reply = spy.get(path + query)
                    assert THEIRS not in reply.text, path


def test_a_key_of_another_organization_opens_nothing(
    person: httpx.Client, spy: httpx.Client, stock: Stock, metadata: Metadata, connect: Any
) -> None:
    """Neither in the other organization, nor with its ids in the own one."""
    team_id = person.get("/me").json()["team"]["id"]
    key: httpx.Client = connect(managed_api_requests_per_10s=UNLIMITED)
    key.auth = new_key(spy)
    before = kept(metadata, team_id)
    own, theirs = service_path(spy), service_path(person)
    mixed = own.partition("/services/")[0] + "/services/" + theirs.partition("/services/")[2]
    mine = owned(spy, stock)
    for place, expected in ((theirs, (403,)), (mixed, (403, 404)), (own, (404,))):
        for method, template in routes_with_ids(MANAGED_ROUTERS):
            reply = key.request(method, filled(template, stock, place), json=mine.own(kind_of(template)))
            assert reply.status_code in expected, (method, template, reply.text)
            assert THEIRS not in reply.text, (method, template)
        for noun in ("alerts", "dashboards", "roles", "saved-searches", "sources", "webhooks"):
            reply = key.get(f"{place}/{noun}")
            assert (reply.status_code, THEIRS in reply.text) == (200 if place == own else 403, False), (place, noun)
    assert kept(metadata, team_id) == before

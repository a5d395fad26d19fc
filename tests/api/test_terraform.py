"""What the Terraform provider sends, for each resource, in both of its modes (reference/managed-api.md §7).

Create, read back, a plan that is empty, update, import, delete, and what it makes of a 404.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.managed import UNLIMITED, new_key, service_path

Wire = dict[str, Any]
WEBHOOK_PAGE = 200


@dataclasses.dataclass(frozen=True)
class Provider:
    """The provider in one of its modes. Cloud: Basic, one service, `result`. Self-hosted: Bearer, a team, `data`."""

    client: httpx.Client
    base: str
    cloud: bool

    def ask(self, method: str, path: str, body: Wire | None = None) -> Any:
        """What is under `result` or `data`; None for an object that is gone. Raises for everything else."""
        reply = self.client.request(method, self.base + path, json=body)
        said = reply.json()  # a route that is missing is no JSON, and would end the run here
        if reply.status_code == 404:
            assert isinstance(said["error" if self.cloud else "message"], str)
            return None
        assert reply.is_success, (method, path, reply.text)
        return said.get("result" if self.cloud else "data", said)

    def listed(self, path: str, id: str) -> Wire | None:
        """One of a list, page by page until a page brings nothing new."""
        seen: dict[str, Wire] = {}
        while True:
            page = self.ask("GET", f"{path}?limit={WEBHOOK_PAGE}&offset={len(seen)}")
            new = {each["id"]: each for each in page if each["id"] not in seen}
            if not new:
                return seen.get(id)
            seen |= new


@pytest.fixture(params=["cloud", "self-hosted"])
def provider(request: pytest.FixtureRequest, person: httpx.Client, connect: Any) -> Iterator[Provider]:
    client = connect(managed_api_requests_per_10s=UNLIMITED, api_requests_per_minute=UNLIMITED)
    if request.param == "cloud":
        client.auth = new_key(person)
        yield Provider(client, service_path(person), cloud=True)
        return
    me = person.get("/me").json()
    client.headers.update({"Authorization": f"Bearer {me['accessKey']}", "x-hdx-team": me["team"]["id"]})
    yield Provider(client, "/api/v2", cloud=False)


@pytest.fixture
def logs(provider: Provider) -> Wire:
    return next(dict(each) for each in provider.ask("GET", "/sources") if each["kind"] == "log")


def run(provider: Provider, path: str, body: Wire, changed: Wire, *, by_list: bool = False) -> None:
    """The life of one resource. `changed` are the attributes of the second plan."""

    def read(id: str) -> Wire | None:
        found = provider.listed(path, id) if by_list else provider.ask("GET", f"{path}/{id}")
        return None if found is None else dict(found)

    made = provider.ask("POST", path, body)
    made_id = made["id"]
    state = read(made_id)
    assert state is not None
    assert planned(body, state) == {}, "the plan after a create is empty"
    assert state == made

    again = {key: value for key, value in state.items() if key in body or key in ("tiles", "filters")}
    provider.ask("PUT", f"{path}/{made_id}", {**body, **again})
    assert stable(read(made_id)) == stable(state), "writing back what was read changes nothing"

    updated = provider.ask("PUT", f"{path}/{made_id}", {**body, **again, **changed})
    assert planned({**body, **changed}, updated) == {}
    imported = read(made_id)  # `terraform import <team>/<id>` knows nothing else
    assert imported is not None
    assert planned({**body, **changed}, imported) == {}

    assert provider.ask("DELETE", f"{path}/{made_id}") is not None
    assert read(made_id) is None, "gone, and known to be"
    assert provider.ask("DELETE", f"{path}/{made_id}") is None, "a second destroy is no error"
    assert provider.ask("PUT", f"{path}/{made_id}", body) is None, "deleted behind Terraform's back: it is made again"


def planned(body: Wire, state: Wire) -> Wire:
    """The attributes of the configuration that differ from the state, without what is never read back."""
    secret = ("headers", "queryParams")
    return {
        key: (state.get(key), value) for key, value in body.items() if key not in secret and state.get(key) != value
    }


def stable(state: Wire | None) -> Wire:
    assert state is not None
    return {key: value for key, value in state.items() if key != "updatedAt"}


def test_saved_search(provider: Provider, logs: Wire) -> None:
    body = {
        "name": "Errors",
        "sourceId": logs["id"],
        "select": "Timestamp, Body",
        "where": "level:error",
        "whereLanguage": "lucene",
        "orderBy": "Timestamp DESC",
        "tags": ["terraform"],
        "filters": [{"type": "sql", "condition": "ServiceName IN ('checkout')"}],
    }
    run(provider, "/saved-searches", body, {"where": "level:warn", "tags": []})


def test_webhook(provider: Provider) -> None:
    body = {
        "name": "On call",
        "service": "generic",
        "url": "https://hooks.example.com/1",
        "description": "",
        "body": '{"text": "{{title}}"}',
        "headers": {"X-Key": "secret"},
    }
    run(
        provider,
        "/webhooks",
        body,
        {"description": "Wakes somebody", "url": "https://hooks.example.com/2"},
        by_list=True,
    )


def test_webhooks_of_more_than_a_page(provider: Provider) -> None:
    hook = {"service": "generic", "url": "https://hooks.example.com/1"}
    ids = [provider.ask("POST", "/webhooks", {**hook, "name": f"Hook {number}"})["id"] for number in range(3)]
    first = provider.ask("GET", "/webhooks?limit=2&offset=0")
    rest = provider.ask("GET", "/webhooks?limit=2&offset=2")
    assert [each["id"] for each in [*first, *rest]] == ids
    assert provider.ask("GET", "/webhooks?limit=2&offset=4") == []
    assert provider.listed("/webhooks", ids[2]) is not None


def test_source(provider: Provider, logs: Wire) -> None:
    body: Wire = {
        "kind": "log",
        "name": "Errors",
        "connection": logs["connection"],
        "from": {"databaseName": "default", "tableName": "otel_logs"},
        "timestampValueExpression": "Timestamp",
        "defaultTableSelectExpression": "Timestamp, Body",
        "metadataMaterializedViews": {"kvRollupTable": "otel_logs_kv_rollup_15m", "granularity": "15m"},
    }
    run(provider, "/sources", body, {"name": "Errors 2", "bodyExpression": "Body"}, by_list=provider.cloud)


def test_source_of_metrics_without_a_table(provider: Provider, logs: Wire) -> None:
    body: Wire = {
        "kind": "metric",
        "name": "Metrics 2",
        "connection": logs["connection"],
        "from": {"databaseName": "default", "tableName": ""},
        "timestampValueExpression": "TimeUnix",
        "resourceAttributesExpression": "ResourceAttributes",
        "metricTables": {"gauge": "otel_metrics_gauge"},
    }
    run(provider, "/sources", body, {"metricTables": {"sum": "otel_metrics_sum"}}, by_list=provider.cloud)


def test_dashboard(provider: Provider, logs: Wire) -> None:
    tile = {"name": "Errors", "x": 0, "y": 0, "w": 12, "h": 4}
    config = {"displayType": "number", "sourceId": logs["id"], "select": [{"aggFn": "count"}]}
    board = provider.ask("POST", "/dashboards", {"name": "Shop", "tags": [], "tiles": [{**tile, "config": config}]})
    state = provider.ask("GET", f"/dashboards/{board['id']}")
    assert state == board
    same = provider.ask("PUT", f"/dashboards/{board['id']}", {key: state[key] for key in ("name", "tags", "tiles")})
    assert same == state, "tile ids that are sent back stay"
    renamed = provider.ask("PUT", f"/dashboards/{board['id']}", {**same, "name": "Shop 2", "tags": ["a"]})
    assert (renamed["name"], renamed["tiles"]) == ("Shop 2", state["tiles"])
    assert provider.ask("GET", f"/dashboards/{board['id']}") == renamed
    assert provider.ask("DELETE", f"/dashboards/{board['id']}") is not None
    assert provider.ask("GET", f"/dashboards/{board['id']}") is None
    assert provider.ask("DELETE", f"/dashboards/{board['id']}") is None


def test_alert(provider: Provider, logs: Wire) -> None:
    search = provider.ask("POST", "/saved-searches", {"name": "Errors", "sourceId": logs["id"]})
    hook = {"name": "On call", "service": "generic", "url": "https://hooks.example.com/1"}
    channel = {"type": "webhook", "webhookId": provider.ask("POST", "/webhooks", hook)["id"]}
    body = {
        "source": "saved_search",
        "savedSearchId": search["id"],
        "name": "Errors",
        "message": "Too many",
        "threshold": 10,
        "thresholdType": "above",
        "interval": "5m",
        "groupBy": "ServiceName",
        "channel": channel,
        "scheduleOffsetMinutes": 0,
    }
    run(provider, "/alerts", body, {"threshold": 20, "interval": "15m", "note": "see the book"})


def test_role(provider: Provider) -> None:
    body = {"name": "Drawers", "description": "They draw", "permissions": [{"action": "read", "subject": "all"}]}
    permission = {"action": "manage", "subject": "Dashboard"}
    run(provider, "/roles", body, {"permissions": [permission], "description": "They still draw"})


def test_data_sources(provider: Provider) -> None:
    board = provider.ask("POST", "/dashboards", {"name": "Shop", "tiles": []})
    assert next(each for each in provider.ask("GET", "/dashboards") if each["name"] == "Shop")["id"] == board["id"]
    assert [each["name"] for each in provider.ask("GET", "/roles") if each["isPredefined"]] == [
        "admin",
        "editor",
        "viewer",
    ]


def test_what_only_one_mode_has(provider: Provider) -> None:
    if provider.cloud:
        reply = provider.client.get(provider.base + "/connections")
        assert (reply.status_code, reply.headers["content-type"][:10]) == (404, "text/plain")  # served to nobody
        return
    body = {"name": "Second", "host": "http://db.example.com:8123", "username": "default", "password": "x"}
    made = provider.ask("POST", "/connections", body)
    assert provider.ask("GET", f"/connections/{made['id']}") == made
    assert provider.ask("DELETE", f"/connections/{made['id']}") is not None
    assert provider.ask("GET", f"/connections/{made['id']}") is None
    assert provider.ask("GET", "/team")["id"]
    member = provider.ask("GET", "/team/members")[0]
    admin = provider.ask("GET", "/roles")[0]
    assert provider.ask("PUT", f"/team/members/{member['id']}/role", {"roleId": admin["id"]}) == {"success": True}


def test_a_budget_that_is_used_up_says_how_long_to_wait(person: httpx.Client, connect: Any) -> None:
    client, path = connect(managed_api_requests_per_10s=1), service_path(person) + "/alerts"
    client.auth = new_key(person)
    assert client.get(path).status_code == 200
    refused = client.get(path)
    assert refused.status_code == 429
    assert 0 < float(refused.headers["X-RateLimit-Reset"]) <= 10
    assert refused.json()["status"] == 429

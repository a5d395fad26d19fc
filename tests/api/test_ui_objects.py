"""The routes of the UI over the same objects (reference/internal-routes.md §3.3 to §3.9)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from clickstack.metadata import Metadata

HOOK = {"name": "G", "service": "generic", "url": "https://93.184.216.34/services/s3cret"}
NOBODY = "0" * 24


@pytest.fixture
def source(person: httpx.Client) -> str:
    return str(person.get("/sources").json()[0]["id"])


@pytest.fixture
def search(person: httpx.Client, source: str) -> dict[str, Any]:
    body = {
        "name": "Errors",
        "select": "",
        "where": "level:error",
        "whereLanguage": "lucene",
        "source": source,
        "tags": [],
    }
    reply = person.post("/saved-search", json=body)
    assert reply.status_code == 200, reply.text
    data: dict[str, Any] = reply.json()
    return data


@pytest.fixture
def webhook(person: httpx.Client) -> dict[str, Any]:
    reply = person.post("/webhooks", json={**HOOK, "headers": {"A": "s3cret"}, "queryParams": {"q": "s3cret"}})
    assert reply.status_code == 200, reply.text
    data: dict[str, Any] = reply.json()["data"]
    return data


@pytest.fixture
def alert(person: httpx.Client, search: dict[str, Any], webhook: dict[str, Any]) -> dict[str, Any]:
    body = {
        "source": "saved_search",
        "savedSearchId": search["_id"],
        "interval": "5m",
        "threshold": 1,
        "thresholdType": "above",
        "channel": {"type": "webhook", "webhookId": webhook["_id"]},
    }
    reply = person.post("/alerts", json=body)
    assert reply.status_code == 200, reply.text
    data: dict[str, Any] = reply.json()["data"]
    return data


# --- saved searches ---------------------------------------------------------------------------------------------


def test_a_saved_search_tells_who_made_it_and_what_watches_it(
    person: httpx.Client, search: dict[str, Any], alert: dict[str, Any], source: str
) -> None:
    (shown,) = person.get("/saved-search").json()
    assert (shown["_id"], shown["id"], shown["source"]) == (search["id"], search["id"], source)
    assert shown["createdBy"] == shown["updatedBy"] == {"email": "ada@example.com", "name": "ada@example.com"}
    assert [each["_id"] for each in shown["alerts"]] == [alert["_id"]]


def test_a_patch_changes_what_it_names(person: httpx.Client, search: dict[str, Any]) -> None:
    address = f"/saved-search/{search['id']}"
    filters = [{"type": "sql_ast", "operator": "=", "left": "a", "right": "1"}]
    after = person.patch(address, json={"name": "Slow", "where": None, "filters": filters}).json()
    assert (after["name"], after["where"], after["filters"]) == ("Slow", "level:error", filters)
    reply = person.patch(address, json={"tags": "x", "whereLanguage": "promql"})
    assert reply.status_code == 400
    assert [issue["path"] for issue in reply.json()[0]["errors"]["issues"]] == [["whereLanguage"], ["tags"]]
    assert person.delete(address).status_code == 204
    assert person.patch(address, json={"name": "x"}).status_code == 404


# --- webhooks ---------------------------------------------------------------------------------------------------


def test_addresses_and_secrets_are_masked(person: httpx.Client, webhook: dict[str, Any]) -> None:
    assert webhook["url"] == "https://93.184.216.34/****"
    assert (webhook["headers"], webhook["queryParams"]) == ({"A": "****"}, {"q": "****"})
    listed = person.get("/webhooks", params={"service": "generic"})
    assert listed.json() == {"data": [webhook]}
    assert "s3cret" not in listed.text
    assert person.get("/webhooks", params={"service": "slack"}).json() == {"data": []}
    assert person.get("/webhooks").status_code == 400


def test_a_mask_stands_for_what_is_stored(person: httpx.Client, webhook: dict[str, Any], metadata: Metadata) -> None:
    address = f"/webhooks/{webhook['_id']}"

    def put(**fields: Any) -> httpx.Response:
        return person.put(address, json={**webhook, **fields})

    assert put(name="H", headers={"A": "****", "B": "2"}).status_code == 200
    stored = metadata.webhooks.get(metadata.teams.api_keys()[0][0], webhook["_id"])
    assert stored is not None
    assert (stored.name, stored.url, stored.headers) == ("H", HOOK["url"], {"A": "s3cret", "B": "2"})
    moved = put(url="https://93.184.216.35/")
    assert moved.status_code == 400
    assert "enter the value again" in moved.json()["message"]
    assert put(url="https://93.184.216.35/****").status_code == 400
    assert put(headers={"New": "****"}).status_code == 400
    assert put(url="https://93.184.216.35/", headers={}, queryParams={}).status_code == 200
    assert person.post("/webhooks", json={**HOOK, "headers": {"A": "****"}}).status_code == 400


def test_deleting_a_webhook(person: httpx.Client, webhook: dict[str, Any], alert: dict[str, Any]) -> None:
    address = f"/webhooks/{webhook['_id']}"
    assert person.delete(address).status_code == 409
    assert person.delete(f"/alerts/{alert['_id']}").text == "OK"
    assert person.delete(address).json() == person.delete(address).json() == {}


# --- alerts -----------------------------------------------------------------------------------------------------


def test_an_alert_is_shown_with_what_it_is_about(
    person: httpx.Client, alert: dict[str, Any], search: dict[str, Any]
) -> None:
    (shown,) = person.get("/alerts").json()["data"]
    assert shown == alert == person.get(f"/alerts/{alert['_id']}").json()["data"]
    assert (shown["savedSearch"]["_id"], shown["savedSearch"]["name"]) == (search["id"], "Errors")
    assert shown["createdBy"]["email"] == "ada@example.com"
    assert person.get(f"/alerts/{NOBODY}").status_code == 404


def test_silencing(person: httpx.Client, alert: dict[str, Any]) -> None:
    address = f"/alerts/{alert['_id']}/silenced"
    assert person.post(address, json={"mutedUntil": "2026-01-01T01:00:00Z"}).text == "OK"
    silenced = person.get(f"/alerts/{alert['_id']}").json()["data"]["silenced"]
    assert silenced == {"by": "ada@example.com", "at": "2026-01-01T00:00:00.000Z", "until": "2026-01-01T01:00:00.000Z"}
    for past in ("2025-12-31T23:59:59Z", None, "soon"):
        assert person.post(address, json={"mutedUntil": past}).status_code == 400
    assert person.delete(address).text == "OK"
    assert "silenced" not in person.get(f"/alerts/{alert['_id']}").json()["data"]
    gone = person.post(f"/alerts/{NOBODY}/silenced", json={"mutedUntil": "2026-01-01T01:00:00Z"})
    assert (gone.status_code, gone.json()["error"]) == (404, "Alert not found")


# --- sources ----------------------------------------------------------------------------------------------------


def test_sources_keep_what_the_ui_writes(person: httpx.Client) -> None:
    before = person.get("/sources").json()
    for source in before:
        reply = person.put(f"/sources/{source['id']}", json=source)
        assert (reply.status_code, reply.content) == (200, b""), reply.text
    after = person.get("/sources").json()
    for old, new in zip(before, after, strict=True):
        assert {**new, **old, "revision": 2} == new
    body = {key: before[0][key] for key in ("kind", "connection", "from", "timestampValueExpression")}
    body = {**body, "name": "Other", "defaultTableSelectExpression": "Body"}
    made = person.post("/sources", json=body).json()
    assert (made["name"], made["_id"]) == ("Other", made["id"])
    assert person.delete(f"/sources/{made['id']}").content == b""
    assert person.put(f"/sources/{made['id']}", json=body).status_code == 404


# --- favourites and pinned filters ------------------------------------------------------------------------------


def test_favourites(person: httpx.Client, search: dict[str, Any]) -> None:
    star = {"resourceType": "savedSearch", "resourceId": search["id"]}
    first = person.put("/favorites", json=star).json()
    assert person.put("/favorites", json=star).json() == first
    assert person.get("/favorites").json() == [first]
    assert {key: first[key] for key in star} == star
    assert person.put("/favorites", json={**star, "resourceId": NOBODY}).status_code == 404
    assert person.put("/favorites", json={**star, "resourceType": "source"}).status_code == 400
    for _ in range(2):
        assert person.delete(f"/favorites/savedSearch/{search['id']}").status_code == 204
    assert person.get("/favorites").json() == []
    person.put("/favorites", json=star)
    person.delete(f"/saved-search/{search['id']}")
    assert person.get("/favorites").json() == []


def test_pinned_filters(person: httpx.Client, source: str) -> None:
    assert person.get("/pinned-filters", params={"source": source}).json() == {"team": None}
    chosen = {"fields": ["ServiceName"], "filters": {"ServiceName": ["api", True]}}
    pinned = person.put("/pinned-filters", json={"source": source, **chosen}).json()
    assert pinned == {"id": pinned["id"], **chosen}
    assert person.get("/pinned-filters", params={"source": source}).json() == {"team": pinned}
    emptied = person.put("/pinned-filters", json={"source": source, "fields": [], "filters": {}}).json()
    assert emptied == {"id": pinned["id"], "fields": [], "filters": {}}
    assert person.put("/pinned-filters", json={"source": NOBODY, **chosen}).json()["error"] == "Source not found"
    too_many = {"source": source, "fields": ["x"] * 101, "filters": {"a": [1]}}
    assert person.put("/pinned-filters", json=too_many).status_code == 400


@pytest.mark.parametrize(
    "address", ["/saved-search", "/alerts", "/webhooks?service=slack", "/connections", "/sources", "/favorites"]
)
def test_strangers_see_nothing(api: httpx.Client, address: str) -> None:
    assert api.get(address).status_code == 401

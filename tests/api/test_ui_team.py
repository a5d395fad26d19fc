"""What a team sets for all its people: settings of queries, tags, filters of preset dashboards; and its manifest."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from clickstack.api.context import Services

PRESET = "/dashboards/preset/services"


@pytest.fixture
def source(person: httpx.Client) -> str:
    return str(person.get("/sources").json()[0]["id"])


def wanted(of: str, **fields: Any) -> dict[str, Any]:
    kept = {"type": "QUERY_EXPRESSION", "name": "Region", "expression": "ResourceAttributes['region']"}
    return {"filter": {**kept, "source": of, "presetDashboard": "services", **fields}}


# --- settings of queries ----------------------------------------------------------------------------------------


def test_settings_are_kept_changed_and_unset(person: httpx.Client) -> None:
    address = "/team/clickhouse-settings"
    assert person.patch(address, json={}).json() == {}
    sent = {"searchRowLimit": 500, "queryTimeout": 0, "fieldMetadataDisabled": True, "unknown": 1}
    assert person.patch(address, json=sent).json() == {
        "searchRowLimit": 500,
        "queryTimeout": 0,
        "fieldMetadataDisabled": True,
    }
    assert person.patch(address, json={"searchRowLimit": None}).json() == {"searchRowLimit": None}
    team = person.get("/me").json()["team"]
    assert (team["queryTimeout"], team["fieldMetadataDisabled"], "searchRowLimit" in team) == (0, True, False)
    (last, first) = [each for each in person.get("/team/audit").json()["data"] if each["objectKind"] == "team_settings"]
    assert first["before"] == {}
    assert last["before"]["searchRowLimit"] == 500


@pytest.mark.parametrize(
    "sent", [{"searchRowLimit": 0}, {"queryTimeout": -1}, {"queryTimeout": "5"}, {"parallelizeWhenPossible": 1}]
)
def test_settings_that_mean_nothing_are_refused(person: httpx.Client, sent: dict[str, Any]) -> None:
    reply = person.patch("/team/clickhouse-settings", json=sent)
    assert reply.status_code == 400
    assert reply.json()[0]["errors"]["issues"][0]["path"] == list(sent)


# --- tags, manifest ---------------------------------------------------------------------------------------------


def stock(person: httpx.Client, source: str) -> dict[str, str]:
    """One of everything."""
    search = {"name": "S", "select": "", "where": "", "whereLanguage": "lucene", "source": source, "tags": ["b", "a"]}
    search_id = person.post("/saved-search", json=search).json()["id"]
    dashboard_id = person.post("/dashboards", json={"name": "D", "tiles": [], "tags": ["c", "a"]}).json()["id"]
    hook = {"name": "G", "service": "generic", "url": "https://93.184.216.34/s3cret", "headers": {"a": "s3cret"}}
    hook_id = person.post("/webhooks", json=hook).json()["data"]["_id"]
    watch = {"source": "saved_search", "savedSearchId": search_id, "interval": "5m", "threshold": 1}
    channel = {"type": "webhook", "webhookId": hook_id}
    alert = {**watch, "thresholdType": "above", "channel": channel}
    alert_id = person.post("/alerts", json=alert).json()["data"]["_id"]
    return {"search": search_id, "dashboard": dashboard_id, "webhook": hook_id, "alert": alert_id}


def test_tags_are_those_of_dashboards_and_saved_searches(person: httpx.Client, source: str) -> None:
    assert person.get("/team/tags").json() == {"data": []}
    stock(person, source)
    assert person.get("/team/tags").json() == {"data": ["a", "b", "c"]}


def test_the_manifest_names_everything_and_no_secret(
    person: httpx.Client, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = stock(person, source)
    reply = person.get("/iac/import-manifest")
    manifest = reply.json()
    assert manifest["dashboards"] == [{"id": ids["dashboard"], "name": "D"}]
    assert manifest["savedSearches"] == [{"id": ids["search"], "name": "S"}]
    assert manifest["webhooks"] == [{"id": ids["webhook"], "name": "G"}]
    assert manifest["alerts"] == [{"id": ids["alert"], "source": "saved_search", "savedSearchId": ids["search"]}]
    assert {each["kind"] for each in manifest["sources"]} == {"log", "trace", "metric", "session"}
    assert [each["id"] for each in manifest["sources"]] == sorted(each["id"] for each in manifest["sources"])
    assert set(manifest["connections"][0]) == {"id", "name"}
    assert (manifest["truncatedTypes"], "s3cret" in reply.text) == ([], False)
    monkeypatch.setattr("clickstack.api.internal.iac.MANIFEST_OBJECTS_MAX", 3)
    manifest = person.get("/iac/import-manifest").json()
    assert (manifest["truncatedTypes"], len(manifest["sources"])) == (["sources"], 3)


# --- filters of preset dashboards -------------------------------------------------------------------------------


def test_a_preset_dashboard_keeps_the_filters_of_each_source(person: httpx.Client, source: str) -> None:
    made = person.post(f"{PRESET}/filter", json=wanted(source)).json()
    assert (made["name"], made["source"], made["presetDashboard"]) == ("Region", source, "services")
    other = person.get("/sources").json()[1]["id"]
    assert person.get(f"{PRESET}/filters", params={"sourceId": source}).json() == [made]
    assert person.get(f"{PRESET}/filters", params={"sourceId": other}).json() == []

    changed = person.put(f"{PRESET}/filter", json={"filter": {**made, "name": "Zone"}}).json()
    assert changed == {**made, "name": "Zone"}
    assert person.delete(f"{PRESET}/filter/{made['id']}").json() == changed
    assert person.delete(f"{PRESET}/filter/{made['id']}").status_code == 404
    assert person.put(f"{PRESET}/filter", json={"filter": made}).status_code == 404
    log = [each for each in person.get("/team/audit").json()["data"] if each["objectKind"] == "preset_filter"]
    assert [each["action"] for each in log] == ["delete", "update", "create"]


def test_a_preset_filter_is_checked(person: httpx.Client, services: Services, source: str) -> None:
    def refused(**fields: Any) -> Any:
        reply = person.post(f"{PRESET}/filter", json=wanted(source, **fields))
        assert reply.status_code == 400, reply.text
        return reply.json()

    assert "presetDashboard" in refused(presetDashboard="kubernetes")["error"]
    assert refused(source="0" * 24)["message"] == "Source not found"
    assert refused(name="")[0]["errors"]["issues"][0]["path"] == ["filter", "name"]
    assert refused(source="x")[0]["errors"]["issues"][0]["path"] == ["filter", "source"]
    assert refused(isBroadcastEnabled=False)[0]["errors"]["issues"][0]["path"] == ["filter", "isBroadcastEnabled"]
    assert person.post("/dashboards/preset/nodes/filter", json=wanted(source)).status_code == 400
    assert services.metadata.preset_filters.list("0" * 24, "services", source) == []


def test_the_filters_go_with_their_source(person: httpx.Client) -> None:
    spare = next(each for each in person.get("/sources").json() if each["kind"] == "session")
    person.post(f"{PRESET}/filter", json=wanted(spare["id"]))
    assert person.delete(f"/sources/{spare['id']}").status_code == 200
    assert person.get(f"{PRESET}/filters", params={"sourceId": spare["id"]}).json() == []

"""Alerts over v2: bodies, references, schedules, what keeps what (reference/api-v2.md §4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from clickstack.core.alert import AlertState
from clickstack.core.clock import FixedClock
from clickstack.metadata import Metadata, Verdict

Create = Callable[..., dict[str, Any]]
NOBODY = "0" * 24


@pytest.fixture
def source(v2: httpx.Client) -> dict[str, Any]:
    data: dict[str, Any] = v2.get("/api/v2/sources").json()["data"][0]
    return data


def made(reply: httpx.Response) -> dict[str, Any]:
    assert reply.status_code == 200, reply.text
    data: dict[str, Any] = reply.json()["data"]
    return data


def message(reply: httpx.Response, status: int = 400) -> str:
    assert reply.status_code == status, reply.text
    return str(reply.json()["message"])


@pytest.fixture
def webhooks(v2: httpx.Client) -> list[str]:
    body = {"service": "generic", "url": "https://192.88.98.7/w"}
    return [made(v2.post("/api/v2/webhooks", json={**body, "name": name}))["id"] for name in ("a", "b")]


@pytest.fixture
def dashboard(v2: httpx.Client, source: dict[str, Any]) -> dict[str, Any]:
    builder = {"sourceId": source["id"], "select": [{"aggFn": "count", "where": ""}]}
    raw = {"configType": "sql", "connectionId": source["connection"]}
    configs = {
        "line": {**builder, "displayType": "line"},
        "table": {**builder, "displayType": "table"},
        "bucketed": {**raw, "displayType": "line", "sqlTemplate": "SELECT $__timeInterval(Timestamp), 1"},
        "unbucketed": {**raw, "displayType": "line", "sqlTemplate": "SELECT 1 -- intervalSeconds"},
        "number": {**raw, "displayType": "number", "sqlTemplate": "SELECT 1"},
        "raw table": {**raw, "displayType": "table", "sqlTemplate": "SELECT 1"},
        "raw pie": {**raw, "displayType": "pie", "sqlTemplate": "SELECT 1"},
    }
    tiles = [{"name": name, "x": 0, "y": 0, "w": 6, "h": 3, "config": config} for name, config in configs.items()]
    return made(v2.post("/api/v2/dashboards", json={"name": "D", "tiles": tiles, "tags": []}))


@pytest.fixture
def tile(dashboard: dict[str, Any]) -> Callable[[str], dict[str, Any]]:
    ids = {each["name"]: each["id"] for each in dashboard["tiles"]}
    return lambda name: {"source": "tile", "dashboardId": dashboard["id"], "tileId": ids[name]}


@pytest.fixture
def search(v2: httpx.Client, source: dict[str, Any]) -> dict[str, Any]:
    saved = made(v2.post("/api/v2/saved-searches", json={"name": "Errors", "sourceId": source["id"]}))
    return {"source": "saved_search", "savedSearchId": saved["id"]}


@pytest.fixture
def minimal(webhooks: list[str]) -> dict[str, Any]:
    channel = {"type": "webhook", "webhookId": webhooks[0]}
    return {"channel": channel, "interval": "5m", "threshold": 1, "thresholdType": "above"}


def evaluated(metadata: Metadata, alert: dict[str, Any], state: AlertState, *errors: dict[str, Any]) -> None:
    """As the alert engine stores what it found."""
    stored = metadata.alerts.get(alert["teamId"], alert["id"])
    lease = metadata.leases.take("alerts", "test", 60_000)
    assert stored is not None
    assert lease is not None
    assert metadata.judgements.store([Verdict(stored, None, None, state, errors)], lease) == 1


def test_the_least_a_tile_alert_can_say(
    v2: httpx.Client, minimal: dict[str, Any], tile: Callable[[str], dict[str, Any]]
) -> None:
    alert = made(v2.post("/api/v2/alerts", json={**minimal, **tile("line")}))
    assert alert.pop("createdAt") == alert.pop("updatedAt")
    del alert["id"], alert["teamId"]
    assert alert == {
        "name": None,
        "message": None,
        "note": None,
        "threshold": 1,
        "interval": "5m",
        "numConsecutiveWindows": None,
        "thresholdType": "above",
        "source": "tile",
        "state": "OK",
        "channel": minimal["channel"],
        "channels": [minimal["channel"]],
        **{key: value for key, value in tile("line").items() if key != "source"},
    }


def test_nulls_are_shown_where_they_were_written(
    v2: httpx.Client, minimal: dict[str, Any], search: dict[str, Any]
) -> None:
    nulls = ("scheduleStartAt", "name", "message", "note", "numConsecutiveWindows", "groupBy", "thresholdMax")
    alert = made(v2.post("/api/v2/alerts", json={**minimal, **search, **dict.fromkeys(nulls), "threshold": -1.5}))
    assert (alert["scheduleStartAt"], alert["scheduleOffsetMinutes"], alert["threshold"]) == (None, 0, -1.5)
    assert "thresholdMax" not in alert
    assert "groupBy" not in alert
    assert made(v2.put(f"/api/v2/alerts/{alert['id']}", json=alert)) == alert


def test_the_kind_that_is_not_named_is_a_saved_search(
    v2: httpx.Client, minimal: dict[str, Any], search: dict[str, Any]
) -> None:
    body = {**minimal, "savedSearchId": search["savedSearchId"].upper(), "groupBy": "", "dashboardId": "dropped"}
    alert = made(v2.post("/api/v2/alerts", json=body))
    assert (alert["source"], alert["savedSearchId"], alert["groupBy"]) == ("saved_search", search["savedSearchId"], "")
    assert "dashboardId" not in alert


def test_every_fault_of_structure_is_named_at_once(v2: httpx.Client) -> None:
    body = {"channel": None, "channels": [], "interval": "2m", "scheduleStartAt": 5, "source": "x", "name": ""}
    assert message(v2.post("/api/v2/alerts", json=body)) == (
        "Body validation failed: channel: Expected object, received null; "
        "channels: At least one notification channel is required; "
        "interval: Invalid enum value. "
        "Expected '1m' | '5m' | '15m' | '30m' | '1h' | '6h' | '12h' | '1d', received '2m'; "
        "scheduleStartAt: Invalid input; threshold: Required; thresholdType: Required; "
        "source: Invalid enum value. Expected 'saved_search' | 'tile', received 'x'; "
        "name: String must contain at least 1 character(s)"
    )


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"channel": ...}, 'channels: Provide either "channel" or "channels"'),
        (
            {"channels": [{"type": "webhook", "webhookId": "other"}]},
            'channels: "channel" must match the first entry of "channels"',
        ),
        (
            {"channel": ..., "channels": [{"type": "webhook", "webhookId": "a"}] * 11},
            (
                "channels: An alert supports at most 10 notification channels; "
                "channels: Duplicate notification channels are not allowed"
            ),
        ),
        ({"channel": {"type": "webhook", "webhookId": ""}}, "channel.webhookId: Webhook ID can't be empty"),
        (
            {"channel": {"type": "email", "webhookId": "x"}},
            "channel.emailRecipients: Required",
        ),
        (
            {"interval": "1d", "scheduleOffsetMinutes": 1440},
            (
                "scheduleOffsetMinutes: Number must be less than or equal to 1439; "
                "scheduleOffsetMinutes: scheduleOffsetMinutes must be less than 1440 minutes"
            ),
        ),
        (
            {"interval": "1m", "scheduleOffsetMinutes": 1, "scheduleStartAt": "2026-01-01T00:00Z"},
            (
                "scheduleOffsetMinutes: scheduleOffsetMinutes must be 0 when scheduleStartAt is provided; "
                "scheduleOffsetMinutes: scheduleOffsetMinutes must be less than 1 minute"
            ),
        ),
        ({"scheduleStartAt": "tomorrow"}, "scheduleStartAt: Invalid datetime"),
        ({"scheduleStartAt": "2026-02-30T00:00:00Z"}, "scheduleStartAt: Invalid datetime"),
        (
            {"scheduleStartAt": "2027-01-02T00:00:00Z"},
            "scheduleStartAt: scheduleStartAt must be within 1 year from now",
        ),
        (
            {"scheduleStartAt": "2016-01-01T00:00:00Z"},
            "scheduleStartAt: scheduleStartAt must be within 10 years in the past",
        ),
        (
            {"thresholdType": "between"},
            "thresholdMax: thresholdMax is required for between/not_between threshold types",
        ),
        (
            {"thresholdType": "not_between", "thresholdMax": 0.5},
            "thresholdMax: thresholdMax must be greater than or equal to threshold",
        ),
        ({"numConsecutiveWindows": 0}, "numConsecutiveWindows: Number must be greater than or equal to 1"),
        ({"savedSearchId": ...}, "savedSearchId: Required"),
        ({"source": "tile"}, "dashboardId: Required; tileId: Required"),
        (
            {"source": "tile", "dashboardId": "", "tileId": "t"},
            "dashboardId: String must contain at least 1 character(s)",
        ),
    ],
)
def test_rules(
    v2: httpx.Client, minimal: dict[str, Any], search: dict[str, Any], fields: dict[str, Any], text: str
) -> None:
    body = {key: value for key, value in {**minimal, **search, **fields}.items() if value is not ...}
    assert message(v2.post("/api/v2/alerts", json=body)) == f"Body validation failed: {text}"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"savedSearchId": "nope"}, "Invalid saved search ID"),
        ({"savedSearchId": NOBODY}, "Saved search not found"),
        ({"source": "tile", "dashboardId": "nope", "tileId": "t"}, "Invalid dashboard ID"),
        ({"source": "tile", "dashboardId": NOBODY, "tileId": "t"}, "Dashboard not found"),
        ({"channel": {"type": "webhook", "webhookId": "nope"}}, "Invalid webhook ID"),
        ({"channel": {"type": "webhook", "webhookId": NOBODY}}, "Webhook not found"),
    ],
)
def test_what_is_referred_to_must_be_there(
    v2: httpx.Client, minimal: dict[str, Any], search: dict[str, Any], fields: dict[str, Any], text: str
) -> None:
    for send, address in ((v2.post, "/api/v2/alerts"), (v2.put, f"/api/v2/alerts/{NOBODY}")):
        assert message(send(address, json={**minimal, **search, **fields})) == text
    assert message(v2.put(f"/api/v2/alerts/{NOBODY}", json={**minimal, **search}), 404) == "Alert not found"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bucketed", ""),
        ("number", ""),
        ("unbucketed", "Raw SQL alert query is invalid: it must include an interval parameter or macro"),
        ("raw table", ""),
        ("raw pie", "Alerts on tiles are only supported for Line, Stacked Bar, Number, or Table"),
        ("table", ""),
    ],
)
def test_which_tiles_can_alert(
    v2: httpx.Client, minimal: dict[str, Any], tile: Callable[[str], dict[str, Any]], name: str, text: str
) -> None:
    reply = v2.post("/api/v2/alerts", json={**minimal, **tile(name)})
    assert message(reply).startswith(text) if text else reply.status_code == 200
    assert message(v2.post("/api/v2/alerts", json={**minimal, **tile(name), "tileId": "x"})) == "Tile not found"


def test_put_replaces_all_but_the_schedule(
    v2: httpx.Client, minimal: dict[str, Any], search: dict[str, Any], tile: Callable[[str], dict[str, Any]],
    webhooks: list[str], metadata: Metadata
) -> None:  # fmt: skip
    channels = [{"type": "webhook", "webhookId": each, "extra": 1} for each in webhooks]
    whole = {
        **minimal,
        **search,
        "interval": "1h",
        "thresholdType": "between",
        "thresholdMax": 5,
        "name": "N",
        "message": "M",
        "note": "X",
        "numConsecutiveWindows": 3,
        "groupBy": "ServiceName",
        "channel": channels[0],
        "channels": channels,
        "scheduleOffsetMinutes": 30,
    }
    alert = made(v2.post("/api/v2/alerts", json=whole))
    assert [each["webhookId"] for each in alert["channels"]] == webhooks
    address = f"/api/v2/alerts/{alert['id']}"
    assert made(v2.put(address, json=alert)) == alert

    evaluated(metadata, alert, "ALERT", {"timestamp": "T", "type": "UNKNOWN", "message": "m"})
    after = made(v2.put(address, json={**minimal, **tile("line"), "interval": "1h"}))
    assert (after["name"], after["message"], after["note"], after["numConsecutiveWindows"]) == (None,) * 4
    assert after["channels"] == [minimal["channel"]]
    assert not {"thresholdMax", "savedSearchId", "groupBy"} & set(after)
    assert (after["state"], after["scheduleOffsetMinutes"], after["executionErrors"][0]["message"]) == (
        "ALERT",
        30,
        "m",
    )
    assert "scheduleOffsetMinutes" not in made(v2.put(address, json={**minimal, **search}))  # 30 does not fit into 5m


def test_a_start_sets_the_offset_to_zero_and_null_takes_it_away(
    v2: httpx.Client, minimal: dict[str, Any], search: dict[str, Any]
) -> None:
    body = {**minimal, **search, "interval": "1h"}
    alert = made(v2.post("/api/v2/alerts", json={**body, "scheduleStartAt": "2026-01-01T02:00:00.5+02:00"}))
    assert (alert["scheduleStartAt"], alert["scheduleOffsetMinutes"]) == ("2026-01-01T00:00:00.500Z", 0)
    address = f"/api/v2/alerts/{alert['id']}"
    assert made(v2.put(address, json=body))["scheduleStartAt"] == "2026-01-01T00:00:00.500Z"
    cleared = made(v2.put(address, json={**body, "scheduleStartAt": None, "scheduleOffsetMinutes": 7}))
    assert (cleared["scheduleStartAt"], cleared["scheduleOffsetMinutes"]) == (None, 7)


def test_a_webhook_that_is_notified_stays(
    v2: httpx.Client, minimal: dict[str, Any], search: dict[str, Any], webhooks: list[str]
) -> None:
    channels = [{"type": "webhook", "webhookId": each} for each in webhooks]
    alert = made(v2.post("/api/v2/alerts", json={**minimal, **search, "channels": channels}))
    for webhook in webhooks:  # wherever it stands
        assert message(v2.delete(f"/api/v2/webhooks/{webhook}"), 409) == (
            "Cannot delete webhook: 1 alert(s) still reference it. Reassign or remove those alerts first."
        )
    name = v2.get(f"/api/v2/webhooks/{webhooks[1]}").json()["data"]["name"]
    for mention in (webhooks[1], name):  # also when the message alone names it
        mentioning = {**minimal, **search, "message": f"look\n@webhook-{mention} now"}
        made(v2.put(f"/api/v2/alerts/{alert['id']}", json=mentioning))
        assert "1 alert(s) still reference it" in message(v2.delete(f"/api/v2/webhooks/{webhooks[1]}"), 409)
    made(v2.put(f"/api/v2/alerts/{alert['id']}", json={**minimal, **search, "message": "@webhook-{{group}}"}))
    assert v2.delete(f"/api/v2/webhooks/{webhooks[1]}").status_code == 200
    assert v2.delete(f"/api/v2/alerts/{alert['id']}").json() == {}
    assert v2.delete(f"/api/v2/webhooks/{webhooks[0]}").status_code == 200
    assert message(v2.delete(f"/api/v2/alerts/{alert['id']}"), 404) == "Alert not found"


def test_alerts_go_with_what_they_watch(
    v2: httpx.Client, minimal: dict[str, Any], search: dict[str, Any], tile: Callable[[str], dict[str, Any]],
    dashboard: dict[str, Any], metadata: Metadata
) -> None:  # fmt: skip
    on_search = made(v2.post("/api/v2/alerts", json={**minimal, **search}))
    on_line = made(v2.post("/api/v2/alerts", json={**minimal, **tile("line")}))
    on_number = made(v2.post("/api/v2/alerts", json={**minimal, **tile("number")}))
    assert v2.delete(f"/api/v2/saved-searches/{search['savedSearchId']}").status_code == 200
    assert [each["id"] for each in v2.get("/api/v2/alerts").json()["data"]] == [on_line["id"], on_number["id"]]
    fewer = {**dashboard, "tiles": [each for each in dashboard["tiles"] if each["name"] != "line"]}
    made(v2.put(f"/api/v2/dashboards/{dashboard['id']}", json=fewer))
    assert [each["id"] for each in v2.get("/api/v2/alerts").json()["data"]] == [on_number["id"]]
    assert v2.delete(f"/api/v2/dashboards/{dashboard['id']}").status_code == 200
    assert v2.get("/api/v2/alerts").json() == {"data": [], "meta": {"total": 0, "limit": 1000, "offset": 0}}
    for alert in (on_search, on_line, on_number):
        deletion = metadata.audit_log.list(alert["teamId"], limit=1, object_id=alert["id"])[0]
        assert (deletion.action, deletion.author.name) == ("delete", "ada@example.com")


def test_evaluating_is_no_edit(
    v2: httpx.Client, minimal: dict[str, Any], search: dict[str, Any], metadata: Metadata, clock: FixedClock
) -> None:
    alert = made(v2.post("/api/v2/alerts", json={**minimal, **search}))
    address = f"/api/v2/alerts/{alert['id']}"
    before = v2.get(address)
    clock.advance(60)
    evaluated(metadata, alert, "PENDING")
    after = v2.get(address, headers={"If-None-Match": before.headers["etag"]})
    assert made(after) == {**alert, "state": "PENDING"}  # its reply has changed, its revision has not
    assert v2.put(address, json=alert, headers={"If-Match": before.headers["etag"]}).status_code == 200

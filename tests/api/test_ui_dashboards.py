"""Dashboards as the UI and its tools keep them (reference/internal-routes.md §3.6): one meaning, another form."""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.dashboard_bodies import named, stored, tile
from clickstack.api.operations.saved_config import published_tile, saved_tile
from clickstack.core.errors import BadRequest
from clickstack.core.ids import SequentialIds
from query.golden import Case, read_cases

ALERT = {"interval": "5m", "threshold": 3, "thresholdType": "above"}


@pytest.fixture
def source(person: httpx.Client) -> dict[str, Any]:
    return next(each for each in person.get("/sources").json() if each["kind"] == "log")


@pytest.fixture
def webhook(person: httpx.Client) -> str:
    hook = {"name": "G", "service": "generic", "url": "https://93.184.216.34/hook"}
    return str(person.post("/webhooks", json=hook).json()["data"]["_id"])


def chart(of: dict[str, Any], **config: Any) -> dict[str, Any]:
    value = {"aggFn": "count", "aggCondition": "level:error", "aggConditionLanguage": "lucene"}
    whole = {"name": "Errors", "displayType": "line", "source": of["id"], "select": [value], **config}
    return {"id": "t1", "x": 0, "y": 0, "w": 6, "h": 3, "config": whole}


def made(person: httpx.Client, *tiles: dict[str, Any], **fields: Any) -> dict[str, Any]:
    reply = person.post("/dashboards", json={"name": "Shop", "tags": ["a"], "tiles": list(tiles), **fields})
    assert reply.status_code == 200, reply.text
    data: dict[str, Any] = reply.json()
    return data


@pytest.mark.parametrize("case", read_cases("dashboards"), ids=lambda case: case.id)
def test_every_config_goes_to_the_other_form_and_back(case: Case) -> None:
    asked = named(case.request)
    if not isinstance(asked, dict) or not asked.keys() & {"displayType", "configType", "series", "config"}:
        return
    wanted = tile(asked) if "displayType" in asked or "configType" in asked else tile(**asked)
    try:
        (kept,) = stored({"name": "D", "tiles": [wanted]}, SequentialIds())["tiles"]
    except BadRequest:
        return
    there = saved_tile(kept)
    assert not {"sourceId", "connectionId", "asRatio"} & there["config"].keys()
    if "series" in asked and "quantile" in case.request:
        return  # of the older form, which allows what a config may not be; see the test below
    (again,) = stored({"name": "D", "tiles": [published_tile(there)]}, SequentialIds())["tiles"]
    assert again == kept


def test_a_dashboard_is_made_listed_read_and_deleted(person: httpx.Client, source: dict[str, Any]) -> None:
    dashboard = made(person, chart(source))
    (listed,) = person.get("/dashboards").json()
    assert listed == dashboard == person.get(f"/dashboards/{dashboard['_id']}").json()
    assert (dashboard["_id"], dashboard["createdBy"]["email"]) == (dashboard["id"], "ada@example.com")
    (kept,) = dashboard["tiles"]
    assert kept["config"]["name"] == "Errors"
    assert kept["config"]["source"] == source["id"]
    assert kept["config"]["select"][0]["aggCondition"] == "level:error"
    assert person.delete(f"/dashboards/{dashboard['id']}").status_code == 204
    assert person.get("/dashboards").json() == []
    assert person.delete(f"/dashboards/{dashboard['id']}").status_code == 404


def test_the_rest_api_shows_the_same_dashboard_in_its_own_form(
    person: httpx.Client, access_key: str, source: dict[str, Any]
) -> None:
    dashboard = made(
        person, chart(source, where="ServiceName = 'web'", whereLanguage="sql", select=[{"aggFn": "count"}])
    )
    key = {"authorization": f"Bearer {access_key}"}
    (shown,) = person.get(f"/api/v2/dashboards/{dashboard['id']}", headers=key).json()["data"]["tiles"]
    assert (shown["name"], shown["config"]["sourceId"]) == ("Errors", source["id"])
    assert shown["config"]["select"][0]["where"] == "ServiceName = 'web'"
    assert shown["config"]["select"][0]["whereLanguage"] == "sql"


def test_a_patch_changes_what_it_names(person: httpx.Client, source: dict[str, Any]) -> None:
    dashboard = made(person, chart(source), savedQuery="level:error", savedQueryLanguage="lucene")
    address = f"/dashboards/{dashboard['id']}"
    after = person.patch(address, json={"name": "Store", "savedQuery": None}).json()
    assert (after["name"], after["savedQuery"], after["tags"]) == ("Store", None, ["a"])
    assert after["tiles"] == dashboard["tiles"]
    tiles = [*after["tiles"], {**chart(source, displayType="number"), "id": "new"}]
    after = person.patch(address, json={"tiles": tiles, "tags": None}).json()
    assert [each["config"]["displayType"] for each in after["tiles"]] == ["line", "number"]
    assert (after["tiles"][0]["id"], after["tags"]) == (dashboard["tiles"][0]["id"], [])


def test_a_tile_of_the_older_form_survives_a_patch(
    person: httpx.Client, access_key: str, source: dict[str, Any]
) -> None:
    series = {"type": "number", "sourceId": source["id"], "aggFn": "sum", "where": ""}  # of nothing
    old = tile(series=[series])
    key = {"authorization": f"Bearer {access_key}"}
    before = person.post("/api/v2/dashboards", json={"name": "D", "tiles": [old]}, headers=key).json()["data"]
    (shown,) = person.get("/dashboards").json()
    reply = person.patch(f"/dashboards/{shown['id']}", json={"tiles": [{**shown["tiles"][0], "x": 3}]})
    assert reply.status_code == 200, reply.text
    after = person.get(f"/api/v2/dashboards/{shown['id']}", headers=key).json()["data"]["tiles"][0]
    assert after == {**before["tiles"][0], "x": 3}


def test_filters_name_their_source_as_here(person: httpx.Client, source: dict[str, Any]) -> None:
    each = {"type": "QUERY_EXPRESSION", "name": "Service", "expression": "ServiceName", "source": source["id"]}
    dashboard = made(person, filters=[{**each, "id": "f1", "where": None}])
    (kept,) = dashboard["filters"]
    assert (kept["source"], "sourceId" in kept) == (source["id"], False)
    changed = person.patch(f"/dashboards/{dashboard['id']}", json={"filters": [{**kept, "name": "Which"}]}).json()
    assert changed["filters"] == [{**kept, "name": "Which"}]


def test_the_alert_of_a_tile_is_made_changed_and_deleted_with_its_config(
    person: httpx.Client, source: dict[str, Any], webhook: str
) -> None:
    alert = {**ALERT, "channel": {"type": "webhook", "webhookId": webhook}}
    dashboard = made(person, chart(source, alert=alert))
    (kept,) = dashboard["tiles"]
    assert kept["config"]["alert"]["threshold"] == 3
    (listed,) = person.get("/alerts").json()["data"]
    assert (listed["_id"], listed["tileId"]) == (kept["config"]["alert"]["_id"], kept["id"])

    address = f"/dashboards/{dashboard['id']}"
    person.patch(address, json={"name": "Only the name"})
    assert person.get("/alerts").json()["data"][0]["revision"] == listed["revision"]
    kept["config"]["alert"]["threshold"] = 5
    changed = person.patch(address, json={"tiles": [kept]}).json()
    assert changed["tiles"][0]["config"]["alert"]["threshold"] == 5
    assert [each["_id"] for each in person.get("/alerts").json()["data"]] == [listed["_id"]]

    kept["config"]["alert"] = {**alert, "name": "Named"}
    assert person.patch(address, json={"tiles": [kept]}).json()["tiles"][0]["config"]["alert"]["name"] == "Named"
    kept["config"]["alert"] = alert
    changed = person.patch(address, json={"tiles": [kept]}).json()["tiles"][0]["config"]["alert"]
    assert (changed["name"], changed["threshold"]) == (None, 3)

    del kept["config"]["alert"]
    assert "alert" not in person.patch(address, json={"tiles": [kept]}).json()["tiles"][0]["config"]
    assert person.get("/alerts").json()["data"] == []


def test_nothing_is_kept_of_a_dashboard_with_an_impossible_alert(
    person: httpx.Client, source: dict[str, Any], webhook: str
) -> None:
    def refused(channel: str, **changes: Any) -> Any:
        alert = {**ALERT, "channel": {"type": "webhook", "webhookId": channel}, **changes}
        display = {"displayType": "pie"} if not changes and channel == webhook else {}
        body = {"name": "D", "tiles": [chart(source, alert=alert, **display)]}
        reply = person.post("/dashboards", json=body)
        assert reply.status_code == 400
        assert person.get("/dashboards").json() == []
        return reply.json()

    assert refused("0" * 24)["message"] == "Webhook not found"
    (told,) = refused(webhook, interval="2m")
    assert told["errors"]["issues"][0]["path"] == ["tiles", 0, "config", "alert", "interval"]
    assert "only supported for" in refused(webhook)["message"]


def test_a_patch_with_an_impossible_alert_changes_nothing(
    person: httpx.Client, source: dict[str, Any], webhook: str
) -> None:
    alert = {**ALERT, "channel": {"type": "webhook", "webhookId": webhook}}
    dashboard = made(person, chart(source, alert=alert))
    (kept,) = dashboard["tiles"]
    for config in ({"displayType": "pie"}, {"alert": {**alert, "channel": {"type": "webhook", "webhookId": "0" * 24}}}):
        tiles = [{**kept, "config": {**kept["config"], **config}}]
        assert person.patch(f"/dashboards/{dashboard['id']}", json={"tiles": tiles}).status_code == 400
    assert person.get("/dashboards").json() == [dashboard]
    assert len(person.get("/alerts").json()["data"]) == 1


def test_faults_are_told_in_the_names_of_this_form(person: httpx.Client, source: dict[str, Any]) -> None:
    def paths(*tiles: Any) -> list[Any]:
        reply = person.post("/dashboards", json={"name": "D", "tiles": list(tiles)})
        assert reply.status_code == 400, reply.text
        return [issue["path"] for issue in reply.json()[0]["errors"]["issues"]]

    assert paths(chart(source, source="no id")) == [["tiles", 0, "config", "source"]]
    wrong = {"aggFn": "count", "aggConditionLanguage": "klingon"}
    assert paths(chart(source, select=[wrong])) == [["tiles", 0, "config", "select", 0, "aggConditionLanguage"]]
    assert paths(chart(source, name=7)) == [["tiles", 0, "config", "name"]]
    assert paths(7) == [["tiles", 0]]


@pytest.mark.parametrize(
    ("config", "word"),
    [
        ({"filters": [{"type": "sql", "condition": "1"}]}, "filters of a tile"),
        ({"ratioMode": "share_of_total"}, "share_of_total"),
        ({"where": "1", "whereLanguage": "sql"}, "use one"),
    ],
)
def test_what_the_published_form_cannot_say_is_refused(
    person: httpx.Client, source: dict[str, Any], config: dict[str, Any], word: str
) -> None:
    reply = person.post("/dashboards", json={"name": "D", "tiles": [chart(source, **config)]})
    assert reply.status_code == 400
    assert word in reply.json()["message"]


def whole(source: dict[str, Any], webhook: str) -> dict[str, Any]:
    """A body with something of everything."""
    alert = {**ALERT, "channel": {"type": "webhook", "webhookId": webhook}}
    limited = {"displayType": "pie", "limit": {"limit": 3}, "orderBy": [{"valueExpression": "x", "ordering": "DESC"}]}
    colored = {"displayType": "number", "color": "chart-1"}
    rules = [{"operator": "gt", "value": 1, "color": "chart-2"}]
    return {
        "name": "D",
        "tags": ["a"],
        "savedQuery": "x",
        "filters": [{"type": "QUERY_EXPRESSION", "name": "n", "expression": "e", "source": source["id"]}],
        "containers": [{"id": "c", "title": "C", "collapsed": False}],
        "tiles": [
            chart(source, where="a", whereLanguage="lucene", groupBy=[{"valueExpression": "b"}], alert=alert),
            {**chart(source, **limited), "id": "t2"},
            {**chart(source, **colored, colorRules=rules), "id": "t3"},
        ],
    }


def places(wire: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    for key, each in wire.items() if isinstance(wire, dict) else enumerate(wire) if isinstance(wire, list) else ():
        yield (*path, key)
        yield from places(each, (*path, key))


def test_whatever_is_sent_is_taken_or_refused(person: httpx.Client, source: dict[str, Any], webhook: str) -> None:
    """Each value of a body in turn is of another kind."""
    body = whole(source, webhook)
    assert person.post("/dashboards", json=body).status_code == 200
    for path in places(body):
        for odd in (7, [[]], {"a": 1}):
            changed: Any = copy.deepcopy(body)
            inner: Any = functools.reduce(lambda wire, key: wire[key], path[:-1], changed)
            inner[path[-1]] = odd
            reply = person.post("/dashboards", json=changed)
            assert reply.status_code in (200, 400), (path, odd, reply.text)


def test_colors_of_older_versions_are_those_of_today(person: httpx.Client, source: dict[str, Any]) -> None:
    rule = {"operator": "gt", "value": 1, "color": "chart-3"}
    number = chart(source, displayType="number", color="chart-1", colorRules=[rule])
    config = made(person, number)["tiles"][0]["config"]
    assert (config["color"], config["colorRules"][0]["color"]) == ("chart-green", "chart-orange")


def test_two_editors_do_not_overwrite_each_other_unseen(person: httpx.Client, source: dict[str, Any]) -> None:
    dashboard = made(person, chart(source))
    address = f"/dashboards/{dashboard['id']}"
    tag = person.get(address).headers["etag"]
    assert person.patch(address, json={"name": "First"}, headers={"if-match": tag}).status_code == 200
    assert person.patch(address, json={"name": "Second"}, headers={"if-match": tag}).status_code == 412

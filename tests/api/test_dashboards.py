"""/api/v2/dashboards from outside: life cycle, concurrency, what a replacement keeps, alerts, the audit log."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.dashboard_bodies import NOWHERE, count, raw_sql, tile
from clickstack.api import Services
from clickstack.core.alert import Alert, Channel
from clickstack.core.dashboard import Dashboard
from clickstack.core.records import Author
from clickstack.core.webhook import Webhook
from clickstack.metadata.teams import insert_team

PATH = "/api/v2/dashboards"
SYSTEM = Author("system", "", "test")


@pytest.fixture
def sources(v2: httpx.Client) -> dict[str, str]:
    """Ids by kind, and `connection`."""
    found = v2.get("/api/v2/sources").json()["data"]
    return {"connection": found[0]["connection"], **{each["kind"]: each["id"] for each in found}}


@pytest.fixture
def made(v2: httpx.Client, sources: dict[str, str]) -> dict[str, Any]:
    """A dashboard with a bit of everything, as the API shows it."""
    body = {
        "name": "Shop",
        "tags": ["shop", "prod"],
        "savedQuery": "level:error",
        "savedFilterValues": [{"condition": "ServiceName IN ('shop')"}],
        "containers": [{"id": "c", "title": "Health", "collapsed": False, "tabs": [{"id": "t", "title": "Errors"}]}],
        "filters": [
            {
                "type": "QUERY_EXPRESSION",
                "name": "Env",
                "expression": "env",
                "sourceId": sources["log"],
                "isVariableEnabled": True,
            }
        ],
        "tiles": [
            tile(count(sources["log"])),
            tile(count(sources["trace"], "table"), containerId="c", tabId="t"),
            tile(raw_sql("SELECT $__filter(env, $Env)", "number", connectionId=sources["connection"])),
        ],
    }
    return create(v2, body)


def create(v2: httpx.Client, body: Any) -> dict[str, Any]:
    reply = v2.post(PATH, json=body)
    assert reply.status_code == 200, reply.text
    return dict(reply.json()["data"])


def put(v2: httpx.Client, made: dict[str, Any], **headers: str) -> httpx.Response:
    return v2.put(f"{PATH}/{made['id']}", json=made, headers=headers)


def message(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["message"]


# --- life cycle -------------------------------------------------------------------------------------------------


def test_create_get_list_replace_delete(v2: httpx.Client, made: dict[str, Any]) -> None:
    path = f"{PATH}/{made['id']}"
    assert v2.get(path).json() == {"data": made}
    assert v2.get(PATH).json() == {"data": [made]}
    assert v2.get(path.upper()).json() == {"data": made}, "addresses have no case"

    renamed = put(v2, {**made, "name": "Shop 2"})
    assert renamed.json() == {"data": {**made, "name": "Shop 2"}}
    assert v2.get(path).json() == renamed.json()

    assert (v2.delete(path).status_code, v2.get(PATH).json()) == (200, {"data": []})
    for reply in (v2.get(path), put(v2, made), v2.delete(path)):
        assert message(reply) == (404, "Dashboard not found")


def test_the_list_is_by_name_descending_by_bytes(v2: httpx.Client) -> None:
    for name in ("a", "Z", "é", "", "A", "z", 'quote"d', "a"):
        create(v2, {"name": name, "tiles": []})
    assert [each["name"] for each in v2.get(PATH).json()["data"]] == ["é", "z", 'quote"d', "a", "a", "Z", "A", ""]


def test_what_is_absent_when_it_is_not_set(v2: httpx.Client) -> None:
    made = create(v2, {"name": "D", "tiles": []})
    assert made == {
        "id": made["id"],
        "name": "D",
        "tiles": [],
        "tags": [],
        "filters": [],
        "savedQuery": None,
        "savedQueryLanguage": None,
        "savedFilterValues": [],
    }


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_malformed_ids(v2: httpx.Client, method: str) -> None:
    for id_ in ("validate", "123456789012", "6955b900efbe09b3e724874", "6955b900efbe09b3e724874g"):
        reply = v2.request(method, f"{PATH}/{id_}", json={"name": "D", "tiles": []} if method == "PUT" else None)
        assert message(reply) == (400, "Params validation failed: id: Invalid ObjectId")


def test_all_faults_of_a_request_at_once(v2: httpx.Client) -> None:
    text = "Body validation failed: name: Required; tiles: Required; Params validation failed: id: Invalid ObjectId"
    assert message(v2.put(f"{PATH}/nope", json={})) == (400, text)
    assert message(v2.put(f"{PATH}/{NOWHERE}", json={"name": 1, "tiles": []}))[0] == 400, "the body comes before 404"
    reference = {"name": "D", "tiles": [tile(count(NOWHERE))]}
    assert message(v2.put(f"{PATH}/{NOWHERE}", json=reference)) == (404, "Dashboard not found")
    assert message(v2.post(PATH)) == (400, "Body validation failed: name: Required; tiles: Required")
    assert (
        message(v2.post(PATH, content=b"{", headers={"Content-Type": "application/json"}))[1] == "Invalid JSON payload"
    )


def test_another_teams_dashboard_is_none(v2: httpx.Client, services: Services) -> None:
    theirs = services.metadata.dashboards.insert(
        Dashboard(services.ids.object_id(), found_another_team(services, team_of(v2)), "Theirs", {"tiles": []}),
        SYSTEM,
        None,
    )
    path = f"{PATH}/{theirs.id}"
    assert v2.get(PATH).json() == {"data": []}
    for reply in (v2.get(path), v2.put(path, json={"name": "Mine", "tiles": []}), v2.delete(path)):
        assert message(reply) == (404, "Dashboard not found")
    link = count(display="table", onClick={"type": "dashboard", "target": {"mode": "id", "id": theirs.id}})
    link["sourceId"] = v2.get("/api/v2/sources").json()["data"][0]["id"]
    text = f"Could not find the following onClick dashboard IDs: {theirs.id}"
    assert message(v2.post(PATH, json={"name": "D", "tiles": [tile(link)]})) == (400, text)


# --- replacing --------------------------------------------------------------------------------------------------


def test_what_get_returns_can_be_put_back(v2: httpx.Client, made: dict[str, Any]) -> None:
    for _ in range(2):
        reply = put(v2, v2.get(f"{PATH}/{made['id']}").json()["data"])
        assert (reply.status_code, reply.json()) == (200, {"data": made})


def test_what_is_omitted_is_kept(v2: httpx.Client, made: dict[str, Any]) -> None:
    kept = put(v2, {key: made[key] for key in ("id", "name", "tiles")}).json()["data"]
    assert kept == made
    empty = {"tags": [], "filters": [], "savedFilterValues": [], "containers": [], "savedQuery": None}
    cleared = put(v2, {**empty, "id": made["id"], "name": "D", "tiles": []}).json()["data"]
    del empty["containers"]
    assert cleared == {**empty, "id": made["id"], "name": "D", "tiles": [], "savedQueryLanguage": None}


@pytest.mark.parametrize(
    ("change", "query", "language"),
    [
        ({}, "level:error", "lucene"),
        ({"savedQuery": "x"}, "x", "lucene"),
        ({"savedQuery": ""}, "", "lucene"),
        ({"savedQuery": None}, None, None),
        ({"savedQueryLanguage": "sql"}, "level:error", "sql"),
        ({"savedQuery": None, "savedQueryLanguage": "sql"}, None, "sql"),
    ],
)
def test_the_saved_query(
    v2: httpx.Client, made: dict[str, Any], change: dict[str, Any], query: str | None, language: str | None
) -> None:
    body = {key: made[key] for key in ("id", "name", "tiles")} | change
    changed = put(v2, body).json()["data"]
    assert (changed["savedQuery"], changed["savedQueryLanguage"]) == (query, language)


def test_ids_of_what_is_there_are_kept_and_others_replaced(v2: httpx.Client, made: dict[str, Any]) -> None:
    first, second, third = made["tiles"]
    tiles = [third, {**first, "id": "new-tile-123"}, {key: second[key] for key in second if key != "id"}]
    changed = put(
        v2,
        {
            **made,
            "tiles": tiles,
            "filters": [*made["filters"], {**made["filters"][0], "id": "", "variableName": "other"}],
        },
    ).json()["data"]
    ids = [each["id"] for each in changed["tiles"]]
    assert ids[0] == third["id"]
    assert not {*ids[1:]} & {"new-tile-123", first["id"], second["id"]}
    assert changed["filters"][0]["id"] == made["filters"][0]["id"]
    assert changed["filters"][1]["id"] not in ("", made["filters"][0]["id"])


def test_filters_of_a_replacement_have_ids(v2: httpx.Client, made: dict[str, Any]) -> None:
    filters = [{key: value for key, value in made["filters"][0].items() if key != "id"}]
    assert message(put(v2, {**made, "filters": filters})) == (400, "Body validation failed: filters.0.id: Required")


def test_tiles_join_containers_that_are_stored(v2: httpx.Client, made: dict[str, Any]) -> None:
    body = {key: made[key] for key in ("id", "name", "tiles")}
    assert put(v2, body).status_code == 200
    text = 'tiles.1.containerId: Tile references unknown containerId "c"'
    assert message(put(v2, {**body, "containers": []})) == (400, text)


def test_a_dashboard_may_link_to_itself(v2: httpx.Client, made: dict[str, Any]) -> None:
    made["tiles"][1]["config"]["onClick"] = {"type": "dashboard", "target": {"mode": "id", "id": made["id"]}}
    assert put(v2, made).json() == {"data": made}


def test_a_dashboard_whose_source_changed_stays_editable(
    v2: httpx.Client, services: Services, made: dict[str, Any], sources: dict[str, str]
) -> None:
    """Its tiles that stay as they are are not judged again; new ones are."""
    made = put(v2, {**made, "tiles": [tile(heatmap(sources["trace"]))]}).json()["data"]
    traces = services.metadata.sources.get(team_of(v2), sources["trace"])
    assert traces is not None
    services.metadata.sources.replace(dataclasses.replace(traces, kind="log"), SYSTEM, None)

    made["tiles"][0]["x"] = 3
    made["tiles"][0]["config"]["where"] = "a:b"
    assert put(v2, made).json() == {"data": made}
    text = f"Heatmap tiles require a Trace source. The following source IDs are not Trace sources: {sources['trace']}"
    assert message(put(v2, {**made, "tiles": [tile(heatmap(sources["trace"]))]})) == (400, text)


def test_the_older_form_can_be_put_back_though_the_newer_would_not_take_it(
    v2: httpx.Client, sources: dict[str, str]
) -> None:
    series = {"type": "number", "sourceId": sources["log"], "aggFn": "sum", "where": "x" * 10_001}
    long = {"type": "markdown", "content": "y" * 100_000}
    made = create(v2, {"name": "Old", "tiles": [tile(series=[series]), tile(series=[long])]})
    made["tiles"][0]["y"] = 7
    assert put(v2, made).json() == {"data": made}
    made["tiles"][0]["config"]["select"][0]["alias"] = "changed"
    status, text = message(put(v2, made))
    assert status == 400
    assert text.startswith("Body validation failed: tiles.0.config.select.0.where: String must contain at most 10000")


# --- macros -----------------------------------------------------------------------------------------------------


def test_a_variable_that_tiles_use_cannot_go(v2: httpx.Client, made: dict[str, Any]) -> None:
    text = "tiles.2.config.sqlTemplate: There is no variable $Env (at character 23)"
    assert message(put(v2, {**made, "filters": []})) == (400, text)


# --- two editors ------------------------------------------------------------------------------------------------


def test_the_second_of_two_editors_is_told(v2: httpx.Client, made: dict[str, Any]) -> None:
    path = f"{PATH}/{made['id']}"
    tag = v2.get(path).headers["etag"]
    assert v2.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert put(v2, {**made, "name": "First"}, **{"If-Match": tag}).status_code == 200
    reply = put(v2, {**made, "name": "Second"}, **{"If-Match": tag})
    assert message(reply) == (412, "Dashboard has been changed since: it is at revision 2, not 1. Read it again.")
    assert v2.delete(path, headers={"If-Match": tag}).status_code == 412
    newest = v2.get(path)
    assert newest.json()["data"]["name"] == "First"
    assert v2.delete(path, headers={"If-Match": newest.headers["etag"]}).status_code == 200


def test_without_a_tag_the_last_write_wins(v2: httpx.Client, made: dict[str, Any]) -> None:
    for name in ("First", "Second"):
        assert put(v2, {**made, "name": name}).json()["data"]["name"] == name


# --- alerts -----------------------------------------------------------------------------------------------------


@pytest.fixture
def alerting(v2: httpx.Client, services: Services, made: dict[str, Any]) -> Callable[[], list[int]]:
    """Puts an alert on each tile; says which places of the dashboard still have theirs."""
    team_id = team_of(v2)
    webhook = Webhook(services.ids.object_id(), team_id, "Pager", "generic", "https://example.com/")
    services.metadata.webhooks.insert(webhook, SYSTEM, None)
    for each in made["tiles"]:
        alert = Alert(
            id=services.ids.object_id(),
            team_id=team_id,
            name=each["name"],
            channels=(Channel(webhook.id),),
            interval="5m",
            threshold=1,
            threshold_type="above",
            source="tile",
            dashboard_id=made["id"],
            tile_id=each["id"],
        )
        services.metadata.alerts.insert(alert, SYSTEM, None)
    places = {each["id"]: place for place, each in enumerate(made["tiles"])}
    return lambda: [places[str(alert.tile_id)] for alert in services.metadata.alerts.list(team_id)]


def test_a_replacement_drops_alerts_of_tiles_that_cannot_alert(
    v2: httpx.Client, made: dict[str, Any], alerting: Callable[[], list[int]]
) -> None:
    assert alerting() == [0, 1, 2]
    put(v2, made)
    assert alerting() == [0, 1, 2], "a table has alerts too"
    made["tiles"][0]["config"]["displayType"] = "stacked_bar"
    made["tiles"][2]["config"]["displayType"] = "pie"
    put(v2, made)
    assert alerting() == [0, 1]


def test_alerts_go_with_their_tiles(v2: httpx.Client, made: dict[str, Any], alerting: Callable[[], list[int]]) -> None:
    put(v2, {**made, "tiles": [made["tiles"][2], {**made["tiles"][0], "id": "another"}]})
    assert alerting() == [2]
    assert put(v2, {**made, "tiles": [{}]}).status_code == 400
    assert alerting() == [2], "a refused replacement changes nothing"
    v2.delete(f"{PATH}/{made['id']}")
    assert alerting() == []


# --- validate ---------------------------------------------------------------------------------------------------


def judge(v2: httpx.Client, body: Any) -> dict[str, Any]:
    reply = v2.post(f"{PATH}/validate", json=body)
    assert reply.status_code == 200
    return dict(reply.json())


def test_a_good_body_is_shown_as_it_would_be_stored(v2: httpx.Client, sources: dict[str, str]) -> None:
    sent = {"name": "My Dashboard", "tiles": []}
    assert judge(v2, sent) == {"valid": True, "errors": [], "normalized": sent}
    series = [{"type": "search", "sourceId": sources["log"], "fields": ["Body"], "where": ""}]
    judged = judge(v2, {"name": "D", "unknown": 1, "tags": ["a", "a"], "tiles": [tile(id="mine", series=series)]})
    config = {"displayType": "search", "sourceId": sources["log"], "select": "Body", "where": ""}
    config["whereLanguage"] = "lucene"
    assert judged["normalized"] == {"name": "D", "tags": ["a"], "tiles": [tile(config, id="mine")]}
    assert v2.get(PATH).json() == {"data": []}, "nothing is stored"


def test_all_faults_of_a_body(v2: httpx.Client) -> None:
    wrong = count(NOWHERE)
    wrong["select"][0]["level"] = 1
    judged = judge(v2, {"tiles": [tile(wrong), {}]})
    assert not judged["valid"]
    assert judged["normalized"] is None
    assert judged["errors"][:3] == [
        {"path": "name", "message": "Required"},
        {"path": "tiles.0.config.select.0.level", "message": "Invalid input"},
        {"path": "tiles.1.name", "message": "Required"},
    ]
    assert judge(v2, [])["errors"] == [{"path": "", "message": "Expected object, received array"}]


def test_all_groups_of_references(v2: httpx.Client, sources: dict[str, str]) -> None:
    link = {"type": "dashboard", "target": {"mode": "id", "id": NOWHERE}}
    tiles = [
        tile(count(NOWHERE), containerId="c"),
        tile(heatmap(sources["log"])),
        tile(count(sources["log"], "table", onClick=link)),
        tile(raw_sql("SELECT $__nope", connectionId=NOWHERE)),
    ]
    judged = judge(v2, {"name": "D", "tiles": tiles})
    assert [(each["path"], each["message"][:40]) for each in judged["errors"]] == [
        ("", "tiles.0.containerId: Tile references unk"),
        ("", "Could not find the following source IDs:"),
        ("", "Could not find the following connection "),
        ("", "Heatmap tiles require a Trace source. Th"),
        ("", "Could not find the following onClick das"),
        ("tiles.3.config.sqlTemplate", "There is no macro $__nope (at character "),
    ]


def test_what_get_returns_is_valid(v2: httpx.Client, made: dict[str, Any]) -> None:
    judged = judge(v2, made)
    assert judged == {"valid": True, "errors": [], "normalized": {key: made[key] for key in made if key != "id"}}


# --- audit ------------------------------------------------------------------------------------------------------


def test_every_change_is_in_the_audit_log(v2: httpx.Client, services: Services, made: dict[str, Any]) -> None:
    put(v2, {**made, "name": "Shop 2"})
    v2.delete(f"{PATH}/{made['id']}")
    entries = services.metadata.audit_log.list(team_of(v2), limit=10, object_id=made["id"])
    seen = [
        (each.action, each.object_name, (each.before or {}).get("name"), (each.after or {}).get("name"))
        for each in sorted(entries, key=lambda each: each.id)
    ]
    assert seen == [
        ("create", "Shop", None, "Shop"),
        ("update", "Shop 2", "Shop", "Shop 2"),
        ("delete", "Shop 2", "Shop 2", None),
    ]
    assert {each.author.name for each in entries} == {"ada@example.com"}
    assert all(each.request_id for each in entries)


# --- help -------------------------------------------------------------------------------------------------------


def team_of(v2: httpx.Client) -> str:
    return str(v2.get("/api/v2").json()["user"]["team"])


def heatmap(source_id: str) -> dict[str, Any]:
    return {"displayType": "heatmap", "sourceId": source_id, "select": [{"valueExpression": "Duration"}]}


def found_another_team(services: Services, like: str) -> str:
    """A team beside the one of the id, with other secrets."""
    team = services.metadata.teams.get(like)
    assert team is not None
    ids = services.ids
    other = dataclasses.replace(team, id=ids.object_id(), service_id=ids.uuid(), api_key=ids.uuid(), hook_id=ids.uuid())
    with services.metadata._database.write() as transaction:
        insert_team(transaction, other)
    return other.id

"""Organizations and their keys over the managed API, and the page of Team Settings (reference/managed-api.md §6)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.managed import UNLIMITED, Managed, new_key, service_path
from clickstack.core.clock import FixedClock, utc_datetime
from clickstack.core.ids import RandomIds
from clickstack.core.limits import API_KEYS_MAX
from clickstack.core.records import Team
from clickstack.metadata import Metadata
from clickstack.metadata.connections import insert_connection
from clickstack.metadata.defaults import default_connection, default_sources
from clickstack.metadata.sources import insert_source
from clickstack.metadata.teams import insert_team

Keyed = Callable[..., Managed]


@pytest.fixture
def keyed(person: httpx.Client, connect: Any) -> Keyed:
    """`keyed(roles=["admin"])`: a program with a key made by the first person, at the organization's paths."""

    def open_program(path: str = "", credentials: tuple[str, str] | None = None, **body: Any) -> Managed:
        client = connect(managed_api_requests_per_10s=UNLIMITED)
        client.auth = credentials or new_key(person, **body)
        return Managed(client, path or service_path(person).partition("/services/")[0])

    return open_program


@pytest.fixture
def admin(keyed: Keyed) -> Managed:
    return keyed()


def test_the_organization(admin: Managed, person: httpx.Client) -> None:
    said, team = person.get("/team/api-keys").json(), person.get("/team").json()
    organization = admin.result("GET", "")
    assert organization == {
        "id": said["organizationId"],
        "name": organization["name"],
        "createdAt": "2026-01-01T00:00:00.000Z",
    }
    assert Managed(admin.client, "/v1").result("GET", "/organizations") == [organization]
    services = admin.result("GET", "/services")
    assert [(each["id"], each["name"]) for each in services] == [(said["serviceId"], team["name"])]
    roles = admin.result("GET", "/roles")
    assert {"Admin", "Service admin", "Service reader"} <= {each["name"] for each in roles}
    assert admin.result("GET", f"/roles/{roles[0]['id']}") == roles[0]
    assert admin.error("GET", "/roles/x") == (404, "NOT_FOUND: Role not found")


def test_another_organization_is_forbidden_not_gone(admin: Managed) -> None:
    for other in ("00000000-0000-4000-8000-000000000000", "x", "%00"):
        for path in ("", "/keys", "/services/x/clickstack/alerts"):
            reply = admin.client.get(f"/v1/organizations/{other}{path}")
            assert reply.status_code == 403, (other, path)
            assert "does not open the organization" in reply.json()["error"]
    for service in ("00000000-0000-4000-8000-000000000000", "x", "%00"):
        status, error = admin.error("GET", f"/services/{service}/clickstack/alerts")
        assert (status, "does not open the service" in error) == (403, True)


def test_ids_in_the_address_have_no_case(admin: Managed, person: httpx.Client) -> None:
    head, tail = service_path(person).split("/organizations/")
    assert admin.client.get(f"{head}/organizations/{tail[:-11].upper()}/clickstack/alerts".replace(
        "/SERVICES/", "/services/")).status_code == 200  # fmt: skip


def test_a_key_is_made_shown_once_used_changed_and_deleted(
    admin: Managed, keyed: Keyed, person: httpx.Client, clock: FixedClock
) -> None:
    body = {
        "name": " CI ",
        "roles": ["admin"],
        "expireAt": "2027-01-01T00:00:00Z",
        "ipAccessList": [{"source": "192.0.2.0/24", "description": "office"}, {"source": "2001:db8::/32"}],
    }
    reply = admin("POST", "/keys", body)
    made = reply.json()["result"]
    assert reply.headers["cache-control"] == "no-store"
    key = made["key"]
    assert key == {
        "id": key["id"],
        "name": "CI",
        "state": "enabled",
        "roles": ["admin"],
        "assignedRoles": [],
        "keySuffix": made["keyId"][-4:],
        "createdAt": "2026-01-01T00:00:00.000Z",
        "expireAt": "2027-01-01T00:00:00.000Z",
        "ipAccessList": body["ipAccessList"],
    }
    second = keyed(admin.path, (made["keyId"], made["keySecret"]))
    clock.advance(90)
    assert second.result("GET", f"/keys/{key['id']}")["usedAt"] == "2026-01-01T00:01:00.000Z"  # to the minute
    listed = admin("GET", "/keys").text
    assert key["id"] in listed
    assert made["keyId"] not in listed + admin("GET", f"/keys/{key['id']}").text
    assert made["keySecret"] not in listed

    role = next(each for each in admin.result("GET", "/roles") if each["name"] == "Service reader")
    changed = admin.result("PATCH", f"/keys/{key['id']}", {"name": "CI 2", "assignedRoleIds": [role["id"]]})
    assert (changed["name"], changed["roles"], changed["expireAt"]) == ("CI 2", [], key["expireAt"])
    assert changed["assignedRoles"] == [{"roleId": role["id"], "roleName": "Service reader", "roleType": "system"}]
    assert second.error("GET", "/keys")[0] == 403
    assert admin.result("PATCH", f"/keys/{key['id']}", {"state": "disabled"})["state"] == "disabled"
    assert second.error("GET", "")[0] == 401

    assert admin("DELETE", f"/keys/{key['id']}").json().keys() == {"status", "requestId"}
    assert admin.error("GET", f"/keys/{key['id']}") == (404, "NOT_FOUND: API key not found")
    assert admin.error("DELETE", f"/keys/{key['id']}")[0] == 404

    entries = [each for each in person.get("/team/audit").json()["data"] if each["objectId"] == key["id"]]
    assert [each["action"] for each in entries] == ["delete", "update", "update", "create"]
    assert {each["author"]["kind"] for each in entries} == {"api_key"}
    assert made["keySecret"] not in str(entries)


def test_a_pair_that_was_hashed_before(admin: Managed, keyed: Keyed) -> None:
    def hashed(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    data = {"keyIdHash": hashed("my-id"), "keyIdSuffix": "y-id", "keySecretHash": hashed("my-secret")}
    made = admin.result("POST", "/keys", {"roles": ["admin"], "hashData": data})
    assert set(made) == {"key"}
    assert made["key"]["keySuffix"] == "y-id"
    assert keyed(admin.path, ("my-id", "my-secret")).result("GET", "")
    assert admin.error("POST", "/keys", {"hashData": data}) == (409, "A key of this id exists already.")
    for wrong in ("", "x", hashed("x")[:-4], "é" * 44):
        status, error = admin.error("POST", "/keys", {"hashData": {**data, "keyIdHash": wrong}})
        assert (status, error.partition(":")[0]) == (400, "hashData.keyIdHash")


def test_a_key_without_roles_reads(admin: Managed, keyed: Keyed, person: httpx.Client) -> None:
    made = admin.result("POST", "/keys", {})
    assert (made["key"]["name"], made["key"]["roles"]) == ("API key", ["developer"])
    reader = keyed(service_path(person), (made["keyId"], made["keySecret"]))
    assert reader.result("GET", "/dashboards") == []
    assert reader.result("POST", "/dashboards/validate", {})["valid"] is False  # stores nothing
    status, error = reader.error("POST", "/dashboards", {"name": "x", "tiles": []})
    assert (status, "The roles of this key do not allow this" in error) == (403, True)


def test_a_key_cannot_delete_itself(admin: Managed) -> None:
    key = admin.result("GET", "/keys")[0]
    status, error = admin.error("DELETE", f"/keys/{key['id']}")
    assert (status, "cannot delete itself" in error) == (409, True)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"name": ""}, "name: String must contain at least 1 character(s)"),
        ({"name": "x" * 101}, "name: String must contain at most 100 character(s)"),
        ({"state": "on"}, "state: Invalid enum value"),
        ({"expireAt": "tomorrow"}, "expireAt: Invalid datetime"),
        ({"expireAt": "2020-01-01T00:00:00Z"}, "expireAt: must be in the future"),
        ({"expireAt": "9999-12-31T23:59:59-14:00"}, "expireAt: Invalid datetime: must lie in the years 1970 to 2199"),
        ({"roles": []}, "roles: Array must contain at least 1 element(s)"),
        ({"roles": ["root"]}, "roles.0: Invalid enum value"),
        ({"assignedRoleIds": ["x"]}, "assignedRoleIds.0: There is no such role"),
        ({"ipAccessList": [{"source": "10.0.0.0/33"}]}, "ipAccessList.0.source: Invalid"),
        ({"ipAccessList": [{"source": "localhost"}]}, "ipAccessList.0.source: Invalid"),
        ({"ipAccessList": [{"source": "::1"}] * 101}, "ipAccessList: Array must contain at most 100 element(s)"),
        ({"ipAccessList": "10.0.0.1"}, "ipAccessList: Expected array, received string"),
        ({"serviceIds": []}, "serviceIds: Array must contain at least 1 element(s)"),
        ({"serviceIds": ["x"]}, "serviceIds.0: Invalid uuid"),
        ({"serviceIds": ["00000000-0000-4000-8000-000000000000"]}, "serviceIds: the organization has no service"),
        ({"hashData": {"keyIdHash": "x"}}, "hashData.keyIdSuffix: Required"),
    ],
)
def test_what_is_wrong_about_a_key_is_named(admin: Managed, body: dict[str, Any], error: str) -> None:
    status, said = admin.error("POST", "/keys", body)
    assert (status, said[: len(error)]) == (400, error)
    if "hashData" not in body:
        key = admin.result("GET", "/keys")[0]
        assert admin.error("PATCH", f"/keys/{key['id']}", body) == (status, said)


def test_an_organization_has_so_many_keys(admin: Managed) -> None:
    for _ in range(API_KEYS_MAX - 1):
        admin.result("POST", "/keys", {})
    assert admin.error("POST", "/keys", {}) == (409, "The organization has 100 API keys. Delete one first.")


# --- several services ---------------------------------------------------------------------------------------------


@pytest.fixture
def second_service(metadata: Metadata, person: httpx.Client, clock: FixedClock) -> Team:
    """Another service of the first person's organization."""
    ids, now = RandomIds(clock), utc_datetime(clock.now_ns())
    organization_id = person.get("/team/api-keys").json()["organizationId"]
    team = Team(ids.object_id(), organization_id, ids.uuid(), "Second", ids.uuid(), ids.uuid(), now, now)
    connection = default_connection(team.id, ids)
    with metadata._database.write() as transaction:
        insert_team(transaction, team)
        insert_connection(transaction, connection, 0)
        for source in default_sources(team.id, connection.id, ids):
            insert_source(transaction, source, 0)
    return team


def test_two_services_never_see_each_others_objects(
    admin: Managed, keyed: Keyed, person: httpx.Client, second_service: Team
) -> None:
    """`admin`'s key was made while there was one service, and opens all."""
    first_path = service_path(person)
    first = keyed(first_path, serviceIds=[first_path.split("/")[5]])
    second_path = first_path.replace(first_path.split("/")[5], second_service.service_id)
    source_id = next(each["id"] for each in first.result("GET", "/sources") if each["kind"] == "log")
    made = {
        "/dashboards": first.result("POST", "/dashboards", {"name": "x", "tiles": []}),
        "/saved-searches": first.result("POST", "/saved-searches", {"name": "x", "sourceId": source_id}),
        "/webhooks": first.result(
            "POST", "/webhooks", {"name": "x", "service": "generic", "url": "https://hooks.example.com/x"}
        ),
        "/sources": {"id": source_id},
    }
    alert = {
        "savedSearchId": made["/saved-searches"]["id"],
        "threshold": 1,
        "thresholdType": "above",
        "interval": "5m",
        "channel": {"type": "webhook", "webhookId": made["/webhooks"]["id"]},
    }
    made["/alerts"] = first.result("POST", "/alerts", alert)

    assert first.client.get(f"{second_path}/alerts").status_code == 403  # a good key, the other service
    both = Managed(admin.client, second_path)
    for path, kept in made.items():
        seen = [each["id"] for each in both.result("GET", path)]
        assert kept["id"] not in seen, path
        if path != "/webhooks":
            assert both.error("GET", f"{path}/{kept['id']}")[0] == 404, path
        assert both.error("DELETE", f"{path}/{kept['id']}")[0] == 404, path
    assert len(both.result("GET", "/sources")) == 4
    assert both.error("POST", "/saved-searches", {"name": "x", "sourceId": source_id})[0] == 400
    assert both.error("POST", "/alerts", alert)[0] == 400
    assert first.result("GET", f"/alerts/{made['/alerts']['id']}") == made["/alerts"]
    assert [each["id"] for each in Managed(first.client, first_path.partition("/services/")[0]).result(
        "GET", "/services")] == [first_path.split("/")[5]]  # fmt: skip


def test_a_key_of_one_service_makes_no_others(keyed: Keyed, person: httpx.Client) -> None:
    service_id = service_path(person).split("/")[5]
    program = keyed(serviceIds=[service_id])
    for method, path in (("GET", "/keys"), ("POST", "/keys"), ("DELETE", "/keys/x")):
        status, error = program.error(method, path, {} if method == "POST" else None)
        assert (status, "for some services only" in error) == (403, True)


def test_an_admin_of_one_service_among_several_opens_no_other(person: httpx.Client, second_service: Team) -> None:
    own = person.get("/team/api-keys").json()["serviceId"]
    wide = person.post("/team/api-keys", json={"roles": ["admin"]})
    assert (wide.status_code, f"send ['{own}']" in wide.json()["message"]) == (400, True)
    theirs = person.post("/team/api-keys", json={"serviceIds": [own, second_service.service_id]})
    assert theirs.status_code == 403
    made = person.post("/team/api-keys", json={"serviceIds": [own]}).json()["key"]
    for body in ({"serviceIds": None}, {"serviceIds": [second_service.service_id]}):
        assert person.patch(f"/team/api-keys/{made['id']}", json=body).status_code in (400, 403)
    assert person.patch(f"/team/api-keys/{made['id']}", json={"name": "Renamed"}).status_code == 200


# --- the page of Team Settings ------------------------------------------------------------------------------------


def test_roles_of_a_service_are_shown_by_name(person: httpx.Client, v2: httpx.Client, admin: Managed) -> None:
    role = {"name": "Drawers", "permissions": [{"action": "read", "subject": "all"}]}
    role_id = v2.post("/api/v2/roles", json=role).json()["data"]["id"]
    made = person.post("/team/api-keys", json={"name": "CI", "assignedRoleIds": [role_id]}).json()["key"]
    assert made["assignedRoles"] == [{"roleId": role_id, "roleName": "Drawers", "roleType": "custom"}]
    page = person.get("/team/api-keys").json()
    assert made in page["data"]
    assert {"id": role_id, "name": "Drawers"} in page["roles"]
    keys = Managed(admin.client, service_path(person).partition("/services/")[0])
    assert made in keys.result("GET", "/keys")
    assert keys.result("GET", f"/keys/{made['id']}") == made
    assert keys.result("PATCH", f"/keys/{made['id']}", {"name": "CD"})["assignedRoles"] == made["assignedRoles"]


def test_the_page(person: httpx.Client, colleague: Callable[[str], httpx.Client]) -> None:
    made = person.post("/team/api-keys", json={"name": "CI", "roles": ["admin"]})
    assert made.headers["cache-control"] == "no-store"
    key = made.json()["key"]
    page = person.get("/team/api-keys")
    assert page.json()["data"] == [key]
    assert made.json()["keySecret"] not in page.text
    assert {each["name"] for each in page.json()["roles"]} >= {"Admin", "Service reader"}
    for role in ("viewer", "editor"):
        assert colleague(role).get("/team/api-keys").status_code == 403
    assert person.patch("/team/api-keys/x", json={}).status_code == 404
    assert person.delete(f"/team/api-keys/{key['id']}").json() == {"id": key["id"]}
    assert person.get("/team/api-keys").json()["data"] == []
    assert person.delete(f"/team/api-keys/{key['id']}").status_code == 404
    entries = [each for each in person.get("/team/audit").json()["data"] if each["objectId"] == key["id"]]
    assert [(each["action"], each["author"]["kind"]) for each in entries] == [("delete", "user"), ("create", "user")]

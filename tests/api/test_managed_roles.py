"""Roles that a service makes itself: stored, shown, and holding for keys and people (reference/managed-api.md §4.7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.managed import UNLIMITED, Managed, new_key, service_path
from clickstack.core.custom_role import Permission, permits

READ_ALL = {"action": "read", "subject": "all"}
DASHBOARDS = {"action": "manage", "subject": "Dashboard"}


@pytest.fixture
def program(person: httpx.Client, connect: Any) -> Managed:
    client = connect(managed_api_requests_per_10s=UNLIMITED)
    client.auth = new_key(person)
    return Managed(client, service_path(person))


def made(program: Managed, *permissions: dict[str, Any]) -> str:
    return str(program.result("POST", "/roles", {"name": "Drawers", "permissions": list(permissions)})["id"])


def test_a_role_is_made_read_changed_and_deleted(program: Managed) -> None:
    conditions = {"createdBy": {"$eq": "me"}}
    permission = {
        "action": "update", "subject": "Alert", "inverted": True, "integration": "slack", "conditions": conditions,
    }  # fmt: skip
    role = program.result(
        "POST", "/roles", {"name": "Drawers", "description": "They draw", "permissions": [READ_ALL, permission]}
    )
    assert role == {
        "id": role["id"],
        "name": "Drawers",
        "description": "They draw",
        "permissions": [READ_ALL, permission],
        "isPredefined": False,
        "createdAt": "2026-01-01T00:00:00.000Z",
        "updatedAt": "2026-01-01T00:00:00.000Z",
    }
    assert program.result("GET", f"/roles/{role['id']}") == role
    listed = program.result("GET", "/roles")
    assert [(each["name"], each["isPredefined"]) for each in listed] == [
        ("admin", True), ("editor", True), ("viewer", True), ("Drawers", False),
    ]  # fmt: skip
    changed = program.result("PUT", f"/roles/{role['id']}", {"permissions": []})
    assert (changed["name"], changed["description"], changed["permissions"]) == ("Drawers", "They draw", [])
    assert "result" not in program("DELETE", f"/roles/{role['id']}").json()
    assert program.error("GET", f"/roles/{role['id']}") == (404, "NOT_FOUND: Role not found")


def test_the_second_of_two_editors_of_a_role_is_told(program: Managed, v2: httpx.Client) -> None:
    path = f"/roles/{made(program, READ_ALL)}"
    for read in (lambda: program("GET", path), lambda: v2.get(f"/api/v2{path}")):
        seen = {"If-Match": read().headers["etag"]}
        assert program("PUT", path, {"permissions": [DASHBOARDS]}, **seen).status_code == 200
        assert v2.put(f"/api/v2{path}", json={"permissions": [READ_ALL]}, headers=seen).status_code == 412


def test_predefined_roles_stay(program: Managed) -> None:
    for role in program.result("GET", "/roles"):
        assert program.result("GET", f"/roles/{role['id']}") == role
        assert program.error("PUT", f"/roles/{role['id']}", {"permissions": []})[0] == 403
        assert program.error("DELETE", f"/roles/{role['id']}")[0] == 403


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"permissions": []}, "name: Required"),
        ({"name": "x"}, "permissions: Required"),
        ({"name": "", "permissions": []}, "name: String must contain at least 1 character(s)"),
        ({"name": "x", "permissions": [{"action": "read"}]}, "permissions.0.subject: Required"),
        ({"name": "x", "permissions": [READ_ALL] * 501}, "permissions: Array must contain at most 500 element(s)"),
        ({"name": "x", "permissions": [{**READ_ALL, "conditions": {"x": "y" * 10_001}}]}, "permissions.0.conditions"),
        ({"name": "x", "permissions": [{**READ_ALL, "conditions": {"x": "\0"}}]}, "permissions.0.conditions"),
        ({"name": "x", "permissions": [{**READ_ALL, "inverted": "yes"}]}, "permissions.0.inverted: Expected boolean"),
    ],
)
def test_what_is_wrong_about_a_role_is_named(program: Managed, body: dict[str, Any], error: str) -> None:
    status, said = program.error("POST", "/roles", body)
    assert (status, said[: len(error)]) == (400, error)


def test_a_name_is_for_one_role(program: Managed) -> None:
    made(program, READ_ALL)
    body = {"name": "Drawers", "permissions": []}
    assert program.error("POST", "/roles", body) == (409, "A role of this name exists already.")


def test_a_key_with_a_role_of_the_service(program: Managed, person: httpx.Client, connect: Any) -> None:
    role = made(program, {"action": "read", "subject": "Source"}, DASHBOARDS)
    client = connect(managed_api_requests_per_10s=UNLIMITED)
    reply = person.post("/team/api-keys", json={"assignedRoleIds": [role]}).json()
    assert reply["key"]["assignedRoles"] == [{"roleId": role, "roleName": "Drawers", "roleType": "custom"}]
    client.auth = (reply["keyId"], reply["keySecret"])
    drawer = Managed(client, program.path)
    board = drawer.result("POST", "/dashboards", {"name": "x", "tiles": []})
    assert len(drawer.result("GET", "/sources")) == 4
    assert "result" not in drawer("DELETE", f"/dashboards/{board['id']}").json()
    for method, path in (("GET", "/alerts"), ("POST", "/sources"), ("GET", "/roles"), ("POST", "/roles")):
        assert drawer.error(method, path, {})[0] == 403, (method, path)
    assert client.get(program.path.partition("/services/")[0] + "/keys").status_code == 403
    assert program.error("DELETE", f"/roles/{role}")[0] == 409  # somebody has it
    unknown = person.post("/team/api-keys", json={"assignedRoleIds": ["0" * 24]})
    assert (unknown.status_code, "has no role" in unknown.json()["message"]) == (400, True)


def test_a_member_with_a_role_of_the_team(
    program: Managed, v2: httpx.Client, colleague: Callable[[str], httpx.Client]
) -> None:
    browser = colleague("editor")
    member = browser.get("/me").json()["id"]
    role = v2.post("/api/v2/roles", json={"name": "Drawers", "permissions": [READ_ALL, DASHBOARDS]}).json()["data"]
    assert v2.get(f"/api/v2/roles/{role['id']}").json()["data"] == role == program.result("GET", f"/roles/{role['id']}")
    assert v2.put(f"/api/v2/team/members/{member}/role", json={"roleId": role["id"]}).status_code == 200
    assert browser.post("/dashboards", json={"name": "x", "tiles": [], "tags": []}).status_code == 200
    assert browser.get("/sources").status_code == 200
    refused = browser.post("/saved-search", json={})
    assert (refused.status_code, refused.json()["message"]) == (
        403, "Your role 'Drawers' does not allow this: it needs create on SavedSearch.",
    )  # fmt: skip
    assert browser.get("/team/audit").status_code == 403  # for admins: it takes `manage`
    assert browser.get("/me").status_code == 200
    assert v2.delete(f"/api/v2/roles/{role['id']}").status_code == 409

    assert v2.delete(f"/api/v2/team/members/{member}/role").status_code == 200
    assert browser.post("/dashboards", json={"name": "x", "tiles": [], "tags": []}).status_code == 403  # a viewer
    editor = next(each for each in v2.get("/api/v2/roles").json()["data"] if each["name"] == "editor")
    assert v2.put(f"/api/v2/team/members/{member}/role", json={"roleId": editor["id"]}).status_code == 200
    assert browser.post("/saved-search", json={}).status_code == 400
    assert v2.delete(f"/api/v2/roles/{role['id']}").json() == {}


def test_the_last_admin_stays_one(v2: httpx.Client, person: httpx.Client) -> None:
    role = v2.post("/api/v2/roles", json={"name": "Drawers", "permissions": [READ_ALL]}).json()["data"]
    member = person.get("/me").json()["id"]
    assert v2.put(f"/api/v2/team/members/{member}/role", json={"roleId": role["id"]}).status_code == 409
    for wrong in ({"roleId": "0" * 24}, {"roleId": "x"}, {}):
        assert v2.put(f"/api/v2/team/members/{member}/role", json=wrong).status_code in (400, 404)
    assert v2.put(f"/api/v2/team/members/{'0' * 24}/role", json={"roleId": role["id"]}).status_code == 404


@pytest.mark.parametrize(
    ("permissions", "allowed"),
    [
        ([], False),
        ([Permission("manage", "all")], True),
        ([Permission("update", "alert")], True),
        ([Permission("read", "Alert")], False),
        ([Permission("manage", "all"), Permission("update", "Alert", inverted=True)], False),
        ([Permission("update", "Alert", inverted=True), Permission("manage", "all")], True),  # the last one decides
        ([Permission("update", "Alert", conditions={"a": 1})], False),  # nobody can tell whether it holds
        ([Permission("manage", "all"), Permission("update", "Alert", inverted=True, conditions={"a": 1})], False),
    ],
)
def test_which_permission_decides(permissions: list[Permission], allowed: bool) -> None:
    assert permits(permissions, "update", "Alert") is allowed

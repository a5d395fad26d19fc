"""Named access keys through HTTP: shown once, listed, used, expired, revoked."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from clickstack.core.clock import FixedClock
from clickstack.core.limits import ACCESS_KEYS_MAX, SEEN_EVERY_S

DAY_S = 24 * 3600


def created(person: httpx.Client, **body: Any) -> dict[str, Any]:
    reply = person.post("/me/access-keys", json={"name": "laptop", **body})
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def call(program: httpx.Client, key: str) -> httpx.Response:
    return program.get("/api/v2/team", headers={"Authorization": f"Bearer {key}"})


def test_a_key_is_shown_once_and_opens_the_api(person: httpx.Client, connect: Any) -> None:
    reply = person.post("/me/access-keys", json={"name": " laptop "})
    assert reply.headers["cache-control"] == "no-store"
    new = reply.json()
    assert new["key"].startswith("cs_key_")
    assert call(connect(), new["key"]).status_code == 200

    (listed,) = person.get("/me/access-keys").json()["data"]
    assert listed == {
        "id": new["id"],
        "name": "laptop",
        "hint": new["key"][-4:],
        "scope": "write",
        "state": "active",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "expiresAt": None,
        "lastUsedAt": "2026-01-01T00:00:00.000Z",
        "revokedAt": None,
    }


def test_the_classic_key_is_always_there(person: httpx.Client, access_key: str, connect: Any) -> None:
    created(person)
    assert call(connect(), access_key).status_code == 200


def test_a_revoked_key_is_dead_at_once_and_stays_listed(person: httpx.Client, connect: Any) -> None:
    new = created(person)
    assert person.delete(f"/me/access-keys/{new['id']}").json() == {"id": new["id"]}
    reply = call(connect(), new["key"])
    assert (reply.status_code, reply.headers["www-authenticate"]) == (401, "Bearer")
    assert reply.json() == {"message": "Unauthorized access. API key is missing or invalid."}
    assert [each["state"] for each in person.get("/me/access-keys").json()["data"]] == ["revoked"]
    assert person.delete(f"/me/access-keys/{new['id']}").status_code == 404
    assert created(person)["name"] == "laptop", "the name is free again"


def test_an_expired_key_says_so(person: httpx.Client, connect: Any, clock: FixedClock) -> None:
    new = created(person, expiresInDays=7)
    assert new["expiresAt"] == "2026-01-08T00:00:00.000Z"
    clock.advance(7 * DAY_S - 1)
    assert call(connect(), new["key"]).status_code == 200
    clock.advance(1)
    reply = call(connect(), new["key"])
    assert reply.status_code == 401
    assert reply.json()["message"] == "This access key expired at 2026-01-08T00:00:00.000Z. Create another one."
    assert [each["state"] for each in person.get("/me/access-keys").json()["data"]] == ["expired"]
    assert created(person)["name"] == "laptop", "the name is free again"


def test_last_use_is_noted_now_and_then(person: httpx.Client, connect: Any, clock: FixedClock) -> None:
    new, program = created(person), connect()

    def last_used() -> str:
        return str(person.get("/me/access-keys").json()["data"][0]["lastUsedAt"])

    call(program, new["key"])
    clock.advance(SEEN_EVERY_S - 1)
    call(program, new["key"])
    assert last_used() == "2026-01-01T00:00:00.000Z"
    clock.advance(1)
    call(program, new["key"])
    assert last_used() == "2026-01-01T00:01:00.000Z"


def test_each_key_has_its_own_budget(person: httpx.Client, connect: Any) -> None:
    one, two = created(person, name="one"), created(person, name="two")
    program = connect(api_requests_per_minute=2)
    assert [call(program, one["key"]).status_code for _ in range(3)] == [200, 200, 429]
    assert call(program, two["key"]).status_code == 200


@pytest.mark.parametrize(
    ("body", "path", "text"),
    [
        ({}, "name", "Required"),
        ({"name": " "}, "name", "String must contain at least 1 character(s)"),
        ({"name": "x" * 101}, "name", "String must contain at most 100 character(s)"),
        (
            {"name": "x", "scope": "admin"},
            "scope",
            "Invalid enum value. Expected 'read' | 'write', received 'admin'",
        ),
        ({"name": "x", "expiresInDays": 0}, "expiresInDays", "Number must be greater than or equal to 1"),
        ({"name": "x", "expiresInDays": 3651}, "expiresInDays", "Number must be less than or equal to 3650"),
        ({"name": "x", "expiresInDays": 1.5}, "expiresInDays", "Expected integer, received float"),
    ],
)
def test_a_key_that_is_asked_for_wrongly(person: httpx.Client, body: dict[str, Any], path: str, text: str) -> None:
    reply = person.post("/me/access-keys", json=body)
    assert reply.status_code == 400
    ((issue,),) = [part["errors"]["issues"] for part in reply.json()]
    assert (issue["path"], issue["message"]) == ([path], text)


def test_names_are_unique_and_keys_bounded(person: httpx.Client) -> None:
    created(person, name="laptop")
    reply = person.post("/me/access-keys", json={"name": "laptop"})
    assert (reply.status_code, reply.json()["message"]) == (409, "You already have an access key named 'laptop'.")
    for number in range(ACCESS_KEYS_MAX - 1):
        created(person, name=f"key {number}")
    reply = person.post("/me/access-keys", json={"name": "one more"})
    assert (reply.status_code, "Revoke one first" in reply.json()["message"]) == (409, True)


def test_keys_of_others_are_not_found(person: httpx.Client, colleague: Any) -> None:
    new, editor = created(person), colleague("editor")
    assert editor.get("/me/access-keys").json() == {"data": []}
    assert editor.delete(f"/me/access-keys/{new['id']}").status_code == 404
    assert editor.post("/me/access-keys", json={"name": "laptop"}).status_code == 200, "names are each person's own"


def test_the_keys_of_who_is_removed_are_dead(person: httpx.Client, colleague: Any, connect: Any) -> None:
    editor = colleague("editor")
    key, classic = created(editor)["key"], editor.get("/me").json()["accessKey"]
    assert call(connect(), key).status_code == 200
    person.delete(f"/team/member/{editor.get('/me').json()['id']}")
    assert [call(connect(), each).status_code for each in (key, classic)] == [401, 401]
    assert editor.get("/me").status_code == 401


@pytest.mark.parametrize(
    "key", ["cs_key_", f"cs_key_{'0' * 64}", f"cs_key_{'0' * 200}", "cs_key_\x00", "cs_key_' OR 1"]
)
def test_a_forged_key_is_refused(person: httpx.Client, connect: Any, key: str) -> None:
    created(person)
    assert call(connect(), key).status_code == 401


def test_only_the_newest_revoked_keys_stay_listed(person: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clickstack.metadata.access_keys.ACCESS_KEYS_REVOKED_MAX", 2)
    kept = created(person, name="kept")["id"]
    gone = [created(person, name=f"k{index}")["id"] for index in range(4)]
    for each in gone:
        assert person.delete(f"/me/access-keys/{each}").status_code == 200
    listed = {each["id"] for each in person.get("/me/access-keys").json()["data"]}
    assert listed >= {kept, *gone[2:]}
    assert not listed & set(gone[:2])

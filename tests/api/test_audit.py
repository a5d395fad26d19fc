"""The audit log: what changes leave in it, and how admins read it."""

from __future__ import annotations

import json
from typing import Any

import httpx

from clickstack.core.clock import FixedClock

PASSWORD = "Correct-horse-1"


def lines(person: httpx.Client, **query: Any) -> list[tuple[str, str, str]]:
    """(action, kind of the object, name of the object), newest first."""
    reply = person.get("/team/audit", params=query)
    assert reply.status_code == 200, reply.text
    return [(each["action"], each["objectKind"], each["objectName"]) for each in reply.json()["data"]]


def test_every_change_of_an_account_is_there(person: httpx.Client, colleague: Any) -> None:
    team = person.get("/team").json()["name"]
    ada = "ada@example.com"
    editor = colleague("editor")
    member = f"/team/member/{editor.get('/me').json()['id']}"
    person.patch(member, json={"role": "viewer"})
    person.patch("/team/name", json={"name": "Engine room"})
    person.patch("/team/apiKey")
    person.patch("/me/accessKey")
    key = person.post("/me/access-keys", json={"name": "laptop"}).json()["id"]
    person.delete(f"/me/access-keys/{key}")
    person.patch("/me/password", json={"currentPassword": PASSWORD, "newPassword": "Better-horse-2"})
    person.delete(member)
    ingestion = person.post("/team/ingestion-keys", json={"name": "checkout"}).json()["id"]
    person.delete(f"/team/ingestion-keys/{ingestion}")
    assert lines(person) == [
        ("delete", "ingestion_key", "checkout"),
        ("create", "ingestion_key", "checkout"),
        ("delete", "user", "editor@example.com"),
        ("update", "user", ada),
        ("delete", "access_key", "laptop"),
        ("create", "access_key", "laptop"),
        ("update", "user", ada),
        ("update", "team", "Engine room"),
        ("update", "team", team),
        ("update", "user", "editor@example.com"),
        ("create", "user", "editor@example.com"),
        ("create", "invitation", "editor@example.com"),
        ("create", "user", ada),
        ("create", "team", team),
    ]


def test_an_entry_says_who_when_and_what(person: httpx.Client, colleague: Any, clock: FixedClock) -> None:
    editor = colleague("editor")
    me, ada = editor.get("/me").json(), person.get("/me").json()
    clock.advance(5)
    reply = person.patch(f"/team/member/{me['id']}", json={"role": "viewer"}, headers={"x-request-id": "change-1"})
    assert reply.headers["x-request-id"] == "change-1"
    entry = person.get("/team/audit").json()["data"][0]
    shown = {"email": "editor@example.com", "name": "editor@example.com"}
    assert entry == {
        "id": entry["id"],
        "at": "2026-01-01T00:00:05.000Z",
        "author": {"kind": "user", "id": ada["id"], "name": "ada@example.com"},
        "action": "update",
        "objectKind": "user",
        "objectId": me["id"],
        "objectName": "editor@example.com",
        "before": {**shown, "role": "editor"},
        "after": {**shown, "role": "viewer"},
        "requestId": "change-1",
    }


def test_no_secret_reaches_the_log(person: httpx.Client, colleague: Any) -> None:
    secrets = [person.get("/me").json()["accessKey"], person.get("/team").json()["apiKey"], PASSWORD, "argon2"]
    colleague("editor")
    token = person.post("/team/invitation", json={"email": "bob@example.com"}).json()["url"].partition("token=")[2]
    new = [
        person.patch("/me/accessKey").json()["newAccessKey"],
        person.patch("/team/apiKey").json()["newApiKey"],
        person.post("/me/access-keys", json={"name": "laptop"}).json()["key"],
    ]
    written = json.dumps(person.get("/team/audit").json())
    assert [secret for secret in (*secrets, *new, token) if secret in written] == []


def test_the_log_is_read_page_by_page(person: httpx.Client) -> None:
    for number in range(5):
        person.patch("/team/name", json={"name": f"Room {number}"})
    every, pages, before = lines(person), [], None
    while True:
        page = person.get("/team/audit", params={"limit": 3, **({"before": before} if before else {})}).json()
        pages.append([(each["action"], each["objectKind"], each["objectName"]) for each in page["data"]])
        person.patch("/team/name", json={"name": "written while somebody reads"})
        before = page["nextBefore"]
        if before is None:
            break
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [line for page in pages for line in page] == every


def test_the_log_is_searched_by_kind_and_author(person: httpx.Client, colleague: Any) -> None:
    editor = colleague("editor")
    editor.patch("/me/accessKey")
    assert lines(person, objectKind="invitation") == [("create", "invitation", "editor@example.com")]
    by_editor = [("update", "user", "editor@example.com"), ("create", "user", "editor@example.com")]
    assert lines(person, author="editor@example.com") == by_editor
    assert lines(person, author=editor.get("/me").json()["id"]) == by_editor
    assert lines(person, objectKind="nothing") == []
    assert lines(person, before="f" * 24) == []


def test_questions_that_are_wrong(person: httpx.Client) -> None:
    for query in ({"limit": 0}, {"limit": 501}, {"limit": "many"}, {"before": "nope"}, {"objectKind": "x" * 33}):
        assert person.get("/team/audit", params=query).status_code == 400, query

"""The routes of named ingestion keys."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from clickstack.api import Services


def test_a_key_is_shown_once(person: httpx.Client, services: Services) -> None:
    reply = person.post("/team/ingestion-keys", json={"name": "  checkout "})
    assert (reply.status_code, reply.headers["cache-control"]) == (200, "no-store")
    new = reply.json()
    key = new.pop("key")
    assert services.auth.ingestion_key_id(key)
    listed = person.get("/team/ingestion-keys")
    assert listed.json() == {"data": [{**new, "lastUsedAt": "2026-01-01T00:00:00.000Z"}]}
    assert (new["name"], new["hint"], new["revokedAt"]) == ("checkout", key[-4:], None)
    assert key not in listed.text


def test_revoking_a_key(person: httpx.Client, services: Services) -> None:
    new = person.post("/team/ingestion-keys", json={"name": "checkout"}).json()
    assert person.delete(f"/team/ingestion-keys/{new['id']}").status_code == 200
    assert not services.auth.ingestion_key_id(new["key"])
    assert person.get("/team/ingestion-keys").json()["data"][0]["revokedAt"] == "2026-01-01T00:00:00.000Z"
    again = person.delete(f"/team/ingestion-keys/{new['id']}")
    assert (again.status_code, again.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "   "}, {"name": "x" * 101}, {"name": 7}])
def test_a_key_needs_a_name(person: httpx.Client, body: dict[str, Any]) -> None:
    assert person.post("/team/ingestion-keys", json=body).status_code == 400
    assert person.get("/team/ingestion-keys").json() == {"data": []}


def test_two_keys_of_one_name_are_a_conflict(person: httpx.Client) -> None:
    person.post("/team/ingestion-keys", json={"name": "checkout"})
    reply = person.post("/team/ingestion-keys", json={"name": "checkout"})
    assert (reply.status_code, reply.json()["code"]) == (409, "conflict")

"""The list of dashboards, which is kept in memory: it is never older than the database."""

from __future__ import annotations

import dataclasses
import gzip
from typing import Any

import httpx
import pytest

from api.managed import new_key, service_path
from clickstack.api import Services, packed_lists
from clickstack.api.packed_lists import JsonList, PackedLists
from clickstack.core.dashboard import Dashboard
from clickstack.core.limits import PACKED_LIST_BYTES_MIN
from clickstack.core.records import Author
from clickstack.metadata import Metadata, dashboard_texts

PATH = "/api/v2/dashboards"
SYSTEM = Author("system", "", "test")
EMPTY = {"tiles": [], "filters": []}


def names(v2: httpx.Client) -> list[str]:
    return [each["name"] for each in v2.get(PATH).json()["data"]]


def test_the_list_follows_every_change(v2: httpx.Client, services: Services) -> None:
    kept, team_id = services.metadata.dashboards, str(v2.get("/api/v2").json()["user"]["team"])
    assert names(v2) == []
    one, two, three = (
        kept.insert(Dashboard(services.ids.object_id(), team_id, name, EMPTY), SYSTEM, None) for name in "abc"
    )
    assert names(v2) == ["c", "b", "a"]
    kept.replace(dataclasses.replace(two, name="z"), SYSTEM, None)
    assert names(v2) == ["z", "c", "a"]
    kept.delete(team_id, three.id, SYSTEM, None)
    assert names(v2) == ["z", "a"]
    with_tags = {**EMPTY, "tags": ["t"]}
    kept.replace(dataclasses.replace(one, spec=with_tags), SYSTEM, None)
    assert v2.get(PATH).json()["data"][1] == {"id": one.id, "name": "a", **with_tags}


def test_an_unchanged_list_is_told_in_a_status_line(v2: httpx.Client) -> None:
    v2.post(PATH, json={"name": "D", "tiles": []})
    first = v2.get(PATH)
    again = {"If-None-Match": first.headers["etag"]}
    assert v2.get(PATH, headers=again).status_code == 304
    v2.post(PATH, json={"name": "D", "tiles": []})
    assert v2.get(PATH, headers=again).status_code == 200


def test_memory_is_bounded(metadata: Metadata, v2: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard_texts, "DASHBOARD_TEXTS_BYTES_MAX", 10)
    monkeypatch.setattr(dashboard_texts, "DASHBOARD_TEXTS_FETCHED_MAX", 1)
    for name in "abc":
        v2.post(PATH, json={"name": name, "tiles": []})
        assert names(v2)[0] == name
    assert metadata.dashboards._shelf._bytes == 0


@pytest.mark.parametrize(
    ("body", "type_", "text"),
    [
        (b"5", "application/json", "Invalid JSON payload"),
        (b'"x"', "application/json", "Invalid JSON payload"),
        (b"null", "application/json", "Invalid JSON payload"),
        (b"[]", "application/json", "Body validation failed: Expected object, received array"),
        (b"x", "text/plain", "Body validation failed: Expected object, received string"),
        (b"x", "text/html", "Body validation failed: name: Required; tiles: Required"),
        (b"name=D", "application/x-www-form-urlencoded", "Body validation failed: tiles: Required"),
    ],
)
def test_bodies_that_are_no_objects(v2: httpx.Client, body: bytes, type_: str, text: str) -> None:
    reply = v2.post(PATH, content=body, headers={"Content-Type": type_})
    assert (reply.status_code, reply.json()) == (400, {"message": text})


# --- long lists, packed ---------------------------------------------------------------------------------------------

TEXTS = [b'{"name":"%s %d"}' % (b"x" * 700, number) for number in range(200)]


@pytest.mark.parametrize("texts", [[], TEXTS[:1], TEXTS], ids=["none", "one", "many"])
def test_what_is_packed_in_pieces_is_one_whole(texts: list[bytes]) -> None:
    lists = PackedLists()
    for ends in ((b'{"data":[', b"]}"), (b'{"requestId":"1","result":[', b"]}"), (b"[", b"]")):
        packed = lists.gzip(JsonList(texts, "tag"), *ends)
        assert gzip.decompress(packed) == ends[0] + b",".join(texts) + ends[1]


def test_packed_lists_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = PackedLists()
    size = len(lists.gzip(JsonList(TEXTS, "a"), b"[", b"]"))
    monkeypatch.setattr(packed_lists, "PACKED_LISTS_BYTES_MAX", 2 * size)
    for tag in "bcdb":
        lists.gzip(JsonList(TEXTS, tag), b"[", b"]")
    assert list(lists._kept) in (["d", "b"], ["c", "d", "b"])
    assert lists._bytes == sum(map(len, lists._kept.values())) <= 2 * size


def test_a_long_list_is_packed_for_who_takes_it(
    v2: httpx.Client, person: httpx.Client, connect: Any, services: Services
) -> None:
    team_id = str(v2.get("/api/v2").json()["user"]["team"])
    for number in range(2):
        spec = {**EMPTY, "tags": ["x" * PACKED_LIST_BYTES_MIN]}
        services.metadata.dashboards.insert(
            Dashboard(services.ids.object_id(), team_id, str(number), spec), SYSTEM, None
        )
    key = connect()
    key.auth = new_key(person)
    for client, path, field in ((v2, PATH, "data"), (key, f"{service_path(person)}/dashboards", "result")):
        plain = client.get(path, headers={"Accept-Encoding": "identity"})
        for _ in range(2):
            packed = client.get(path, headers={"Accept-Encoding": "gzip"})
            assert packed.json()[field] == plain.json()[field]
            assert packed.headers["content-encoding"] == "gzip"
            assert int(packed.headers["content-length"]) < 4096
        assert "content-encoding" not in plain.headers
        for reply in (plain, packed):
            assert "Accept-Encoding" in reply.headers["vary"]
            assert reply.headers["content-type"] == "application/json; charset=utf-8"
    known = {"If-None-Match": v2.get(PATH).headers["etag"], "Accept-Encoding": "gzip"}
    unchanged = v2.get(PATH, headers=known)
    assert (unchanged.status_code, unchanged.content, "content-encoding" in unchanged.headers) == (304, b"", False)

"""Idempotency-Key: what is sent again happens once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from clickstack.api.wire import Json, WireModel
from clickstack.core.clock import FixedClock
from clickstack.core.errors import Conflict
from clickstack.core.limits import IDEMPOTENCY_LIFE_S, IDEMPOTENCY_RUNNING_S_MAX
from clickstack.metadata import IdempotencyKeys, KeyState, KeyUse, Metadata, StoredReply
from clickstack.metadata import idempotency_keys as module

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
PATH = "/api/v2/webhooks/probe/orders"  # under a resource whose POST changes something


class Order(WireModel):
    name: str
    fail: str = ""


class Shop:
    """Counts its orders."""

    def __init__(self) -> None:
        self.orders: list[str] = []
        self.while_ordering: Callable[[], Any] = lambda: None

    def order(self, request: Request, body: Order) -> Json:
        if body.fail == "refuse":
            raise Conflict("Sold out")
        if body.fail == "crash":
            raise RuntimeError("broken")
        self.while_ordering()
        self.orders.append(body.name)
        return Json({"data": {"number": len(self.orders)}})


@pytest.fixture
def shop(probe: tuple[FastAPI, httpx.Client]) -> Shop:
    shop = Shop()
    probe[0].post(PATH)(shop.order)
    probe[0].put(PATH)(shop.order)
    probe[0].post("/api/v2/search/probe")(shop.order)
    return shop


@pytest.fixture
def client(probe: tuple[FastAPI, httpx.Client], shop: Shop) -> httpx.Client:
    return probe[1]


def test_the_same_request_gets_the_same_reply(client: httpx.Client, shop: Shop) -> None:
    first = client.post(PATH, json={"name": "tea"}, headers=KEY)
    again = client.post(PATH, json={"name": "tea"}, headers=KEY)
    assert first.json() == again.json() == {"data": {"number": 1}}
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert shop.orders == ["tea"]


def test_without_a_key_everything_happens(client: httpx.Client, shop: Shop) -> None:
    for _ in range(2):
        assert client.post(PATH, json={"name": "tea"}).status_code == 200
    assert shop.orders == ["tea", "tea"]


@pytest.mark.parametrize("query", ["", "?dry=1"])
def test_a_key_belongs_to_one_request(client: httpx.Client, shop: Shop, query: str) -> None:
    client.post(PATH, json={"name": "tea"}, headers=KEY)
    other = client.post(PATH + query, json={"name": "tea" if query else "coffee"}, headers=KEY)
    assert other.status_code == 422
    assert other.json() == {"message": "This Idempotency-Key was used for another request. Use a new key."}
    assert shop.orders == ["tea"]


@pytest.mark.parametrize(("fail", "status"), [("refuse", 409), ("crash", 500)])
def test_what_failed_uses_up_no_key(client: httpx.Client, shop: Shop, fail: str, status: int) -> None:
    assert client.post(PATH, json={"name": "tea", "fail": fail}, headers=KEY).status_code == status
    assert client.post(PATH, json={"nam": "tea"}, headers=KEY).status_code == 400
    assert client.post(PATH, json={"name": "tea"}, headers=KEY).json() == {"data": {"number": 1}}


def test_while_the_first_request_runs_the_second_waits(client: httpx.Client, shop: Shop, connect: Any) -> None:
    second = connect()
    second.headers["Authorization"] = client.headers["Authorization"]
    seen: list[httpx.Response] = []

    def order_again() -> None:
        worker = threading.Thread(target=lambda: seen.append(second.post(PATH, json={"name": "tea"}, headers=KEY)))
        worker.start()
        worker.join(timeout=10)
        assert not worker.is_alive()

    shop.while_ordering = order_again
    assert client.post(PATH, json={"name": "tea"}, headers=KEY).status_code == 200
    assert (seen[0].status_code, seen[0].headers["retry-after"]) == (409, "1")
    assert seen[0].json() == {"message": "The first request with this Idempotency-Key is still running."}
    assert shop.orders == ["tea"]


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "ä"])
def test_a_wrong_key_is_told(client: httpx.Client, shop: Shop, key: str) -> None:
    reply = client.post(PATH, json={"name": "tea"}, headers={"Idempotency-Key": key.encode()})  # type: ignore[dict-item]
    assert reply.status_code == 400
    assert reply.json()["message"].startswith("Idempotency-Key must be 1 to 255 visible ASCII characters")
    assert shop.orders == []


def test_questions_and_other_methods_need_no_key(client: httpx.Client, shop: Shop) -> None:
    for _ in range(2):
        assert "idempotent-replayed" not in client.post("/api/v2/search/probe", json={"name": "q"}, headers=KEY).headers
        assert "idempotent-replayed" not in client.put(PATH, json={"name": "p"}, headers=KEY).headers
    assert shop.orders == ["q", "p", "q", "p"]


def test_a_key_is_kept_for_a_day(client: httpx.Client, shop: Shop, clock: FixedClock) -> None:
    client.post(PATH, json={"name": "tea"}, headers=KEY)
    clock.advance(IDEMPOTENCY_LIFE_S)
    assert client.post(PATH, json={"name": "tea"}, headers=KEY).headers["idempotent-replayed"] == "true"
    clock.advance(1)
    client.post(PATH, json={"name": "tea"}, headers=KEY)
    assert shop.orders == ["tea", "tea"]


# --- the table --------------------------------------------------------------------------------------------------


@pytest.fixture
def keys(metadata: Metadata, person: httpx.Client) -> IdempotencyKeys:
    return metadata.idempotency_keys


def use(person: httpx.Client, key: str = "k", request: str = "r", caller: str = "user 1") -> KeyUse:
    return KeyUse(caller, person.get("/team").json()["id"], key * 64, "POST /x", request * 64)


def test_callers_have_keys_of_their_own(keys: IdempotencyKeys, person: httpx.Client) -> None:
    assert isinstance(keys.take(use(person)), KeyUse)
    assert isinstance(keys.take(use(person, caller="user 2", request="s")), KeyUse)
    assert keys.take(use(person)) is KeyState.RUNNING
    assert keys.take(use(person, request="s")) is KeyState.OTHER


def test_a_request_that_died_frees_its_key(keys: IdempotencyKeys, person: httpx.Client, clock: FixedClock) -> None:
    keys.take(use(person))
    clock.advance(IDEMPOTENCY_RUNNING_S_MAX + 1)
    assert isinstance(keys.take(use(person)), KeyUse)


def test_a_request_thought_dead_leaves_its_successors_key_alone(
    keys: IdempotencyKeys, person: httpx.Client, clock: FixedClock
) -> None:
    slow = keys.take(use(person))
    clock.advance(IDEMPOTENCY_RUNNING_S_MAX + 1)
    next_one = keys.take(use(person, request="s"))
    assert isinstance(slow, KeyUse)
    assert isinstance(next_one, KeyUse)
    keys.settle(slow, StoredReply(200, b"late"))
    keys.release(slow)
    assert keys.take(use(person, request="s")) is KeyState.RUNNING
    keys.settle(next_one, StoredReply(200, b"right"))
    assert keys.take(use(person, request="s")) == StoredReply(200, b"right")


def test_a_team_has_so_many_keys(
    keys: IdempotencyKeys, person: httpx.Client, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IDEMPOTENCY_KEYS_MAX", 3)
    for name in "abcd":
        taken = keys.take(use(person, key=name))
        assert isinstance(taken, KeyUse)
        keys.settle(taken, StoredReply(200, name.encode()))
        clock.advance(1)
    assert isinstance(keys.take(use(person, key="a")), KeyUse), "the oldest was forgotten"
    assert keys.take(use(person, key="d")) == StoredReply(200, b"d")


def test_all_teams_together_have_so_many_keys(
    keys: IdempotencyKeys, person: httpx.Client, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IDEMPOTENCY_KEYS_ALL_MAX", 2)
    for name in "abc":
        assert isinstance(keys.take(use(person, key=name)), KeyUse)
        clock.advance(1)
    assert keys.take(use(person, key="c")) is KeyState.RUNNING
    assert isinstance(keys.take(use(person, key="a")), KeyUse), "the oldest was forgotten"


def test_who_may_no_longer_do_it_is_not_told_what_it_did(person: httpx.Client, connect: Any, colleague: Any) -> None:
    editor = colleague("editor")
    program = connect()
    program.headers["Authorization"] = f"Bearer {editor.get('/me').json()['accessKey']}"
    order = {"name": "W", "service": "generic", "url": "https://93.184.216.34/secret"}
    headers = {"Idempotency-Key": "k"}
    assert program.post("/api/v2/webhooks", json=order, headers=headers).status_code == 200
    assert program.post("/api/v2/webhooks", json=order, headers=headers).headers["Idempotent-Replayed"] == "true"
    person.patch(f"/team/member/{editor.get('/me').json()['id']}", json={"role": "viewer"})
    reply = program.post("/api/v2/webhooks", json=order, headers=headers)
    assert (reply.status_code, "data" in reply.json()) == (403, False)

"""Named ingestion keys: made, shown once, used, revoked."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from clickstack.auth import Auth
from clickstack.core.blocking import WouldBlock
from clickstack.core.clock import FixedClock, SystemClock, utc_datetime
from clickstack.core.errors import Conflict, MetadataAway, MetadataFailed, NotFound
from clickstack.core.ids import RandomIds
from clickstack.core.limits import (
    INGESTION_KEY_USE_S,
    INGESTION_KEYS_AHEAD_S,
    INGESTION_KEYS_LIFE_S,
    INGESTION_KEYS_MAX,
)
from clickstack.core.records import Actor
from clickstack.metadata import Metadata


@pytest.fixture
def admin(auth: Auth) -> Actor:
    return auth.visit(auth.register("ada@example.com", "Correct-horse-1")).actor


def test_a_new_key_lets_telemetry_in_beside_the_classic_one(auth: Auth, admin: Actor) -> None:
    new = auth.create_ingestion_key(admin, "checkout")
    assert auth.ingestion_keys(admin) == [new.key]
    assert new.secret.startswith("cs_ingest_")
    assert auth.ingestion_key_id(new.secret)
    assert auth.ingestion_key_id(admin.team.api_key)
    assert not auth.ingestion_key_id(new.secret[:-1])
    assert (new.key.name, new.key.hint, new.key.revoked_at) == ("checkout", new.secret[-4:], None)


def test_a_revoked_key_ends_at_once_and_stays_listed(auth: Auth, admin: Actor, clock: FixedClock) -> None:
    new = auth.create_ingestion_key(admin, "checkout")
    assert auth.ingestion_key_id(new.secret)
    auth.revoke_ingestion_key(admin, new.key.id)
    assert not auth.ingestion_key_id(new.secret)
    assert [key.revoked_at for key in auth.ingestion_keys(admin)] == [utc_datetime(clock.now_ns())]
    with pytest.raises(NotFound):
        auth.revoke_ingestion_key(admin, new.key.id)
    auth.create_ingestion_key(admin, "checkout")  # the name is free again


def test_a_key_revoked_elsewhere_ends_within_seconds(
    auth: Auth, admin: Actor, metadata: Metadata, clock: FixedClock
) -> None:
    new = auth.create_ingestion_key(admin, "checkout")
    assert auth.ingestion_key_id(new.secret)
    metadata.ingestion_keys.revoke(admin.team.id, new.key.id, admin.author, None)
    clock.advance(INGESTION_KEYS_LIFE_S)
    assert not auth.ingestion_key_id(new.secret)


def test_names_are_unique_among_the_keys_in_force(auth: Auth, admin: Actor) -> None:
    auth.create_ingestion_key(admin, "checkout")
    with pytest.raises(Conflict, match="already has an ingestion key named 'checkout'"):
        auth.create_ingestion_key(admin, "checkout")


def test_a_team_has_a_bounded_number_of_keys(auth: Auth, admin: Actor) -> None:
    for number in range(INGESTION_KEYS_MAX):
        auth.create_ingestion_key(admin, f"key {number}")
    with pytest.raises(Conflict, match="Revoke one first"):
        auth.create_ingestion_key(admin, "one more")


def test_another_teams_key_is_not_found(auth: Auth, admin: Actor, metadata: Metadata) -> None:
    new = auth.create_ingestion_key(admin, "checkout")
    assert not metadata.ingestion_keys.revoke("f" * 24, new.key.id, admin.author, None)
    assert metadata.ingestion_keys.list("f" * 24) == []
    assert auth.ingestion_key_id(new.secret)


def test_the_last_use_is_kept_to_the_minute(auth: Auth, admin: Actor, clock: FixedClock) -> None:
    new = auth.create_ingestion_key(admin, "checkout")

    def last_use() -> object:
        return auth.ingestion_keys(admin)[0].last_used_at

    assert last_use() is None
    first = utc_datetime(clock.now_ns())
    assert auth.ingestion_key_id(new.secret)
    assert last_use() == first
    clock.advance(INGESTION_KEY_USE_S - 1)
    assert auth.ingestion_key_id(new.secret)
    assert last_use() == first
    clock.advance(1)
    assert auth.ingestion_key_id(new.secret)
    assert last_use() == first + timedelta(seconds=INGESTION_KEY_USE_S)


def test_a_receiver_learns_which_key_it_is(metadata: Metadata, clock: FixedClock) -> None:
    auth = Auth(metadata, clock, RandomIds(clock), ingestion_api_key="from-the-environment")
    assert auth.ingestion_key_id("from-the-environment") == "setting"  # before anybody has signed up
    admin = auth.visit(auth.register("ada@example.com", "Correct-horse-1")).actor
    new = auth.create_ingestion_key(admin, "checkout")
    assert auth.ingestion_key_id(new.secret) == new.key.id
    assert auth.ingestion_key_id(admin.team.api_key) == "team"
    assert auth.ingestion_key_id("a stranger's") is None
    assert auth.ingestion_key_id("") is None
    assert auth.readable_ingestion_keys() == [admin.team.api_key, "from-the-environment"]


def test_the_database_holds_no_named_key(auth: Auth, admin: Actor, tmp_path: Path) -> None:
    new = auth.create_ingestion_key(admin, "checkout")
    assert auth.ingestion_key_id(new.secret)
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())
    assert b"checkout" in stored
    assert new.secret.removeprefix("cs_ingest_").encode() not in stored


def test_the_last_use_survives_a_restart(metadata: Metadata, clock: FixedClock, auth: Auth, admin: Actor) -> None:
    new = auth.create_ingestion_key(admin, "checkout")
    assert auth.ingestion_key_id(new.secret)
    deadline_s = SystemClock().monotonic_s() + 5
    while metadata.ingestion_keys.list(admin.team.id)[0].last_used_at is None:  # another thread writes it
        assert SystemClock().monotonic_s() < deadline_s
    assert metadata.ingestion_keys.list(admin.team.id)[0].last_used_at == utc_datetime(clock.now_ns())


def test_an_event_loop_never_waits_for_the_database(
    auth: Auth, admin: Actor, metadata: Metadata, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = auth.create_ingestion_key(admin, "checkout")
    slow, reads = threading.Event(), threading.Semaphore(0)
    valid = metadata.ingestion_keys.valid

    def read() -> object:
        reads.release()
        assert slow.wait(10)
        return valid()

    monkeypatch.setattr(metadata.ingestion_keys, "valid", read)

    async def on_a_loop() -> str | None:
        return auth.ingestion_key_id(new.secret)

    def reads_behind() -> None:
        assert reads.acquire(timeout=10)

    with pytest.raises(WouldBlock):  # nothing is known yet
        asyncio.run(on_a_loop())
    slow.set()
    assert auth.ingestion_key_id(new.secret) == new.key.id  # in a thread it is read
    reads_behind()
    slow.clear()
    clock.advance(INGESTION_KEYS_AHEAD_S)
    assert asyncio.run(on_a_loop()) == new.key.id  # while somebody reads behind
    reads_behind()
    clock.advance(INGESTION_KEYS_LIFE_S - INGESTION_KEYS_AHEAD_S)
    with pytest.raises(WouldBlock):
        asyncio.run(on_a_loop())
    slow.set()
    assert auth.ingestion_key_id(new.secret) == new.key.id


@pytest.mark.parametrize("error", [MetadataAway("It is away."), MetadataFailed("disk I/O error")])
def test_telemetry_arrives_while_the_database_is_away(
    auth: Auth,
    admin: Actor,
    metadata: Metadata,
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
    error: MetadataFailed,
) -> None:
    new = auth.create_ingestion_key(admin, "checkout")
    assert auth.ingestion_key_id(new.secret)

    def away() -> object:
        raise error

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(metadata.ingestion_keys, "valid", away)
        clock.advance(INGESTION_KEYS_LIFE_S)
        for _ in range(3):
            assert auth.ingestion_key_id(new.secret) == new.key.id
            clock.advance(60)
    metadata.ingestion_keys.revoke(admin.team.id, new.key.id, admin.author, None)
    deadline_s = SystemClock().monotonic_s() + 5
    while auth.ingestion_key_id(new.secret):  # back: read behind the receivers, then it counts
        clock.advance(INGESTION_KEYS_AHEAD_S)
        assert SystemClock().monotonic_s() < deadline_s

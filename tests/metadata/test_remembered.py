"""What nearly every request asks of the database is remembered for a second, and never when it changed here."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator

import pytest

from clickstack.core.blocking import WouldBlock
from clickstack.core.clock import FixedClock
from clickstack.core.ids import SequentialIds
from clickstack.core.limits import METADATA_AGE_S_MAX, METADATA_REMEMBERED_MAX
from clickstack.core.records import Author, Team, User
from clickstack.core.remembered import Remembered
from clickstack.core.source import Source
from clickstack.metadata import Metadata, open_metadata
from clickstack.metadata.db import Database

pytestmark = pytest.mark.both_databases

ADA = Author("user", "a" * 24, "ada@example.com")


@pytest.fixture
def here(
    metadata_url: str, clock: FixedClock, ids: SequentialIds, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Metadata]:
    """One of two programs on a database. Its memory goes by the test's clock."""
    open_engines = Database.__init__

    def opened(database: Database, *engines: object) -> None:
        open_engines(database, *engines)  # type: ignore[arg-type]
        database.remembered = Remembered(clock, METADATA_AGE_S_MAX, METADATA_REMEMBERED_MAX)

    monkeypatch.setattr(Database, "__init__", opened)
    metadata = open_metadata(metadata_url, clock, ids)
    yield metadata
    metadata.close()


@pytest.fixture
def there(here: Metadata, metadata_url: str, clock: FixedClock, ids: SequentialIds) -> Iterator[Metadata]:
    metadata = open_metadata(metadata_url, clock, ids)
    yield metadata
    metadata.close()


@pytest.fixture
def founded(here: Metadata) -> tuple[Team, User]:
    team, user = here.installation.found("ada@example.com", "hash")[:2]
    return team, user


@pytest.fixture
def user(founded: tuple[Team, User]) -> User:
    return founded[1]


def test_what_another_program_changed_is_seen_after_a_second(
    here: Metadata, there: Metadata, founded: tuple[Team, User], clock: FixedClock
) -> None:
    team, user = founded
    source = here.sources.list(user.team_id)[0]
    key = user.access_key

    def seen() -> tuple[str, bool, object]:
        found = here.sources.recent(user.team_id, source.id)
        assert found
        settings = here.team_settings.get(user.team_id)
        return found.name, here.users.with_access_key(key) is not None, settings.get("queryTimeout")

    before = seen()
    assert before == (source.name, True, None)
    changed: Source = there.sources.replace(dataclasses.replace(source, name="changed"), ADA, None)
    there.team_settings.change(team, {"queryTimeout": 7}, ADA, None)
    there.users.replace_access_key(user, "another-key", ADA, None)
    read = here.sources.get(user.team_id, source.id)
    assert read
    assert (read.name, read.revision) == ("changed", changed.revision)  # who edits reads the database itself
    assert seen() == before
    clock.advance(METADATA_AGE_S_MAX)
    assert seen() == ("changed", False, 7)


def test_what_this_program_changed_is_seen_at_once(here: Metadata, user: User) -> None:
    source = here.sources.list(user.team_id)[0]
    assert here.sources.recent(user.team_id, source.id) == source
    changed = here.sources.replace(dataclasses.replace(source, name="changed"), ADA, None)
    assert here.sources.recent(user.team_id, source.id) == changed
    assert here.users.with_access_key(user.access_key)
    here.users.replace_access_key(user, "another-key", ADA, None)
    assert here.users.with_access_key(user.access_key) is None
    assert here.users.with_access_key("another-key")


def test_a_session_is_remembered_no_longer_than_it_lives(here: Metadata, user: User, clock: FixedClock) -> None:
    here.sessions.add(user.id, "token", life_s=60)
    assert here.sessions.find("token")
    clock.advance(59.5)
    assert here.sessions.find("token")
    clock.advance(0.6)
    assert here.sessions.find("token") is None


def test_an_event_loop_gets_what_is_remembered_and_never_waits(here: Metadata, user: User) -> None:
    async def holder() -> object:
        return here.users.with_access_key(user.access_key)

    async def rename() -> None:
        here.users.replace_access_key(user, "another-key", ADA, None)

    with pytest.raises(WouldBlock):
        asyncio.run(holder())
    found = here.users.with_access_key(user.access_key)
    assert asyncio.run(holder()) == found
    with pytest.raises(WouldBlock):
        asyncio.run(rename())
    assert here.users.with_access_key(user.access_key) == found


def test_what_is_not_there_is_asked_each_time(here: Metadata, there: Metadata, user: User) -> None:
    assert here.users.with_access_key("another-key") is None
    there.users.replace_access_key(user, "another-key", ADA, None)
    assert here.users.with_access_key("another-key")

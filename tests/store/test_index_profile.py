"""Search indexes: what a table carries, changing it under rows, and that answers stay the same."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from clickstack.core.errors import Conflict
from clickstack.core.settings import Settings
from clickstack.core.sql import Sql
from clickstack.store import IndexProfiles, Store
from clickstack.store.index_profile import IndexedSignal, IndexProfileName

LINES = 20_000


@pytest.fixture
def profiles(store: Store) -> Iterator[IndexProfiles]:
    """Over logs with one word that is in one line only; indexes are put back afterwards."""
    store.command(
        "INSERT INTO otel_logs (Timestamp, Body, LogAttributes) "
        f"SELECT now64(9), concat('word', toString(number)), map('k', toString(number)) FROM numbers({LINES})"
    )
    opened = IndexProfiles(store, Settings())
    yield opened
    for signal in ("logs", "traces"):
        opened.change(signal, "text")
    finished(opened)


def finished(profiles: IndexProfiles) -> None:
    deadline = time.monotonic() + 20
    while any(each.parts_to_do for each in profiles.read()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def index_types(store: Store, table: str) -> set[str]:
    return {index.type for index in store.catalog.table("default", table).indexes}


def granules_read(store: Store, condition: str) -> str:
    plan = store.query(Sql.of("EXPLAIN indexes = 1 SELECT count() FROM otel_logs WHERE ", condition)).rows
    return [str(line[0]).strip() for line in plan if "Granules:" in str(line[0])][-1].removeprefix("Granules: ")


def test_a_new_store_has_text_indexes(profiles: IndexProfiles) -> None:
    assert [(each.signal, each.table, each.profile) for each in profiles.read()] == [
        ("logs", "otel_logs", "text"),
        ("traces", "otel_traces", "text"),
    ]


@pytest.mark.parametrize("signal", ["logs", "traces"])
@pytest.mark.parametrize(
    ("profile", "types"),
    [
        ("none", {"bloom_filter"}),  # of the trace id
        ("bloom", {"bloom_filter", "tokenbf_v1"}),
        ("text", {"bloom_filter", "text"}),
    ],
)
def test_a_profile_is_a_set_of_indexes(
    profiles: IndexProfiles, store: Store, signal: IndexedSignal, profile: IndexProfileName, types: set[str]
) -> None:
    profiles.change(signal, "bloom" if profile == "text" else "text")
    profiles.change(signal, profile)
    now = {each.signal: each for each in profiles.read()}[signal]
    assert now.profile == profile
    assert index_types(store, now.table) - {"minmax"} == types


def test_old_rows_get_their_indexes_in_the_background(profiles: IndexProfiles, store: Store) -> None:
    rare = "has(mapValues(LogAttributes), '777')"
    profiles.change("logs", "none")
    finished(profiles)
    without = granules_read(store, rare)
    profiles.change("logs", "bloom")
    finished(profiles)
    assert granules_read(store, rare) != without
    assert store.query(Sql.of("SELECT count() FROM otel_logs WHERE ", rare)).scalar() == 1


def test_changing_back_and_forth_without_waiting(profiles: IndexProfiles, store: Store) -> None:
    for profile in ("bloom", "text", "none", "text", "bloom", "text"):
        profiles.change("logs", profile)  # type: ignore[arg-type]
    finished(profiles)
    assert profiles.read()[0].profile == "text"
    assert store.query(Sql.of("SELECT count() FROM otel_logs WHERE hasAllTokens(lower(Body), 'word777')")).scalar() == 1


def test_a_setting_is_applied_at_start_and_has_the_last_word(profiles: IndexProfiles, store: Store) -> None:
    fixed = IndexProfiles(store, Settings(logs_index_profile="bloom"))
    fixed.apply_settings()
    assert [(each.profile, each.setting) for each in fixed.read()] == [
        ("bloom", "CLICKSTACK_LOGS_INDEX_PROFILE"),
        ("text", ""),
    ]
    with pytest.raises(Conflict, match="CLICKSTACK_LOGS_INDEX_PROFILE fixes the index profile of logs"):
        fixed.change("logs", "text")


def test_the_text_profile_is_what_the_migrations_make(profiles: IndexProfiles, store: Store) -> None:
    """After a round trip the table is as a new one: the same indexes, to the letter."""
    tables = "SELECT name, create_table_query FROM system.tables WHERE name IN ('otel_logs', 'otel_traces')"

    def indexes() -> dict[str, list[str]]:
        return {
            name: sorted(part.split(",")[0] for part in text.split(" INDEX ")[1:])
            for name, text in store.query(Sql.of(tables), pool="admin").rows
        }

    before = indexes()
    for signal in ("logs", "traces"):
        profiles.change(signal, "none")
        profiles.change(signal, "text")
    assert indexes() == before

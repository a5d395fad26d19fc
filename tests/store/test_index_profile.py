"""Search indexes: what a table carries, changing it under rows, and that answers stay the same."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from clickstack.core.errors import BadRequest, Conflict
from clickstack.core.settings import Settings
from clickstack.core.sql import Sql
from clickstack.store import IndexProfiles, Store
from clickstack.store.index_profile import IndexedSignal, IndexProfileName

LINES = 20_000
BORN: dict[IndexedSignal, IndexProfileName] = {
    "logs": "text", "traces": "text", "metrics": "text", "sessions": "text",
}  # fmt: skip


@pytest.fixture
def profiles(store: Store) -> Iterator[IndexProfiles]:
    """Over logs with one word that is in one line only; indexes are put back afterwards."""
    store.command(
        "INSERT INTO otel_logs (Timestamp, Body, LogAttributes) "
        f"SELECT now64(9), concat('word', toString(number)), map('k', toString(number)) FROM numbers({LINES})"
    )
    opened = IndexProfiles(store, Settings())
    yield opened
    for signal, profile in BORN.items():
        opened.change(signal, profile)
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


def test_the_profiles_a_new_store_begins_with(profiles: IndexProfiles) -> None:
    assert [(each.signal, each.table, each.profile) for each in profiles.read()] == [
        ("logs", "otel_logs", "text"),
        ("traces", "otel_traces", "text"),
        ("metrics", "otel_metrics_gauge", "text"),
        ("metrics", "otel_metrics_sum", "text"),
        ("metrics", "otel_metrics_histogram", "text"),
        ("metrics", "otel_metrics_exponential_histogram", "text"),
        ("metrics", "otel_metrics_summary", "text"),
        ("sessions", "hyperdx_sessions", "text"),
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
    assert [(each.profile, each.setting) for each in fixed.read()][:3] == [
        ("bloom", "CLICKSTACK_LOGS_INDEX_PROFILE"),
        ("text", ""),
        ("text", ""),
    ]
    with pytest.raises(Conflict, match="CLICKSTACK_LOGS_INDEX_PROFILE fixes the index profile of logs"):
        fixed.change("logs", "text")


@pytest.mark.parametrize("table", ["otel_metrics_gauge", "otel_metrics_summary", "hyperdx_sessions"])
def test_one_table_of_a_signal_can_differ(profiles: IndexProfiles, store: Store, table: str) -> None:
    for profile, types in (("bloom", {"bloom_filter"}), ("none", set()), ("text", {"text"})):
        profiles.change(table, profile)  # type: ignore[arg-type]
        now = {each.table: each.profile for each in profiles.read()}
        assert now.pop(table) == profile
        of_trace_id = {"bloom_filter"} if table == "hyperdx_sessions" else set()
        assert index_types(store, table) == types | of_trace_id
        assert now["otel_metrics_sum"] == "text"
    with pytest.raises(BadRequest, match="'otel_profiles' is not one of logs, traces"):
        profiles.change("otel_profiles", "none")


def test_all_metrics_change_together_and_answer_from_the_index(profiles: IndexProfiles, store: Store) -> None:
    store.command(
        "INSERT INTO otel_metrics_sum (TimeUnix, MetricName, Attributes) "
        f"SELECT now64(9), 'm', map('k', toString(number)) FROM numbers({LINES})"
    )
    profiles.change("metrics", "none")
    profiles.change("metrics", "text")
    finished(profiles)
    assert {each.profile for each in profiles.read() if each.signal == "metrics"} == {"text"}
    plan = store.query(
        Sql.of("EXPLAIN indexes = 1 SELECT count() FROM otel_metrics_sum WHERE has(AttributeItems, 'k=777')")
    ).rows
    assert any("idx_text_attr_items" in str(line[0]) for line in plan)
    assert store.query(Sql.of("SELECT count() FROM otel_metrics_sum WHERE has(AttributeItems, 'k=777')")).scalar() == 1


def test_the_first_profile_is_what_the_migrations_make(profiles: IndexProfiles, store: Store) -> None:
    """After a round trip every table is as a new one: the same indexes, to the letter."""
    tables = (
        "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() AND "
        "(name IN ('otel_logs', 'otel_traces', 'hyperdx_sessions') OR startsWith(name, 'otel_metrics_'))"
    )

    def indexes() -> dict[str, list[str]]:
        return {
            name: sorted(part.split(",")[0] for part in text.split(") ENGINE")[0].split(" INDEX ")[1:])
            for name, text in store.query(Sql.of(tables), pool="admin").rows
        }

    before = indexes()
    for signal, born in BORN.items():
        profiles.change(signal, "none")
        profiles.change(signal, born)
    assert indexes() == before


def test_what_only_lists_names_is_not_looked_into_to_find_points(profiles: IndexProfiles, store: Store) -> None:
    store.command("INSERT INTO otel_metrics_gauge (TimeUnix, ServiceName, MetricName) VALUES (now64(9), 's', 'm')")
    asked = "EXPLAIN indexes = 1 SELECT max(Value) FROM otel_metrics_gauge WHERE MetricName = 'm' AND ServiceName = 's'"
    by_pool = {pool: str(store.query(Sql.of(asked), pool=pool).rows) for pool in ("interactive", "admin")}  # type: ignore[arg-type]
    for name in ("idx_text_metric_name", "idx_text_service_name"):
        assert name not in by_pool["interactive"]
        assert name in by_pool["admin"]

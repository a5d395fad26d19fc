"""How long rows are kept: what the tables say, and what changing it does to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clickstack.core.errors import Conflict
from clickstack.core.lifetime import Lifetime, parse_lifetime
from clickstack.core.settings import Settings
from clickstack.core.sql import Sql
from clickstack.store import Retention, Store
from tables import TELEMETRY_TABLES

DAY = 86_400
ANCHORS = {
    "otel_logs": "toDateTime(Timestamp)",
    "otel_logs_kv_rollup_15m": "Timestamp",
    "otel_traces": "toDate(Timestamp)",
    "otel_traces_kv_rollup_15m": "Timestamp",
    "otel_traces_trace_id_ts": "Start",
    "hyperdx_sessions": "TimestampTime",
}


@pytest.fixture
def kept(store: Store) -> Iterator[Store]:
    """The store with retention as a new one has it, for the tables of ANCHORS (other tests have none)."""
    for table, anchor in ANCHORS.items():
        store.command(f"ALTER TABLE {table} MODIFY TTL {anchor} + toIntervalDay(30)")
    yield store
    for table in TELEMETRY_TABLES:
        if " TTL " in definition(store, table):
            store.command(f"ALTER TABLE {table} REMOVE TTL")


def definition(store: Store, table: str) -> str:
    rows = store.query(
        Sql.of("SELECT name, engine_full FROM system.tables WHERE database = currentDatabase()"), pool="admin"
    ).rows
    return str(dict(rows)[table])


def ttl(store: Store, table: str) -> str:
    return definition(store, table).partition(" TTL ")[2].partition(" SETTINGS ")[0]


def lifetimes(retention: Retention) -> dict[str, Lifetime | None]:
    return {each.signal: each.lifetime for each in retention.read()}


def test_what_the_tables_say(kept: Store) -> None:
    retention = Retention(kept, Settings())
    assert lifetimes(retention) == {
        "logs": Lifetime(30 * DAY),
        "traces": Lifetime(30 * DAY),
        "metrics": None,  # no rule on the main table here
        "sessions": Lifetime(30 * DAY),
    }
    traces = retention.read()[1]
    assert traces.tables[0] == "otel_traces"
    assert {"otel_traces_kv_rollup_15m", "otel_traces_trace_id_ts"} < set(traces.tables)


def test_roll_ups_follow_their_signal_and_others_stay(kept: Store) -> None:
    change = Retention(kept, Settings()).change("logs", parse_lifetime("36h"))
    assert set(change.altered) == {"otel_logs", "otel_logs_kv_rollup_15m"}
    assert ttl(kept, "otel_logs") == "toDateTime(Timestamp) + toIntervalHour(36)"
    assert ttl(kept, "otel_logs_kv_rollup_15m") == "Timestamp + toIntervalHour(36)"
    assert ttl(kept, "hyperdx_sessions") == "TimestampTime + toIntervalDay(30)"


def test_a_lifetime_of_hours_is_not_counted_from_midnight(kept: Store) -> None:
    Retention(kept, Settings()).change("traces", parse_lifetime("2h"))
    assert ttl(kept, "otel_traces") == "toDateTime(Timestamp) + toIntervalHour(2)"


def test_changing_to_the_same_changes_nothing(kept: Store) -> None:
    assert Retention(kept, Settings()).change("logs", parse_lifetime("720h")).altered == ()


def test_rows_past_their_lifetime_go(kept: Store) -> None:
    Retention(kept, Settings()).change("sessions", parse_lifetime("2d"))
    kept.command(
        "INSERT INTO hyperdx_sessions (Timestamp, Body) VALUES (now64(9) - 3 * 86400, 'old'), (now64(9), 'new')"
    )
    kept.command("OPTIMIZE TABLE hyperdx_sessions FINAL")
    assert kept.query(Sql.of("SELECT Body FROM hyperdx_sessions")).rows == [["new"]]


def test_a_longer_lifetime_saves_the_rows_there_are(kept: Store) -> None:
    retention = Retention(kept, Settings())
    retention.change("sessions", parse_lifetime("10d"))
    kept.command("SYSTEM STOP TTL MERGES hyperdx_sessions")
    kept.command("INSERT INTO hyperdx_sessions (Timestamp, Body) VALUES (now64(9) - 20 * 86400, 'old')")
    retention.change("sessions", parse_lifetime("60d"))
    kept.command("SYSTEM START TTL MERGES hyperdx_sessions")
    kept.command("OPTIMIZE TABLE hyperdx_sessions FINAL")
    assert kept.query(Sql.of("SELECT Body FROM hyperdx_sessions")).rows == [["old"]]


@pytest.mark.parametrize(
    "rule",
    [
        "toDateTime(Timestamp) + toIntervalMonth(1)",
        "toDateTime(Timestamp) + toIntervalDay(3) WHERE ServiceName = 'web'",
        "toDateTime(Timestamp) + toIntervalDay(3) WHERE ServiceName = 'web', toDateTime(Timestamp) + toIntervalDay(9)",
    ],
)
def test_an_operators_own_rule_is_left_alone(kept: Store, rule: str) -> None:
    kept.command(f"ALTER TABLE otel_logs MODIFY TTL {rule}")
    Retention(kept, Settings(logs_ttl=parse_lifetime("7d"))).apply_settings()
    assert ttl(kept, "otel_logs") == rule
    assert ttl(kept, "otel_logs_kv_rollup_15m") == "Timestamp + toIntervalDay(7)"
    with pytest.raises(Conflict, match="a TTL of an operator's own"):
        Retention(kept, Settings()).change("logs", parse_lifetime("7d"))


def test_settings_are_applied_at_start_and_have_the_last_word(kept: Store) -> None:
    settings = Settings(tables_ttl=parse_lifetime("14d"), logs_ttl=parse_lifetime("7d"))
    retention = Retention(kept, settings)
    retention.apply_settings()
    assert lifetimes(retention) == {
        "logs": Lifetime(7 * DAY),
        "traces": Lifetime(14 * DAY),
        "metrics": None,
        "sessions": Lifetime(14 * DAY),
    }
    with pytest.raises(Conflict, match="CLICKSTACK_LOGS_TTL fixes the retention of logs"):
        retention.change("logs", parse_lifetime("1d"))
    with pytest.raises(Conflict, match="CLICKSTACK_TABLES_TTL"):
        retention.change("traces", parse_lifetime("1d"))


def test_without_settings_a_start_keeps_what_people_chose(kept: Store) -> None:
    retention = Retention(kept, Settings())
    retention.change("logs", parse_lifetime("7d"))
    kept.command("ALTER TABLE otel_logs_kv_rollup_15m MODIFY TTL Timestamp + toIntervalDay(30)")  # as a new roll-up
    retention.apply_settings()
    assert ttl(kept, "otel_logs") == "toDateTime(Timestamp) + toIntervalDay(7)"
    assert ttl(kept, "otel_logs_kv_rollup_15m") == "Timestamp + toIntervalDay(7)"


def test_the_series_of_metrics_are_kept_as_long_as_their_points(kept: Store) -> None:
    kept.command("ALTER TABLE otel_metrics_gauge MODIFY TTL toDateTime(TimeUnix) + toIntervalDay(90)")
    kept.command("ALTER TABLE otel_metrics_series MODIFY TTL Hour + toIntervalDay(30)")  # as the migration makes it
    retention = Retention(kept, Settings())
    retention.apply_settings()
    assert ttl(kept, "otel_metrics_series") == "Hour + toIntervalDay(90)"
    retention.change("metrics", parse_lifetime("36h"))
    assert ttl(kept, "otel_metrics_series") == "Hour + toIntervalHour(36)"

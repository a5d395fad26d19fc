"""Migrations and the catalog."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from clickstack.core.errors import BadQuery
from clickstack.core.sql import Sql
from clickstack.store import Store
from clickstack.store.migrate import migrate, migrations, statements
from tables import TELEMETRY_TABLES

OPEN = """
import sys, pathlib
from clickstack.core.errors import StartupError
from clickstack.core.settings import Settings
from clickstack.store import open_store
try:
    store = open_store(Settings(data_dir=pathlib.Path(sys.argv[1])))
except StartupError as error:
    print("refused:", error)
    sys.exit(1)
for text in sys.argv[2:]:
    store.command(text)
print("open")
store.close()
"""


def open_in_another_process(data_dir: Path, *commands: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", OPEN, str(data_dir), *commands],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return done.stdout.strip() or done.stderr


def test_every_table_exists_and_deduplicates(store: Store) -> None:
    tables = dict(
        store.query(Sql.of("SELECT name, create_table_query FROM system.tables WHERE database = 'default'")).rows
    )
    for table in TELEMETRY_TABLES:
        assert "non_replicated_deduplication_window" in tables[table], table
        assert "ttl_only_drop_parts = 1" in tables[table], table


def test_migrations_are_numbered_without_gaps() -> None:
    assert [version for version, _, _ in migrations()] == list(range(1, len(migrations()) + 1))


def test_migrating_again_does_nothing(store: Store) -> None:
    assert migrate(store) == []


def test_a_migration_cut_off_half_way_is_started_over(tmp_path: Path) -> None:
    assert (
        open_in_another_process(
            tmp_path, "DELETE FROM clickstack_migrations WHERE version > 2", "DROP TABLE otel_metrics_sum"
        )
        == "open"
    )
    assert open_in_another_process(tmp_path, "INSERT INTO otel_metrics_sum (MetricName) VALUES ('m')") == "open"


def test_a_changed_or_newer_schema_refuses_to_start(tmp_path: Path) -> None:
    assert (
        open_in_another_process(
            tmp_path, "INSERT INTO clickstack_migrations (version, name, checksum) VALUES (9999, 'later', 'x')"
        )
        == "open"
    )
    assert "schema version 9999" in open_in_another_process(tmp_path)
    assert "use the newer ClickStack" in open_in_another_process(tmp_path)


def test_a_changed_migration_refuses_to_start(tmp_path: Path) -> None:
    assert (
        open_in_another_process(
            tmp_path,
            "INSERT INTO clickstack_migrations (version, name, checksum, applied_at) "
            "VALUES (1, 'logs', 'other', now() + 100)",
        )
        == "open"
    )
    assert "0001_logs was changed after it was applied" in open_in_another_process(tmp_path)


def test_statements_split_at_line_ends_only() -> None:
    assert statements("-- a; comment;\nSELECT ';';\n\nSELECT 2;\n") == ["SELECT ';'", "SELECT 2;"]


def test_the_catalog_knows_columns_indexes_and_key(store: Store) -> None:
    schema = store.catalog.table("default", "otel_logs")
    body, items = schema.column("Body"), schema.column("LogAttributeItems")
    assert body is not None
    assert body.type == "String"
    assert items is not None
    assert items.default_kind == "ALIAS"
    assert any(index.expression == "lower(Body)" and index.type == "text" for index in schema.indexes)
    assert schema.sorting_key.startswith("toStartOfFiveMinutes(Timestamp)")
    with pytest.raises(BadQuery, match=r"default\.nosuch does not exist"):
        store.catalog.table("default", "nosuch")


def test_roll_ups_count_values_per_quarter_of_an_hour(store: Store) -> None:
    store.command(
        "INSERT INTO otel_logs (Timestamp, SeverityText, ServiceName) VALUES "
        "('2026-01-01 00:01:00', 'error', 'api'), ('2026-01-01 00:02:00', 'error', 'web'), "
        "('2026-01-01 00:20:00', 'info', 'api')"
    )
    rows = store.query(
        Sql.of(
            "SELECT toString(Timestamp), Key, Value, sum(count) FROM otel_logs_kv_rollup_15m "
            "WHERE Key IN ('SeverityText', 'ServiceName') GROUP BY ALL ORDER BY ALL"
        )
    ).rows
    assert rows == [
        ["2026-01-01 00:00:00", "ServiceName", "api", 1],
        ["2026-01-01 00:00:00", "ServiceName", "web", 1],
        ["2026-01-01 00:00:00", "SeverityText", "error", 2],
        ["2026-01-01 00:15:00", "ServiceName", "api", 1],
        ["2026-01-01 00:15:00", "SeverityText", "info", 1],
    ]

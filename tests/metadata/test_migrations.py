"""Migrations on both databases: up, down, and that they make what the tables say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from clickstack.core.clock import FixedClock
from clickstack.core.errors import StartupError
from clickstack.core.ids import RandomIds
from clickstack.metadata import open_metadata
from clickstack.metadata.db import Database, open_database
from clickstack.metadata.tables import metadata as tables
from clickstack.metadata.upgrade import downgrade, upgrade

pytestmark = pytest.mark.both_databases


@pytest.fixture
def database(empty_url: str) -> Iterator[Database]:
    opened = open_database(empty_url)
    yield opened
    opened.close()


def table_names(database: Database) -> set[str]:
    with database.read() as connection:
        return set(sa.inspect(connection).get_table_names())


def test_migrations_go_up_and_down_and_up(database: Database) -> None:
    upgrade(database)
    assert set(tables.tables) <= table_names(database)
    downgrade(database, "base")
    assert table_names(database) == {"alembic_version"}
    upgrade(database)
    assert set(tables.tables) <= table_names(database)


def test_migrations_make_what_the_tables_say(database: Database) -> None:
    upgrade(database)
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables) == []


def test_a_migration_that_fails_leaves_nothing(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE sources (id INTEGER)")  # the last table of the first migration
    with pytest.raises(StartupError, match=r"(table|relation) .?sources.? already exists"):
        upgrade(database)
    assert table_names(database) == {"sources"}


def test_a_database_of_a_newer_version_is_left_alone(database: Database, empty_url: str, clock: FixedClock) -> None:
    upgrade(database)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StartupError, match=r"newer ClickStack \(schema 9999\)"):
        open_metadata(empty_url, clock, RandomIds(clock))


def test_what_waits_in_the_outbox_keeps_its_order(database: Database, empty_url: str, clock: FixedClock) -> None:
    opened = open_metadata(empty_url, clock, RandomIds(clock))
    team, _ = opened.installation.found("ada@example.com", "hash")
    opened.close()
    downgrade(database, "0007")
    columns = (
        "team_id, alert_id, group_key, lane, target, target_key, kind, words, state, attempts, next_ms, created_ms"
    )
    values = f"'{team.id}', 'x', '', 'l', '{{}}', 'k', 'fire', '{{}}', 'queued', 0, 0, 0"
    with database.write() as connection:
        for known in ("b", "a", "c"):
            connection.exec_driver_sql(f"INSERT INTO notifications (id, {columns}) VALUES ('{known}', {values})")
    upgrade(database)
    with database.read() as connection:
        found = connection.exec_driver_sql("SELECT id, seq FROM notifications ORDER BY seq")
        assert [tuple(row) for row in found] == [("a", 1), ("b", 2), ("c", 3)]

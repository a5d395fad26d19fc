"""PostgreSQL as the metadata database: what it is called, what it must be, and how it comes and goes."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from clickstack.core.clock import FixedClock
from clickstack.core.errors import BadRequest, MetadataAway, MetadataFailed, StartupError
from clickstack.core.ids import RandomIds
from clickstack.core.records import Author
from clickstack.metadata import Metadata, open_metadata
from clickstack.metadata.db import Database, open_database
from clickstack.metadata.upgrade import upgrade
from postgres import USER, PostgreSQL, program
from threads import in_parallel

pytestmark = pytest.mark.parametrize("metadata_url", ["postgresql"], indirect=True)

ADA = Author("user", "1", "ada@example.com")


@pytest.fixture
def metadata(metadata_url: str, clock: FixedClock) -> Iterator[Metadata]:
    opened = open_metadata(metadata_url, clock, RandomIds(clock))
    yield opened
    opened.close()


@pytest.fixture
def database(metadata_url: str) -> Iterator[Database]:
    opened = open_database(metadata_url)
    yield opened
    opened.close()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_the_ways_people_write_its_address(metadata_url: str, scheme: str) -> None:
    opened = open_database(metadata_url.replace("postgresql+psycopg", scheme))
    with opened.read() as connection:
        assert connection.exec_driver_sql("SHOW application_name").scalar() == "clickstack"
    opened.close()


def test_what_the_address_says_is_stronger(metadata_url: str) -> None:
    opened = open_database(f"{metadata_url}&application_name=ours")
    with opened.read() as connection:
        assert connection.exec_driver_sql("SHOW application_name").scalar() == "ours"
    opened.close()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://127.0.0.1:1/x", "Connection refused"),
        ("postgresql://localhost:1/x", "Connection refused"),
        ("postgresql:///x?host=/nowhere", "No such file"),
        ("postgresql+psycopg2://127.0.0.1:1/x", "Connection refused"),
    ],
)
def test_a_server_that_is_not_there_is_one_line(metadata_url: str, url: str, reason: str) -> None:
    with pytest.raises(StartupError, match=reason) as failure:
        open_database(url.replace("//", "//ada:s3cret@", 1))
    assert "\n" not in str(failure.value)
    assert "s3cret" not in str(failure.value)


def test_a_database_that_is_not_there_or_cannot_hold_all_names(metadata_url: str, postgres: PostgreSQL) -> None:
    with pytest.raises(StartupError, match=r"nowhere.* does not exist"):
        open_database(postgres.url("nowhere"))
    postgres.sql("CREATE DATABASE narrow TEMPLATE template0 ENCODING LATIN1 LOCALE 'C' LOCALE_PROVIDER libc")
    with pytest.raises(StartupError, match="encoded in LATIN1"):
        open_database(postgres.url("narrow"))
    postgres.drop("narrow")


def test_servers_that_start_at_once_migrate_once(metadata_url: str, postgres: PostgreSQL, clock: FixedClock) -> None:
    name = postgres.create()
    start, outcomes = threading.Barrier(3, timeout=30), []

    def begin() -> None:
        opened = open_database(postgres.url(name))
        start.wait()
        upgrade(opened)
        outcomes.append("upgraded")
        opened.close()

    threads = [threading.Thread(target=begin) for _ in range(3)]
    in_parallel(*threads)
    assert outcomes == ["upgraded"] * 3
    postgres.drop(name)


def test_reading_is_one_view_and_cannot_write(database: Database, metadata: Metadata) -> None:
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM teams").scalar() == 0
        metadata.installation.found("ada@example.com", "hash")
        assert connection.exec_driver_sql("SELECT count(*) FROM teams").scalar() == 0
    with pytest.raises(MetadataFailed), database.read() as connection:
        connection.exec_driver_sql("DELETE FROM installation")
    assert metadata.installation.founded()


def test_the_drivers_word_carries_no_values(metadata: Metadata, database: Database) -> None:
    with pytest.raises(MetadataFailed) as failure, database.read() as connection:
        connection.exec_driver_sql("SELECT 's3cret' FROM nowhere")
    assert str(failure.value) == 'metadata database: relation "nowhere" does not exist'


def test_what_cannot_be_stored_is_the_callers_fault(metadata: Metadata) -> None:
    """SQLite would take it; what comes from outside is checked before, and this is the last wall."""
    team, _ = metadata.installation.found("ada@example.com", "hash")
    for name in ("\x00", "x" * 101):
        with pytest.raises(BadRequest, match="cannot be stored"):
            metadata.teams.rename(team, name, ADA, None)


def test_a_backup_is_whole(metadata: Metadata, postgres: PostgreSQL, tmp_path: Path, clock: FixedClock) -> None:
    """With the commands of docs/operations.md."""
    team, user = metadata.installation.found("ada@example.com", "hash")
    here = ["--host", str(postgres.directory), "--username", USER]
    original, dump = metadata._database._writer.url.database, tmp_path / "clickstack.dump"
    copy = postgres.create()
    subprocess.run(
        [program("pg_dump"), *here, "--format=custom", f"--file={dump}", str(original)], check=True, timeout=60
    )
    for _ in range(2):  # into nothing, and over what is there
        restore = [program("pg_restore"), *here, "--clean", "--if-exists", f"--dbname={copy}", str(dump)]
        subprocess.run(restore, check=True, timeout=60)
    restored = open_metadata(postgres.url(copy), clock, RandomIds(clock))
    assert restored.users.list(team.id) == [(user, True)]
    assert restored.sources.list(team.id) == metadata.sources.list(team.id)
    restored.close()
    postgres.drop(copy)


# --- times when it does not answer ----------------------------------------------------------------------------------


def test_it_may_go_and_come_back(metadata: Metadata, postgres: PostgreSQL) -> None:
    metadata.installation.found("ada@example.com", "hash")
    assert metadata.ping()
    postgres.stop()
    begin = time.monotonic()
    try:
        for _ in range(3):
            with pytest.raises(MetadataAway, match="Try again in a moment"):
                metadata.installation.founded()
        with pytest.raises(MetadataAway):
            metadata.sessions.add("0" * 24, "hash", 60)
        assert not metadata.ping()
        assert time.monotonic() - begin < 5
    finally:
        postgres.start()
    assert metadata.installation.founded()
    assert metadata.ping()


def test_a_connection_that_is_cut_while_it_is_used(database: Database, metadata: Metadata) -> None:
    with pytest.raises(MetadataAway):
        _cut_off(database)
    metadata.installation.found("ada@example.com", "hash")  # nothing is held


def _cut_off(database: Database) -> None:
    with database.write() as connection:
        own = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        with database.read() as another:
            another.exec_driver_sql(f"SELECT pg_terminate_backend({own})")
        connection.exec_driver_sql("DELETE FROM installation")


def test_somebody_elses_lock_is_not_waited_for_long(
    metadata: Metadata, postgres: PostgreSQL, monkeypatch: pytest.MonkeyPatch, metadata_url: str, clock: FixedClock
) -> None:
    monkeypatch.setattr("clickstack.metadata.postgresql._SESSION", {"lock_timeout": 50, "statement_timeout": 100})
    hasty = open_metadata(metadata_url, clock, RandomIds(clock))
    database = metadata_url.partition("@/")[2].partition("?")[0]
    with psycopg.connect(host=str(postgres.directory), user=USER, dbname=database) as person:
        person.execute("LOCK TABLE teams")
        with pytest.raises(MetadataAway):
            hasty.teams.api_keys()
        with pytest.raises(MetadataAway):
            hasty.installation.found("ada@example.com", "hash")
    hasty.installation.found("ada@example.com", "hash")
    with pytest.raises(MetadataAway), hasty._database.read() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(9)")
    hasty.close()

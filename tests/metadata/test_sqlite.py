"""SQLite as the metadata database: the file, its mode, what happens when it is damaged."""

from __future__ import annotations

import sqlite3
import stat
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from clickstack.core.clock import FixedClock
from clickstack.core.errors import MetadataAway, MetadataFailed, StartupError
from clickstack.core.ids import RandomIds, SequentialIds
from clickstack.metadata import Metadata, open_metadata
from clickstack.metadata.db import open_database

EMAIL = "ada@example.com"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'metadata.sqlite'}"


@pytest.fixture
def metadata(url: str, clock: FixedClock, ids: SequentialIds) -> Iterator[Metadata]:
    opened = open_metadata(url, clock, ids)
    yield opened
    opened.close()


def test_a_new_file_is_for_its_owner_only(metadata: Metadata, tmp_path: Path) -> None:
    metadata.installation.found(EMAIL, "hash")
    for file in tmp_path.iterdir():  # the write-ahead log holds keys too
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_a_file_that_is_no_database_is_refused(url: str, tmp_path: Path, clock: FixedClock) -> None:
    (tmp_path / "metadata.sqlite").write_bytes(b"not a database, and long enough to look like one" * 100)
    with pytest.raises(StartupError, match="file is not a database"):
        open_metadata(url, clock, RandomIds(clock))


def test_ping_says_whether_the_database_answers(metadata: Metadata, tmp_path: Path) -> None:
    assert metadata.ping()
    metadata.close()
    (tmp_path / "metadata.sqlite").write_bytes(b"not a database any more" * 300)
    for extra in ("-wal", "-shm"):
        (tmp_path / f"metadata.sqlite{extra}").unlink(missing_ok=True)
    assert not metadata.ping()


def test_the_drivers_word_carries_no_statement(metadata: Metadata, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "metadata.sqlite") as raw:
        raw.execute("DROP TABLE sessions")
    raw.close()
    with pytest.raises(MetadataFailed) as failure:
        metadata.sessions.find("a-secret-hash")
    assert str(failure.value) == "metadata database: no such table: sessions"


def test_a_migration_may_not_leave_dangling_references(metadata: Metadata, url: str) -> None:
    """Where tables are rebuilt the checks are off; PostgreSQL never switches them off."""
    database = open_database(url)
    with pytest.raises(MetadataFailed, match="dangling reference in table sessions"), database.migrate() as connection:
        connection.exec_driver_sql("INSERT INTO sessions VALUES ('hash', '0', 'nobody', 0, 0, 0, '', '')")
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sessions").scalar() == 0
    database.close()


def test_a_half_made_team_is_impossible(metadata: Metadata, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "metadata.sqlite") as raw:
        raw.execute(
            "CREATE TRIGGER refusal BEFORE INSERT ON sources WHEN NEW.kind = 'session' "
            "BEGIN SELECT RAISE(FAIL, 'no sessions here'); END"
        )
    raw.close()
    with pytest.raises(MetadataFailed):
        metadata.installation.found(EMAIL, "hash")
    assert not metadata.installation.founded()
    assert metadata.teams.api_keys() == []
    assert metadata.users.with_email(EMAIL) is None


def test_a_lock_of_somebody_else_is_not_waited_for_long(url: str, clock: FixedClock, tmp_path: Path) -> None:
    hasty = open_metadata(f"{url}?timeout=0.05", clock, RandomIds(clock))
    raw = sqlite3.connect(tmp_path / "metadata.sqlite", isolation_level=None)
    raw.execute("BEGIN IMMEDIATE")
    with pytest.raises(MetadataAway, match="Try again"):
        hasty.installation.found(EMAIL, "hash")
    assert not hasty.installation.founded()  # readers need not wait
    raw.execute("ROLLBACK")
    raw.close()
    hasty.installation.found(EMAIL, "hash")
    hasty.close()


def test_a_traceback_carries_no_values(metadata: Metadata, tmp_path: Path) -> None:
    """What fails unexpectedly is logged with its whole chain of causes, and those name the statement."""
    with sqlite3.connect(tmp_path / "metadata.sqlite") as raw:
        raw.execute("DROP TABLE sessions")
    raw.close()
    secret = "-".join(("very", "secret"))  # put together, for a traceback shows these lines too
    try:
        metadata.sessions.find(secret)
    except MetadataFailed:
        told = traceback.format_exc()
    assert "no such table: sessions" in told
    assert "hide_parameters" in told
    assert secret not in told

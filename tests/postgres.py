"""A PostgreSQL of the tests' own: the installed program, in a temporary directory, reached through a socket there."""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from clickstack.metadata import tables

USER = "clickstack"
PATIENCE = "-c statement_timeout=60s"  # of a statement of the tests themselves
_PLACES = ("/usr/lib/postgresql", "/usr/pgsql-*", "/opt/homebrew/opt", "/usr/local/opt")
_QUICK = {  # what is here must survive a killed server, but no power cut
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "listen_addresses": "",
    "max_connections": "200",
    "autovacuum": "off",
}


_UNTIL_STDIN_CLOSES = '"$@" & cat >/dev/null; kill -QUIT $!; wait $!'  # also when the tests are killed


@dataclass
class PostgreSQL:
    """A server that can be stopped and started. Databases are made by `create`."""

    directory: Path
    process: subprocess.Popen[bytes] | None = None
    count: int = 0

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{USER}@/{database}?host={self.directory}"

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        with psycopg.connect(
            host=str(self.directory), user=USER, dbname=database, autocommit=True, connect_timeout=10, options=PATIENCE
        ) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def create(self) -> str:
        """A new database with nothing in it; its name."""
        self.count += 1
        name = f"test_{self.count}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE template0")
        return name

    def clear(self, database: str) -> None:
        """Empty all tables; quicker than another database."""
        self.sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}' "
            "AND pid <> pg_backend_pid()",
            database,
        )
        emptied = "; ".join(f"DELETE FROM {table}" for table in tables.metadata.tables)
        self.sql(f"SET session_replication_role = replica; {emptied}", database)  # without the foreign keys' triggers

    def drop(self, database: str) -> None:
        self.sql(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def start(self) -> None:
        options = [word for name, value in _QUICK.items() for word in ("-c", f"{name}={value}")]
        command = [program("postgres"), "-D", str(self.directory / "data"), "-k", str(self.directory), *options]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["sh", "-c", _UNTIL_STDIN_CLOSES, "sh", *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                **_as_who(),
            )
        deadline = time.monotonic() + 30
        while True:
            try:
                self.sql("SELECT 1")
                return
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    said = (self.directory / "log").read_text(errors="replace")[-2000:]
                    raise AssertionError(f"PostgreSQL did not start:\n{said}") from None
                time.sleep(0.02)

    def stop(self) -> None:
        """At once: who is connected is cut off."""
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
            self.process.wait(30)
            self.process = None


@contextlib.contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """A running server, for its session of tests."""
    directory = Path(tempfile.mkdtemp(prefix="clickstack-pg-"))  # short: the path of a socket has 107 characters
    if owner := _as_who().get("user"):
        os.chown(directory, owner, -1)
    try:
        initdb = [program("initdb"), "-D", str(directory / "data"), "-U", USER, "--auth=trust", "--encoding=UTF8"]
        # A locale that does not sort by bytes, as most installations have.
        locale = ["--no-locale", "--locale-provider=icu", "--icu-locale=en-US"]
        subprocess.run(
            [*initdb, *locale, "--no-sync"], check=True, capture_output=True, cwd=directory, timeout=120, **_as_who()
        )
        server = PostgreSQL(directory)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@functools.cache
def program(name: str) -> str:
    """Path of one of PostgreSQL's programs, the newest installed."""
    if found := shutil.which("initdb"):
        return str(Path(found).resolve().with_name(name))  # the others are where its links lead
    installed = [each for place in _PLACES for each in Path("/").glob(f"{place[1:]}/**/bin/{name}")]
    if not installed:
        pytest.fail("PostgreSQL is not installed: `make test` installs Debian's package, or install it yourself.")
    return str(max(installed, key=lambda path: [int(part) if part.isdigit() else 0 for part in path.parts]))


@functools.cache
def _as_who() -> dict[str, int | list[int]]:
    """PostgreSQL refuses to run as root."""
    if os.getuid():
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    pytest.fail("PostgreSQL does not run as root, and there is no user postgres or nobody: run the tests as a user.")

"""Fixtures every test may use: a clock, ids, a store, and a whole running server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from belt import Belt
from clickstack.core.clock import FixedClock
from clickstack.core.ids import SequentialIds
from clickstack.core.settings import Settings
from clickstack.metadata import open_metadata
from clickstack.store import Store, open_store
from postgres import PostgreSQL, postgresql
from program import LiveServer, serve
from tables import TELEMETRY_TABLES


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--cycles", type=int, default=6, help="how often the crash tests kill the process (make soak: 200)"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Belt(config))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests marked `both_databases` that touch metadata run on SQLite and on PostgreSQL."""
    marked = metafunc.definition.get_closest_marker("both_databases")
    for name in ("metadata_url", "empty_url"):
        if marked and name in metafunc.fixturenames:
            metafunc.parametrize(name, ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def cycles(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--cycles"))


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def ids() -> SequentialIds:
    return SequentialIds()


@pytest.fixture(scope="session")
def _engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The one engine a process may have. Tests that need another directory start a process of their own."""
    store = open_store(Settings(data_dir=tmp_path_factory.mktemp("store")))
    for table in TELEMETRY_TABLES:
        store.command(f"ALTER TABLE {table} REMOVE TTL")  # test data has fixed dates, which retention would drop
    yield store
    store.close()


@pytest.fixture
def store(_engine: Store) -> Store:
    """The real embedded engine, with all telemetry tables empty."""
    for table in TELEMETRY_TABLES:
        _engine.command(f"TRUNCATE TABLE {table}")
    return _engine


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgreSQL]:
    """The one PostgreSQL of all tests. Who stops it starts it again."""
    with postgresql() as server:
        yield server


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without a schema, for one test alone."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield f"sqlite:///{tmp_path / 'metadata.sqlite'}"
        return
    server: PostgreSQL = request.getfixturevalue("postgres")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def metadata_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with today's schema and nothing in it, for one test alone."""
    if getattr(request, "param", "sqlite") == "sqlite":
        shutil.copy(request.getfixturevalue("_migrated_file"), tmp_path / "metadata.sqlite")
        yield f"sqlite:///{tmp_path / 'metadata.sqlite'}"
        return
    server: PostgreSQL = request.getfixturevalue("postgres")
    name = request.getfixturevalue("_migrated_database")
    yield server.url(name)
    server.clear(name)


@pytest.fixture(scope="session")
def _migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("metadata") / "metadata.sqlite"
    open_metadata(file, FixedClock(), SequentialIds()).close()
    return file


@pytest.fixture(scope="session")
def _migrated_database(postgres: PostgreSQL) -> str:
    name = postgres.create()
    open_metadata(postgres.url(name), FixedClock(), SequentialIds()).close()
    return name


@pytest.fixture(scope="session")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serve(tmp_path_factory.mktemp("live")) as server:
        yield server


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[LiveServer]:
    """A server for one test alone."""
    with serve(tmp_path / "data") as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of an installed Chromium."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.fail("Chromium is not installed: `make test` installs Debian's package, or install a Chromium yourself.")
    return path

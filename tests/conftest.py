"""Fixtures every test may use: a clock, ids, a store, and a whole running server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from clickstack.core.clock import FixedClock
from clickstack.core.ids import SequentialIds
from clickstack.core.settings import Settings
from clickstack.store import Store, open_store
from program import LiveServer, serve
from tables import TELEMETRY_TABLES


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--cycles", type=int, default=6, help="how often the crash tests kill the process (make soak: 200)"
    )


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

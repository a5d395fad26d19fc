"""Fixtures every test may use: a clock, ids, a store, and a whole running server."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from clickstack.core.clock import FixedClock
from clickstack.core.ids import SequentialIds
from clickstack.core.settings import Settings
from clickstack.core.sql import Sql
from clickstack.store import Store, open_store

TELEMETRY_TABLES = (
    "otel_logs",
    "otel_traces",
    "otel_traces_trace_id_ts",
    "otel_metrics_gauge",
    "otel_metrics_sum",
    "otel_metrics_histogram",
    "otel_metrics_exponential_histogram",
    "otel_metrics_summary",
    "hyperdx_sessions",
    "otel_logs_kv_rollup_15m",
    "otel_traces_kv_rollup_15m",
)


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


@dataclass(frozen=True)
class LiveServer:
    """A running `clickstack serve` of its own, with an empty data directory."""

    app_url: str
    api_url: str
    otlp_http_url: str
    otlp_grpc_target: str
    data_dir: Path
    process: subprocess.Popen[bytes]


@pytest.fixture(scope="session")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serve(tmp_path_factory.mktemp("live")) as server:
        yield server


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[LiveServer]:
    """A server for one test alone."""
    with serve(tmp_path / "data") as server:
        yield server


@contextlib.contextmanager
def serve(data_dir: Path, *extra: str, ports: tuple[int, ...] | None = None) -> Iterator[LiveServer]:
    """Run the real program until the block ends; it must be ready within 30 s and stop cleanly on SIGTERM."""
    app, api, http, grpc = ports or free_ports(4)
    command = [
        *(sys.executable, "-m", "clickstack", "serve", "--data-dir", str(data_dir), "--app-port", str(app)),
        *("--api-port", str(api), "--otlp-http-port", str(http), "--otlp-grpc-port", str(grpc), *extra),
    ]
    log = data_dir.parent / f"{data_dir.name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=clean_environment())
    server = LiveServer(
        f"http://127.0.0.1:{app}",
        f"http://127.0.0.1:{api}",
        f"http://127.0.0.1:{http}",
        f"127.0.0.1:{grpc}",
        data_dir,
        process,
    )
    try:
        _wait_until_ready(server, log)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(10)
        finally:
            process.kill()


def clean_environment() -> dict[str, str]:
    """The environment without settings of the person who runs the tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("CLICKSTACK_", "OTEL_"))}


def free_ports(count: int) -> tuple[int, ...]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = tuple(each.getsockname()[1] for each in sockets)
    for each in sockets:
        each.close()
    return ports


def _wait_until_ready(server: LiveServer, log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{server.api_url}/ready", timeout=1) as reply:
            if reply.status == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"the server did not become ready:\n{log.read_text(errors='replace')[-4000:]}")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of an installed Chromium."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.fail("Chromium is not installed: `make test` installs Debian's package, or install a Chromium yourself.")
    return path


def count_rows(store: Store, table: str) -> int:
    return int(store.query(Sql.of(f"SELECT count() FROM {table}")).scalar())

"""From every schema there ever was to the newest: rows stay, new ones come in, a kill half-way costs nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clickstack.store.migrate import migrations

CHILD = Path(__file__).with_name("upgrade_child.py")
OLD = "of the old schema"
HEAD = len(migrations())
# Migration → the telemetry tables it brought.
BROUGHT = {
    1: ["otel_logs"],
    2: ["otel_traces"],
    3: [f"otel_metrics_{kind}" for kind in ("gauge", "sum", "histogram", "exponential_histogram", "summary")],
    4: ["hyperdx_sessions"],
}
LOADED = {"otel_logs", "otel_traces", "otel_metrics_gauge", "hyperdx_sessions"}  # by the check


def child(*arguments: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(CHILD.parent.parent)}
    command = [sys.executable, str(CHILD), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=120)


def found_in(data_dir: Path) -> dict[str, Any]:
    done = child("check", data_dir)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def new_schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    schema: dict[str, str] = found_in(tmp_path_factory.mktemp("new"))["schema"]
    return schema


def expected_rows(version: int) -> dict[str, list[str]]:
    return {
        table: (["new"] if table in LOADED else []) + ([OLD] if brought <= version else [])
        for brought, tables in BROUGHT.items()
        for table in tables
    }


@pytest.mark.parametrize("version", range(1, HEAD))
def test_every_earlier_schema_is_brought_up_to_date(tmp_path: Path, version: int, new_schema: dict[str, str]) -> None:
    made = child("make", tmp_path, version)
    assert made.returncode == 0, made.stderr[-2000:]
    found = found_in(tmp_path)
    assert found["held"] == expected_rows(version)
    assert found["series"] == {table: names for table, names in found["held"].items() if "metrics" in table and names}
    assert found["schema"] == new_schema


def test_an_upgrade_killed_before_any_statement_goes_on_where_it_was(
    tmp_path: Path, new_schema: dict[str, str]
) -> None:
    """Killed in the middle of one migration after the other."""
    assert child("make", tmp_path, 1).returncode == 0
    killed = [child("upgrade", tmp_path, count).returncode for count in (2, 4, 6, 3, 8)]
    assert killed.count(-signal.SIGKILL) >= 4
    found = found_in(tmp_path)
    assert found["held"] == expected_rows(1)
    assert found["series"] == {"otel_metrics_gauge": ["new"]}
    assert found["schema"] == new_schema

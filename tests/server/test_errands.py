"""Commands beside the running program: it does what they ask, for the engine and the spool are its own."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from clickstack.core.clock import SystemClock
from clickstack.core.ids import RandomIds
from clickstack.ingest.dead_letters import DeadLetters
from clickstack.server.errands import Errands, ask_server
from ingest.requests import gauges
from program import LiveServer, clean_environment, serve

NAME = "otel_metrics_gauge-0123456789abcdef01234567-0-1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serve(tmp_path_factory.mktemp("errands") / "data", "--self-telemetry", "false") as running:
        yield running


def clickstack(*arguments: str, data_dir: Path) -> tuple[int, str]:
    """Exit code, and what was printed."""
    done = subprocess.run(
        [sys.executable, "-m", "clickstack", *arguments, "--data-dir", str(data_dir)],
        capture_output=True, text=True, check=False, env=clean_environment(), timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def loaded_metrics(server: LiveServer) -> int:
    with urllib.request.urlopen(f"{server.api_url}/metrics", timeout=10) as reply:
        text = reply.read().decode()
    wanted = 'clickstack_ingest_loaded_records_total{signal="metrics"} '
    return next(int(line.removeprefix(wanted)) for line in text.splitlines() if line.startswith(wanted))


def test_dead_letters_are_loaded_by_the_running_server(server: LiveServer) -> None:
    clock = SystemClock()
    letter = gauges(["one", "two"], start_ns=clock.now_ns())
    DeadLetters(server.data_dir / "dead-letters", clock).add(NAME, "metrics", "otel_metrics_gauge", 2, letter, "once")
    assert "dead letters: 1" in clickstack("spool", "status", data_dir=server.data_dir)[1]
    assert clickstack("spool", "retry", NAME, data_dir=server.data_dir) == (
        0,
        f"{NAME}: back in the spool\nThe server is loading them.\n",
    )
    deadline = time.monotonic() + 10
    while loaded_metrics(server) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert clickstack("spool", "retry", data_dir=server.data_dir) == (0, "No dead letters.\n")
    code, said = clickstack("spool", "retry", NAME, data_dir=server.data_dir)
    assert (code, f"There is no dead letter {NAME}" in said) == (1, True)


def test_index_profiles_are_shown_and_changed(server: LiveServer) -> None:
    code, said = clickstack("index-profile", data_dir=server.data_dir)
    assert code == 0
    assert [line.split()[:2] for line in said.splitlines()[1:3]] == [["otel_logs", "text"], ["otel_traces", "text"]]
    code, said = clickstack("index-profile", "metrics", "none", data_dir=server.data_dir)
    assert (code, [line.split()[1] for line in said.splitlines()[1:]]) == (0, ["none"] * 5)
    assert "none" in clickstack("index-profile", "otel_metrics_sum", data_dir=server.data_dir)[1]
    for arguments in (("otel_profiles",), ("logs", "best")):
        assert clickstack("index-profile", *arguments, data_dir=server.data_dir)[0] == 1


def test_index_profiles_without_a_server(tmp_path: Path) -> None:
    with serve(tmp_path / "data", "--self-telemetry", "false"):
        pass
    code, said = clickstack("index-profile", "otel_logs", "bloom", data_dir=tmp_path / "data")
    assert (code, said.splitlines()[1].split()[:2]) == (0, ["otel_logs", "bloom"])
    assert "is not a data directory" in clickstack("index-profile", data_dir=tmp_path / "elsewhere")[1]


@pytest.mark.parametrize("note", [b'{"verb', b"[]", b'{"verb": "hello"}', b""])
def test_a_note_that_is_no_errand_ends_nothing(tmp_path: Path, note: bytes) -> None:
    clock = SystemClock()
    with Errands(tmp_path, {"hello": lambda names: [f"hello {name}" for name in names]}):
        (tmp_path / "errands" / "0.errand").write_bytes(note)
        assert ask_server(tmp_path, "hello", ["Ada"], clock, RandomIds(clock), 10) == ["hello Ada"]

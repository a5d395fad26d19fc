"""What was acknowledged is stored once, whenever the process is killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from program import killed_after

CHILD = Path(__file__).with_name("crash_child.py")
TESTS = CHILD.parent.parent


def child(mode: str, data_dir: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    return subprocess.Popen(
        [sys.executable, str(CHILD), mode, str(data_dir)], stdout=subprocess.PIPE, text=True, env=environment
    )


def test_acknowledged_records_survive_kill_9_and_are_stored_once(tmp_path: Path, cycles: int) -> None:
    moments = random.Random(7)
    acknowledged: list[str] = []
    for _ in range(cycles):
        process = child("load", tmp_path)
        assert process.stdout is not None
        lines = moments.randint(40, 400)  # killed after so many acknowledgements: early, amid loads, with a backlog
        with killed_after(60, process):
            acknowledged += [process.stdout.readline().strip() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate(timeout=20)
        acknowledged += [line for line in rest.split("\n")[:-1] if line]

    process = child("count", tmp_path)
    answer, _ = process.communicate(timeout=60 + 10 * cycles)
    found = json.loads(answer)
    stored = found["stored"]

    lost = [name for name in acknowledged for part in (*range(20), "replay") if f"{name}/{part}" not in stored]
    doubled = {body: count for body, count in stored.items() if count != 1}
    assert not lost
    assert not doubled
    assert found["rolled_up"] == found["logs"]
    assert len(acknowledged) > 40 * cycles
    assert not list((tmp_path / "spool" / "logs").iterdir())

"""The engine is closed under queries that run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CLOSE_UNDER_QUERIES = """
import sys, pathlib, threading, time
from clickstack.core.errors import ClickstackError
from clickstack.core.settings import Settings
from clickstack.core.sql import Sql
from clickstack.store import open_store

store = open_store(Settings(data_dir=pathlib.Path(sys.argv[1])))

def ask(number):
    try:
        store.query(
            Sql.of(f"SELECT count() FROM numbers(300000000000) WHERE sipHash64(number, {number}) = 1"),
            pool="untrusted", query_id=f"q{number}" if number % 2 else None,
        )
    except ClickstackError as error:
        sys.stdout.write(type(error).__name__ + "\\n")

threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]  # two run, two wait
for thread in threads:
    thread.start()
running = Sql.of("SELECT count() FROM system.processes WHERE query LIKE '%numbers(300%' AND query NOT LIKE '%LIKE%'")
while store.query(running, pool="admin").scalar() < 2:
    time.sleep(0.05)
began = time.monotonic()
store.close()
for thread in threads:
    thread.join()
print("closed", time.monotonic() - began < 20)
"""


def test_queries_that_run_end_before_the_engine(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CLOSE_UNDER_QUERIES, str(tmp_path)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split("\n")) == ["", "Busy", "Busy", "Cancelled", "Cancelled", "closed True"]

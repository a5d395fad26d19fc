"""A table gets another sorting key: its rows, its definition and its memory of what came in stay."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REBUILD = """
import sys, pathlib
from clickstack.core.settings import Settings
from clickstack.core.sql import Sql
from clickstack.store import open_store
from clickstack.store.rebuild import rebuild

store = open_store(Settings(data_dir=pathlib.Path(sys.argv[1])))
for text in sys.argv[2:]:
    if text.startswith("SELECT"):
        print(store.query(Sql.of(text), pool="admin").scalar())
    elif text.startswith("("):
        rebuild(store, "t", text)
    else:
        store.command(text)
store.close()
"""
TABLE = (
    "CREATE TABLE t (a Int64, b Int64, day Date, c Int64 DEFAULT b + 1, d Int64 MATERIALIZED b + 2, "
    "e Int64 ALIAS b + 3, INDEX i a TYPE minmax) ENGINE = MergeTree PARTITION BY day ORDER BY (a) "
    "TTL day + toIntervalYear(90) SETTINGS index_granularity = 512, non_replicated_deduplication_window = 100"
)
ROWS = (
    "INSERT INTO t (a, b, day) SETTINGS insert_deduplication_token = 'segment-1' "
    "SELECT number, 9 - number, toDate('2026-01-01') + number % 3 FROM numbers(9)"
)
LEFT_OVER = "SELECT count() FROM system.tables WHERE name = 't_rebuilt'"


def run(data_dir: Path, *steps: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", REBUILD, str(data_dir), *steps], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [line for line in done.stdout.splitlines() if not line.startswith("{")]


@pytest.mark.parametrize("left_over", ["SELECT 1", f"{TABLE.replace('TABLE t', 'TABLE t_rebuilt')}"])
def test_only_the_order_changes(tmp_path: Path, left_over: str) -> None:
    """Also when an attempt before was cut off."""
    define = "SELECT create_table_query FROM system.tables WHERE name = 't'"
    rows = "SELECT arraySort(groupArray((a, b, c, d, e, day))) FROM t"
    run(tmp_path, TABLE, ROWS, left_over)
    before, stored, after, kept, key, left = run(
        tmp_path,
        define,
        rows,
        "(b, a)",
        define,
        rows,
        "SELECT sorting_key FROM system.tables WHERE name = 't'",
        LEFT_OVER,
    )
    assert after == before.replace("ORDER BY (a)", "ORDER BY (b, a)").replace("ORDER BY a ", "ORDER BY (b, a) ")
    assert (kept, key, left) == (stored, "b, a", "0")


def test_what_came_in_before_is_not_stored_twice(tmp_path: Path) -> None:
    """The segment was stored, and the process killed before the segment was deleted."""
    count = "SELECT count() FROM t"
    assert run(tmp_path, TABLE, ROWS, "(b, a)", ROWS, count) == ["9"]
    assert run(tmp_path, ROWS, count) == ["9"]
    assert run(tmp_path, ROWS.replace("segment-1", "segment-2"), count) == ["18"]

"""A part that never came into place must not be taken for stored."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from clickstack.store.mend import mend_deduplication_logs


def test_entries_without_a_part_are_forgotten(tmp_path: Path) -> None:
    table = tmp_path / "store" / "abc" / "abc-uuid"
    logs = table / "deduplication_logs"
    logs.mkdir(parents=True)
    for part in ("20260101_1_3_1", "20260101_4_4_0", "tmp_insert_20260101_5_5_0", "detached"):
        (table / part).mkdir()
    kept = "1\t20260101_2_2_0\t20260101_7_7\n1\t20260101_4_4_0\t20260101_8_8\n2\t20260101_9_9_0\t20260101_6_6\n"
    log = logs / "deduplication_log_1.txt"
    log.write_text(kept + "1\t20260101_5_5_0\t20260101_9_9\n1\t20260102_6_6_0\t20260102_9_9\n1\t2026")
    assert mend_deduplication_logs(tmp_path) == 3
    assert log.read_text() == kept
    assert mend_deduplication_logs(tmp_path) == 0


def test_a_part_that_a_mutation_rewrote_is_there(tmp_path: Path) -> None:
    table = tmp_path / "store" / "abc" / "abc-uuid"
    (table / "deduplication_logs").mkdir(parents=True)
    (table / "20260101_1_1_0_7").mkdir()
    (table / "all_1_9_2_11").mkdir()
    entries = "1\t20260101_1_1_0\t20260101_7_7\n1\tall_4_4_0\tall_8_8\n"
    log = table / "deduplication_logs" / "deduplication_log_1.txt"
    log.write_text(entries)
    assert mend_deduplication_logs(tmp_path) == 0
    log.write_bytes(entries.encode() + b"\0\0\0\n\n\xff\xfe\n")  # what a power cut may leave of blocks not written
    assert mend_deduplication_logs(tmp_path) == 3
    assert log.read_text() == entries


STEPS = """
import pathlib, sys
from clickstack.core.settings import Settings
from clickstack.core.sql import Sql
from clickstack.store import open_store

store = open_store(Settings(data_dir=pathlib.Path(sys.argv[1]), engine_memory_mb=1024))
for text in sys.argv[2:]:
    if text.startswith("SELECT"):
        print(store.query(Sql.of(text), pool="admin").scalar())
    else:
        store.command(text)
store.close()
"""
DAYS = 120  # more broken parts than the engine forgives by itself
SEGMENT = (
    "INSERT INTO otel_logs (Timestamp, ServiceName, Body) SETTINGS insert_deduplication_token = 'segment-1', "
    "max_partitions_per_insert_block = 0, deduplicate_blocks_in_dependent_materialized_views = 1 "
    f"SELECT now64(9) + toIntervalDay(number % {DAYS}), 'a', toString(number) FROM numbers({3 * DAYS})"
)
ROWS = "SELECT count() FROM otel_logs"
COUNTED = "SELECT sum(count) FROM otel_logs_kv_rollup_15m WHERE Key = 'ServiceName'"


def run(data_dir: Path, *steps: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", STEPS, str(data_dir), *steps], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [line for line in done.stdout.splitlines() if not line.startswith("{")]


def test_parts_that_a_power_cut_left_empty_are_loaded_again(tmp_path: Path) -> None:
    """They were in place and remembered, their bytes were not on disk yet; so was their segment, which comes again."""
    rows = str(3 * DAYS)
    assert run(tmp_path, SEGMENT, ROWS, COUNTED) == [rows, rows]
    torn = list((tmp_path / "engine").glob("store/*/*/2*/data.bin"))
    assert len(torn) == 2 * DAYS  # of the table and of its roll-up
    for path in torn:
        os.truncate(path, 0)
    assert run(tmp_path, SEGMENT, SEGMENT, ROWS, COUNTED) == [rows, rows]

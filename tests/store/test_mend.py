"""A part that never came into place must not be taken for stored."""

from __future__ import annotations

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

"""Before the engine opens: forget deduplication entries of parts that do not exist.

The engine writes a block's deduplication entry first and renames the block's part into place after it. A process killed
between the two leaves an entry without a part: loading the block again would be taken for a repetition, and its rows
would be lost. An entry is kept only while some part of its table covers the part it names.

A line of `deduplication_log_<n>.txt`: 1 <tab> <partition>_<first block>_<last block>_<level> <tab> <block id>.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

LOGS = "deduplication_logs"  # the directory of a table's logs
PART = re.compile(r"(?P<partition>.+)_(?P<first>\d+)_(?P<last>\d+)_\d+(?:_\d+)?")


def mend_deduplication_logs(engine_directory: Path) -> int:
    """Remove entries without a part from every table's log; returns how many. The engine must not be running."""
    removed = 0
    for logs in engine_directory.glob(f"store/*/*/{LOGS}"):
        blocks = _blocks(logs.parent)
        for log in sorted(logs.glob("deduplication_log_*.txt")):
            lines = log.read_text().splitlines(keepends=True)
            kept = [line for line in lines if line.endswith("\n") and _has_part(line, blocks)]
            if len(kept) < len(lines):
                _replace(log, "".join(kept))
                removed += len(lines) - len(kept)
    return removed


def _blocks(table: Path) -> dict[str, list[tuple[int, int]]]:
    """Partition → block ranges of the parts on disk."""
    found: dict[str, list[tuple[int, int]]] = {}
    for part in table.iterdir():
        match = PART.fullmatch(part.name)
        if match and not part.name.startswith(("tmp", "delete_tmp")):
            found.setdefault(match["partition"], []).append((int(match["first"]), int(match["last"])))
    return found


def _has_part(line: str, blocks: dict[str, list[tuple[int, int]]]) -> bool:
    """Whether an "added" entry's part exists, itself or merged into another. Other entries stay as they are."""
    operation, name, *_ = line.split("\t")
    match = PART.fullmatch(name)
    if operation != "1" or match is None:
        return True
    first, last = int(match["first"]), int(match["last"])
    return any(low <= first and last <= high for low, high in blocks.get(match["partition"], ()))


def _replace(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    with fresh.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)

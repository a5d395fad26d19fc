"""Around the engine's opening: forget deduplication entries of parts that do not exist.

The engine writes a block's deduplication entry first and renames the block's part into place after it. A process killed
between the two leaves an entry without a part: loading the block again would be taken for a repetition, and its rows
would be lost. An entry is kept only while some part of its table covers the part it names.

That is looked at before the engine opens. A power cut leaves parts that are in place and not whole; only the engine
tells, and puts them aside when it opens. Tables that lost parts so read their entries anew (`mend_tables`).

A line of `deduplication_log_<n>.txt`: 1 <tab> <partition>_<first block>_<last block>_<level> <tab> <block id>.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from clickstack.core.log import fields, get_logger
from clickstack.core.sql import Param, Sql, ident

from .store import Store

LOGS = "deduplication_logs"  # the directory of a table's logs
# Partition ids have no underscore; the last number is there once a mutation has rewritten the part.
PART = re.compile(r"(?P<partition>[^_]+)_(?P<first>\d+)_(?P<last>\d+)_\d+(?:_\d+)?")

_log = get_logger("store")


def mend_deduplication_logs(engine_directory: Path) -> int:
    """Remove entries without a part from every table's log; returns how many. The engine must not be running."""
    removed = 0
    for logs in engine_directory.glob(f"store/*/*/{LOGS}"):
        for log, kept, unkept in _read(logs):
            if unkept:
                _replace(log, "".join(kept))
                removed += unkept
    return removed


def mend_tables(store: Store, engine_directory: Path) -> None:
    """The same for the tables of an engine that has just opened, before anything comes in. Raises StoreFailed."""
    for logs in engine_directory.glob(f"store/*/*/{LOGS}"):
        found = [(log, kept, unkept) for log, kept, unkept in _read(logs) if unkept]
        place = Param(f"/{logs.parent.name}/", "String")  # its own id, which the engine does not tell otherwise
        named = Sql.of("SELECT database, name FROM system.tables WHERE endsWith(data_paths[1], ", place, ")")
        tables = store.query(named, pool="admin").rows if found else ()
        for database, name in tables:
            table = f"{ident(database)}.{ident(name)}"
            store.command(f"DETACH TABLE {table} SYNC")
            for log, kept, _ in found:
                _replace(log, "".join(kept))
            store.command(f"ATTACH TABLE {table}")
            lost = sum(unkept for *_, unkept in found)
            _log.warning("parts were not whole, what they held is loaded again", extra=fields(table=name, parts=lost))


def _read(logs: Path) -> list[tuple[Path, list[str], int]]:
    """Each log of a table, its lines that may stay, and how many may not: without a part, torn, or no entries."""
    blocks = _blocks(logs.parent)
    found = []
    for log in sorted(logs.glob("deduplication_log_*.txt")):
        lines = log.read_text(errors="replace").splitlines(keepends=True)
        kept = [line for line in lines if line.endswith("\n") and line.count("\t") > 1 and _has_part(line, blocks)]
        found.append((log, kept, len(lines) - len(kept)))
    return found


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

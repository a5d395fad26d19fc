"""Giving a table another sorting key, which the engine cannot change in place.

    table ── its definition with the new key ──► <table>_rebuilt ◄── rows, a partition at a time
      └────────────────────── change places, the old one goes ─────────────────┘

Everything else of the definition stays: columns, indexes, retention, settings. Started over after a crash, it begins
anew, or finishes what is left. Nothing may be written to the table meanwhile; it needs the table's size of free disk.

What the table remembers of blocks that came in goes along (mend.py has the format): a segment that was loaded but not
yet deleted when the process was killed is not stored twice by the version that finds it.
"""

from __future__ import annotations

import re
from pathlib import Path

from clickstack.core.log import fields, get_logger
from clickstack.core.sql import Sql, ident, literal

from .mend import LOGS, PART
from .store import Store

_log = get_logger("store")
_ORDER_BY = re.compile(r"(?<= ORDER BY )\(.*?\)(?= TTL | SETTINGS |$)")


def rebuild(store: Store, table: str, order_by: str) -> None:
    """Order a table of the current database by `order_by`, e.g. `(a, toDate(b))`. Raises StoreFailed."""
    fresh = f"{table}_rebuilt"
    store.command(f"DROP TABLE IF EXISTS {ident(fresh)} SYNC")
    definition = _of(store, "create_table_query", table)
    ordered = _ORDER_BY.sub(order_by.replace("\\", r"\\"), definition)
    if ordered == definition:
        return
    _log.info("rebuilding a table", extra=fields(table=table, order_by=order_by))
    store.command(re.sub(r"^CREATE TABLE \S+", f"CREATE TABLE {ident(fresh)}", ordered))
    _copy(store, table, fresh)
    _remember_blocks(store, table, fresh)
    store.sync()  # only now may the old rows go
    store.command(f"EXCHANGE TABLES {ident(table)} AND {ident(fresh)}")
    store.command(f"DROP TABLE {ident(fresh)} SYNC")


def _copy(store: Store, table: str, fresh: str) -> None:
    named = f"FROM system.columns WHERE database = currentDatabase() AND table = {literal(table)}"
    stored = store.query(
        Sql.of(f"SELECT name {named} AND default_kind IN ('', 'DEFAULT') ORDER BY position"), pool="admin"
    )
    columns = ", ".join(ident(row[0]) for row in stored.rows)
    for partition in _partitions(store, table):
        store.command(
            f"INSERT INTO {ident(fresh)} ({columns}) SELECT {columns} FROM {ident(table)} "
            f"WHERE _partition_id = {literal(partition)}"
        )


def _remember_blocks(store: Store, table: str, fresh: str) -> None:
    """Write the table's log of blocks for the fresh one, each entry under the name of a part that is there."""
    before, place = (Path(_of(store, "data_paths[1]", each)) / LOGS for each in (table, fresh))
    part_of = dict(_parts(store, fresh))
    entries = []
    for log in sorted(before.glob("*.txt"), key=lambda log: int(log.stem.rpartition("_")[2])):  # oldest first
        for operation, part, *rest in (line.split("\t") for line in log.read_text().splitlines(keepends=True)):
            match = PART.fullmatch(part)
            entries.append("\t".join((operation, part_of.get(match["partition"], part) if match else part, *rest)))
    if not entries:
        return
    store.command(f"DETACH TABLE {ident(fresh)} SYNC")
    for log in place.glob("*.txt"):
        log.unlink()
    (place / "deduplication_log_1.txt").write_text("".join(entries))
    store.command(f"ATTACH TABLE {ident(fresh)}")


def _partitions(store: Store, table: str) -> list[str]:
    return sorted({partition for partition, _ in _parts(store, table)})


def _parts(store: Store, table: str) -> list[tuple[str, str]]:
    """(Partition, name) of the active parts."""
    where = f"WHERE database = currentDatabase() AND active AND table = {literal(table)}"
    return [
        (row[0], row[1])
        for row in store.query(Sql.of(f"SELECT partition_id, name FROM system.parts {where}"), pool="admin").rows
    ]


def _of(store: Store, what: str, table: str) -> str:
    where = f"WHERE database = currentDatabase() AND name = {literal(table)}"
    return str(store.query(Sql.of(f"SELECT {what} FROM system.tables {where}"), pool="admin").scalar())

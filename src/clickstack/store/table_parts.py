"""The parts of tables: how many rows each holds and of which time. Remembered for a moment, never per query.

To list them costs as much as a small query, and suggestions ask for them at every key that is typed. What this program
writes makes them be read anew at once; what the engine merges by itself is seen a moment later.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from clickstack.core.clock import Clock
from clickstack.core.limits import PARTS_AGE_S_MAX
from clickstack.core.result import QueryResult
from clickstack.core.sql import Param, Sql


@dataclass(frozen=True, slots=True)
class Part:
    """A part. Its rows lie from `first_s` to `last_s` (seconds since 1970, both included); `last_s` is 0 where the
    partition knows no time."""

    name: str
    partition: str
    rows: int
    first_s: int
    last_s: int


class TableParts:
    """Active parts by table. Safe from many threads."""

    def __init__(self, query: Callable[[Sql], QueryResult], clock: Clock) -> None:
        self._query = query
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], tuple[float, tuple[Part, ...]]] = {}
        self._writes = 0

    def of(self, database: str, table: str) -> tuple[Part, ...]:
        """The parts of a table, none for a table that has none or is not there."""
        key, now_s = (database, table), self._clock.monotonic_s()
        with self._lock:
            known, writes = self._known.get(key), self._writes
        if known and now_s - known[0] < PARTS_AGE_S_MAX:
            return known[1]
        parts = self._read(database, table)
        with self._lock:
            if writes == self._writes:  # else something was written while we read
                self._known[key] = (now_s, parts)
        return parts

    def forget(self) -> None:
        """Read all anew from now on: rows were written, or moved."""
        with self._lock:
            self._writes += 1
            self._known.clear()

    def _read(self, database: str, table: str) -> tuple[Part, ...]:
        columns = "name, partition_id, rows, toUnixTimestamp(min_time), toUnixTimestamp(max_time)"
        of_table = Sql.of(" AND database = ", Param(database, "String"), " AND table = ", Param(table, "String"))
        rows = self._query(Sql.of(f"SELECT {columns} FROM system.parts WHERE active", of_table)).rows
        return tuple(Part(*row) for row in rows)

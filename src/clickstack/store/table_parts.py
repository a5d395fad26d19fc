"""The parts of tables: how many rows each holds and of which time. Remembered for a moment, never per query.

To list them costs as much as a small query, and suggestions ask for them at every key that is typed. What this program
writes makes them be read anew at once; what the engine merges by itself is seen a moment later.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clickstack.core.clock import Clock
from clickstack.core.limits import PARTS_AGE_S_MAX, PARTS_TABLES_MAX
from clickstack.core.remembered import Remembered
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
        self._known = Remembered(clock, PARTS_AGE_S_MAX, PARTS_TABLES_MAX)

    def of(self, database: str, table: str) -> tuple[Part, ...]:
        """The parts of a table, none for a table that has none or is not there."""
        return self._known.answer((database, table), lambda: self._read(database, table))

    def forget(self) -> None:
        """Read all anew from now on: rows were written, or moved."""
        self._known.forget()

    def _read(self, database: str, table: str) -> tuple[Part, ...]:
        columns = "name, partition_id, rows, toUnixTimestamp(min_time), toUnixTimestamp(max_time)"
        of_table = Sql.of(" AND database = ", Param(database, "String"), " AND table = ", Param(table, "String"))
        rows = self._query(Sql.of(f"SELECT {columns} FROM system.parts WHERE active", of_table)).rows
        return tuple(Part(*row) for row in rows)

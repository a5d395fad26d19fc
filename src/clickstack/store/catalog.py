"""What the tables look like: columns, types, defaults, skip indexes. Read once a minute, never per query."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from clickstack.core.clock import Clock, SystemClock
from clickstack.core.errors import BadQuery
from clickstack.core.result import QueryResult
from clickstack.core.source import is_system_database
from clickstack.core.sql import Param, Sql

CATALOG_AGE_S_MAX = 60.0
CATALOG_TABLES_MAX = 1_000  # tables remembered; above: the oldest is forgotten


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column. `default_kind` is "", DEFAULT, MATERIALIZED or ALIAS."""

    name: str
    type: str
    default_kind: str
    default_expression: str


@dataclass(frozen=True, slots=True)
class SkipIndex:
    """A data-skipping index, e.g. type_full `text(tokenizer = splitByNonAlpha)` over `lower(Body)`."""

    name: str
    type: str
    type_full: str
    expression: str


@dataclass(frozen=True, slots=True)
class TableSchema:
    database: str
    table: str
    columns: tuple[TableColumn, ...]
    indexes: tuple[SkipIndex, ...]
    sorting_key: str
    engine: str = ""

    def column(self, name: str) -> TableColumn | None:
        return next((column for column in self.columns if column.name == name), None)


class Catalog:
    """Table schemas, cached for CATALOG_AGE_S_MAX."""

    def __init__(self, query: Callable[[Sql], QueryResult], clock: Clock | None = None) -> None:
        self._query = query
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], tuple[float, TableSchema]] = {}

    def table(self, database: str, table: str) -> TableSchema:
        """The schema of a table. Raises BadQuery when it does not exist, or is one of the engine's own."""
        if is_system_database(database):
            raise BadQuery(f"The database {database} is the engine's own: no source reads it.")
        key, now_s = (database, table), self._clock.monotonic_s()
        with self._lock:
            known = self._known.get(key)
        if known and now_s - known[0] < CATALOG_AGE_S_MAX:
            return known[1]
        schema = self._read(database, table)
        with self._lock:
            self._known.pop(key, None)
            self._known[key] = (now_s, schema)
            while len(self._known) > CATALOG_TABLES_MAX:
                del self._known[next(iter(self._known))]
        return schema

    def forget(self) -> None:
        """Read everything anew from now on (after a migration)."""
        with self._lock:
            self._known.clear()

    def _read(self, database: str, table: str) -> TableSchema:
        where = Sql.of(" WHERE database = ", Param(database, "String"), " AND table = ", Param(table, "String"))
        columns = self._query(
            Sql.of(
                "SELECT name, type, default_kind, default_expression FROM system.columns", where, " ORDER BY position"
            )
        ).rows
        if not columns:
            raise BadQuery(f"The table {database}.{table} does not exist.")
        indexes = self._query(
            Sql.of("SELECT name, type, type_full, expr FROM system.data_skipping_indices", where, " ORDER BY name")
        ).rows
        keys = self._query(
            Sql.of(
                "SELECT sorting_key, engine FROM system.tables WHERE database = ",
                Param(database, "String"),
                " AND name = ",
                Param(table, "String"),
            )
        ).rows
        return TableSchema(
            database=database,
            table=table,
            columns=tuple(TableColumn(*row) for row in columns),
            indexes=tuple(SkipIndex(*row) for row in indexes),
            sorting_key=keys[0][0] if keys else "",
            engine=keys[0][1] if keys else "",
        )

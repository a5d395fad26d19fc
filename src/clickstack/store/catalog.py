"""What the tables look like: columns, types, defaults, skip indexes. Read once a minute, never per query.

Their parts as well, which change more often (table_parts.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from clickstack.core.clock import Clock, SystemClock
from clickstack.core.errors import BadQuery
from clickstack.core.remembered import Remembered
from clickstack.core.result import QueryResult
from clickstack.core.source import is_system_database
from clickstack.core.sql import Param, Sql

from .table_parts import Part, TableParts

T = TypeVar("T")

CATALOG_AGE_S_MAX = 60.0
CATALOG_TABLES_MAX = 1_000  # tables remembered; above: the oldest is forgotten
CATALOG_OTHERS_MAX = 100  # other answers, some of which are lists of thousands of names


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
        clock = clock or SystemClock()
        self._schemas = Remembered(clock, CATALOG_AGE_S_MAX, CATALOG_TABLES_MAX)
        self._others = Remembered(clock, CATALOG_AGE_S_MAX, CATALOG_OTHERS_MAX)
        self._parts = TableParts(query, clock)

    def table(self, database: str, table: str) -> TableSchema:
        """The schema of a table. Raises BadQuery when it does not exist, or is one of the engine's own."""
        if is_system_database(database):
            raise BadQuery(f"The database {database} is the engine's own: no source reads it.")
        return self._schemas.answer((database, table), lambda: self._read(database, table))

    def remembered(self, what: tuple[str, ...], read: Callable[[], T]) -> T:
        """Anything else about tables that costs too much to be read for every query, as old as schemas may be."""
        return self._others.answer(what, read)

    def parts(self, database: str, table: str) -> tuple[Part, ...]:
        """The active parts of a table, as they were at most a moment ago."""
        return self._parts.of(database, table)

    def rows_changed(self) -> None:
        """Read parts anew from now on."""
        self._parts.forget()

    def forget(self) -> None:
        """Read everything anew from now on (after a migration)."""
        self._schemas.forget()
        self._others.forget()

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

"""The store as one team reads it: what this room asks goes through here, and reaches the team's own tables only.

Compiled queries name one table, the source's. Only SQL that people wrote can name others (`Sql.names_tables`); then the
engine's own tree of the whole query is checked first (reach.py), which takes about a millisecond and is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from weakref import WeakKeyDictionary

from clickstack.core.errors import BadQuery
from clickstack.core.result import QueryResult
from clickstack.core.source import Source
from clickstack.core.sql import Sql
from clickstack.store import Catalog, PoolName, Store

from .reach import Reach, tables_of
from .syntax import located

Sources = Callable[[], Iterable[Source]]

_REACHES: WeakKeyDictionary[Store, Reach] = WeakKeyDictionary()  # what a store has passed once need not be read again


class Reader:
    """`sources` are those of the team. Without them a query reaches the tables of its own source alone.

    Blocks its thread; safe from many threads.
    """

    def __init__(self, store: Store, sources: Sources = tuple, pool: PoolName = "interactive") -> None:
        self.store = store
        self._sources = sources
        self._pool: PoolName = pool

    @property
    def catalog(self) -> Catalog:
        return self.store.catalog

    def query(self, sql: Sql, source: Source, query_id: str | None = None) -> QueryResult:
        """Run a query over a source. Raises Forbidden when it reaches for more, and what Store.query raises."""
        return self._ask(sql, sql, source, query_id)

    def describe(self, sql: Sql, source: Source) -> QueryResult:
        """Names and types of a query's columns, told without reading a row. Raises what `query` raises."""
        return self._ask(Sql.of("DESCRIBE (", sql, ")"), sql, source, None)

    def _ask(self, asked: Sql, sql: Sql, source: Source, query_id: str | None) -> QueryResult:
        try:
            self._check(sql, source)
            return self.store.query(asked, pool=self._pool, query_id=query_id, settings=settings_of(source))
        except BadQuery as error:
            raise located(error) from error

    def _check(self, sql: Sql, source: Source) -> None:
        if sql.names_tables:
            reach_of(self.store).check(sql, tables_of([source, *self._sources()]))


def settings_of(source: Source | None) -> dict[str, str]:
    """The ClickHouse settings of a source (`querySettings`)."""
    return {each["setting"]: each["value"] for each in source.query_settings} if source else {}


def reader_of(store: Store | Reader) -> Reader:
    return store if isinstance(store, Reader) else Reader(store)


def reach_of(store: Store) -> Reach:
    """The check of a store, which remembers what it has passed."""
    return _REACHES.setdefault(store, Reach(store))

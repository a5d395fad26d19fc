"""The store as one team reads it: what this room asks goes through here, and reaches the team's own tables only.

Compiled queries name one table, the source's. Only SQL that people wrote can name others (`Sql.names_tables`); then the
engine's own tree of the whole query is checked first (reach.py), which takes about a millisecond and is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from weakref import WeakKeyDictionary

from clickstack.core.errors import BadQuery, Forbidden
from clickstack.core.result import QueryResult
from clickstack.core.source import Source, is_system_database
from clickstack.core.sql import Sql
from clickstack.store import Catalog, PoolName, Store

from .reach import Reach, tables_of
from .syntax import located

Sources = Callable[[], Iterable[Source]]

_REACHES: WeakKeyDictionary[Store, Reach] = WeakKeyDictionary()  # what a store has passed once need not be read again


class Reader:
    """`sources` are those of the team. Without them a query reaches the tables of its own source alone. `settings` are
    ClickHouse settings of the team; those of a source come before them.

    Blocks its thread; safe from many threads.
    """

    def __init__(
        self,
        store: Store,
        sources: Sources = tuple,
        pool: PoolName = "interactive",
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.store = store
        self._settings = settings
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

    def settings(self, source: Source | None) -> dict[str, str]:
        """The ClickHouse settings of a query over a source (`querySettings`)."""
        own = {each["setting"]: each["value"] for each in source.query_settings} if source else {}
        return {**self._settings, **own}

    def _ask(self, asked: Sql, sql: Sql, source: Source, query_id: str | None) -> QueryResult:
        try:
            self._check(sql, source)
            return self.store.query(asked, pool=self._pool, query_id=query_id, settings=self.settings(source))
        except BadQuery as error:
            told = located(error)
            if told is error:
                raise
            raise told from error.__cause__  # what the engine itself said

    def _check(self, sql: Sql, source: Source) -> None:
        if is_system_database(source.database_name):  # stored before such sources were refused
            raise Forbidden(f"The source {source.name} reads the engine's own database {source.database_name}.")
        if sql.called:
            reach_of(self.store).check_called(sql.called)
        if sql.names_tables:
            reach_of(self.store).check(sql, tables_of([source, *self._sources()]))


def reader_of(store: Store | Reader) -> Reader:
    return store if isinstance(store, Reader) else Reader(store)


def reach_of(store: Store) -> Reach:
    """The check of a store, which remembers what it has passed."""
    return _REACHES.setdefault(store, Reach(store))

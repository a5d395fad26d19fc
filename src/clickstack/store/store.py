"""The store: one engine behind few verbs."""

from __future__ import annotations

from clickstack.core.errors import ClickstackError
from clickstack.core.result import Progress, QueryResult
from clickstack.core.sql import Sql

from .catalog import Catalog
from .engine import Answer, Engine, Load, PoolName, Statement
from .query_settings import NO_SETTINGS, Settings


class Store:
    """Telemetry storage. Every method blocks its thread and may be called from any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.catalog = Catalog(self.query)

    def query(
        self,
        sql: Sql,
        *,
        pool: PoolName = "interactive",
        query_id: str | None = None,
        settings: Settings = NO_SETTINGS,
    ) -> QueryResult:
        """Run a reading query.

        `query_id` makes it visible to `progress` and `cancel`; `settings` are ClickHouse settings for it alone, which
        lift no limit. Raises BadRequest for a setting nobody may set, BadQuery, Forbidden, QueryTimeout, Cancelled,
        Busy, StoreFailed.
        """
        text, params = sql.render()
        return self._engine.query(pool, text, params, query_id, settings)

    def answer(self, statement: Statement, *, query_id: str | None = None) -> Answer:
        """Run a reading statement as it is. What it may reach is for the caller to check. Raises what `query` raises;
        `engine_fault` tells what the engine itself said."""
        return self._engine.answer(statement, query_id)

    def load(self, load: Load) -> int:
        """Insert a file of protobuf messages; exactly once per (table, token). Returns rows written.

        They survive a power cut only after `sync`, which several loads can share.
        """
        try:
            return self._engine.load(load)
        finally:
            self.catalog.rows_changed()

    def sync(self) -> None:
        """Return when everything loaded so far survives a power cut. Raises StoreFailed."""
        self._engine.sync()

    def command(self, text: str) -> None:
        """Run a statement of our own that changes things (migrations, retention)."""
        try:
            self._engine.command(text)
        finally:
            self.catalog.rows_changed()

    def progress(self, query_id: str) -> Progress | None:
        """How far a running query is; None when it is not running (yet, or any more)."""
        return self._engine.progress(query_id)

    def cancel(self, query_id: str) -> bool:
        """Stop a query. True when it was running or waiting to run."""
        return self._engine.cancel(query_id)

    def ping(self) -> bool:
        """Whether the engine answers."""
        try:
            return bool(self._engine.query("admin", "SELECT 1", {}, None).scalar() == 1)
        except ClickstackError:
            return False

    def close(self) -> None:
        self._engine.close()

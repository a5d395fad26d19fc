"""The embedded engine: chDB, ClickHouse inside this process.

One process per data path and one engine per process (chDB's rule); many connections, each used by one thread at a
time. The GIL is released while the engine works.
"""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from chdb._exceptions import ChdbError  # not chdb.ChdbError: that is another class, never raised by connections
from chdb.state.sqlitelike import Connection, connect

from clickstack.core.errors import Busy, StartupError
from clickstack.core.result import Column, Progress, QueryResult, Statistics
from clickstack.core.sql import ParamValue, ident, literal, wire_params

from .engine import READING_POOLS, Load, Pool, PoolName
from .failures import readable, translate
from .reading import check_reading

# Reads a segment in one thread and in blocks of a fixed size, so that a replay makes the very same blocks and the
# deduplication window can recognise each.
_LOAD_SETTINGS = {
    "max_threads": 1,
    "max_insert_threads": 1,
    "max_block_size": 65_536,
    "min_insert_block_size_rows": 0,
    "min_insert_block_size_bytes": 0,
    "max_insert_block_size": 65_536,
    "max_partitions_per_insert_block": 0,
    "input_format_protobuf_oneof_presence": 1,
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "async_insert": 0,
}

CLOSE_WAIT_S = 3.0  # a running query gets this long when the engine closes

_CONFIG = """<clickhouse>
    <max_server_memory_usage>{memory}</max_server_memory_usage>
    <mark_cache_size>{cache}</mark_cache_size>
    <index_mark_cache_size>{cache}</index_mark_cache_size>
    <uncompressed_cache_size>0</uncompressed_cache_size>
    <backups><allowed_path>{backups}</allowed_path></backups>
</clickhouse>
"""


class EmbeddedEngine:
    """An `Engine` over a directory. Raises StartupError when the directory cannot be opened."""

    def __init__(self, directory: Path, pools: Mapping[PoolName, Pool], memory_bytes: int) -> None:
        self._pools = pools
        self._free: dict[PoolName, queue.LifoQueue[Connection]] = {name: queue.LifoQueue() for name in pools}
        self._opened: dict[PoolName, int] = {}
        self._cancelled: set[str] = set()
        self._running: set[str] = set()
        self._lock = threading.Lock()
        self._schemas = directory / "format_schemas"
        config = directory / "engine.xml"
        try:
            self._schemas.mkdir(parents=True, exist_ok=True)
            config.write_text(
                _CONFIG.format(memory=memory_bytes, cache=memory_bytes // 16, backups=directory.parent / "backups")
            )
        except OSError as error:
            raise StartupError(f"The engine's directory {directory} cannot be written: {error.strerror}.") from None
        self._path = f"{directory}?config-file={config}"
        try:
            for name, pool in pools.items():
                for _ in range(pool.connections):
                    self._free[name].put(self._open(pool))
                    self._opened[name] = self._opened.get(name, 0) + 1
        except RuntimeError as error:
            self.close()
            raise StartupError(f"The engine cannot open {directory}: {readable(str(error))}") from error

    def query(self, pool: PoolName, text: str, params: Mapping[str, ParamValue], query_id: str | None) -> QueryResult:
        with self._named(query_id) as prefix, self._connection(pool) as connection:
            if query_id in self._cancelled:
                raise translate("Code: 394.")
            if pool in READING_POOLS:
                check_reading(text, partial(_format_query, connection))
            answer = bytes(connection.query(prefix + text, "JSONCompact", wire_params(params)).bytes())
        document = _document(answer)
        statistics = document.get("statistics", {})
        return QueryResult(
            columns=tuple(Column(each["name"], each["type"]) for each in document["meta"]),
            rows=document["data"],
            statistics=Statistics(
                rows_read=statistics.get("rows_read", 0),
                bytes_read=statistics.get("bytes_read", 0),
                elapsed_s=statistics.get("elapsed", 0.0),
            ),
        )

    def command(self, text: str) -> None:
        with self._connection("admin") as connection:
            connection.query(text)

    def load(self, load: Load) -> int:
        source = f"file({literal(str(load.path))}, 'Protobuf', {literal(load.structure)})"
        settings = {
            **_LOAD_SETTINGS,
            "insert_deduplication_token": load.token,
            "format_schema": f"{self._schema_file(load.proto)}:{load.message}",
        }
        text = (
            f"INSERT INTO {load.table} ({', '.join(ident(column) for column in load.columns)}) "
            f"SETTINGS {_assignments(settings)} {load.select.replace('{input}', source)}"
        )
        with self._connection("ingest") as connection:
            return int(connection.query(text, "Null").rows_written())

    def _schema_file(self, proto: str) -> Path:
        """The file of a schema text. As text in a setting the engine would write it to `__cache__` where we started."""
        digest = hashlib.sha256(proto.encode()).hexdigest()[:16]
        file = self._schemas / f"{digest}.proto"
        if not file.exists():
            written = file.with_suffix(f".{threading.get_ident()}")
            written.write_text(proto)
            written.replace(file)
        return file

    def progress(self, query_id: str) -> Progress | None:
        text = (
            "SELECT read_rows, total_rows_approx, elapsed FROM system.processes "
            f"WHERE startsWith(query, {literal(_prefix(query_id))})"
        )
        rows = self.query("admin", text, {}, None).rows
        return Progress(rows[0][0], rows[0][1], rows[0][2]) if rows else None

    def cancel(self, query_id: str) -> bool:
        with self._lock:
            if query_id not in self._running:
                return False
            self._cancelled.add(query_id)  # a query still waiting for a connection must not start either
        self.query("admin", f"KILL QUERY WHERE startsWith(query, {literal(_prefix(query_id))}) ASYNC", {}, None)
        return True

    def close(self) -> None:
        """Close every connection that comes back within a moment; the last one stops the engine."""
        for name, free in self._free.items():
            for _ in range(self._opened.get(name, 0)):
                try:
                    free.get(timeout=CLOSE_WAIT_S).close()
                except queue.Empty:
                    return  # a query outlived the drain; the process is about to end anyway
        self._opened.clear()

    def _open(self, pool: Pool) -> Connection:
        connection = connect(self._path)
        for name, value in pool.settings.items():
            connection.query(f"SET {name} = {_value(value)}")
        return connection

    @contextmanager
    def _connection(self, pool: PoolName) -> Iterator[Connection]:
        try:
            connection = self._free[pool].get(timeout=self._pools[pool].wait_s)
        except queue.Empty:
            raise Busy("Too many queries are running. Try again in a moment.", retry_after_s=2) from None
        try:
            yield connection
        except ChdbError as error:
            # After a failure the connection may still hold part of the failed answer and prepend it to the next
            # one, which may be another user's. It is never used again (opening one takes 0.2 ms).
            connection.close()
            connection = self._open(self._pools[pool])
            raise translate(str(error)) from error
        finally:
            self._free[pool].put(connection)

    @contextmanager
    def _named(self, query_id: str | None) -> Iterator[str]:
        """The comment that names a query in system.processes, for progress and cancel."""
        if query_id is None:
            yield ""
            return
        with self._lock:
            self._running.add(query_id)
        try:
            yield _prefix(query_id)
        finally:
            with self._lock:
                self._running.discard(query_id)
                self._cancelled.discard(query_id)


def _prefix(query_id: str) -> str:
    return f"/* clickstack:{''.join(c for c in query_id if c.isalnum() or c == '-')} */ "


def _format_query(connection: Connection, text: str) -> str:
    answer = connection.query("SELECT formatQuery({q:String})", "JSONCompact", wire_params({"q": text}))
    return str(orjson.loads(answer.bytes())["data"][0][0])


def _document(answer: bytes) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(answer) if answer else {"meta": [], "data": []}
    return document


def _value(value: Any) -> str:
    return literal(value) if isinstance(value, str) else str(value)


def _assignments(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {_value(value)}" for name, value in settings.items())

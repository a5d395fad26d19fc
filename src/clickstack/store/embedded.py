"""The embedded engine: chDB, ClickHouse inside this process.

One process per data path and one engine per process (chDB's rule); many connections, each used by one thread at a
time. The GIL is released while the engine works.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from chdb.state.sqlitelike import Connection

from clickstack.core.blocking import refuse_on_loop
from clickstack.core.errors import StartupError, StoreFailed
from clickstack.core.limits import QUERY_RESULT_BYTES_MAX
from clickstack.core.result import Column, Progress, QueryResult, Statistics
from clickstack.core.sql import ParamValue, ident, literal, wire_params

from .connections import Connections, setting
from .durability import Disk
from .engine import READING_POOLS, Answer, Load, Pool, PoolName, Statement
from .failures import too_large
from .query_settings import NO_SETTINGS, Settings
from .reading import STATEMENT_WORDS, check_reading
from .running import Running

# Reads a segment in one thread and in blocks of a fixed size, so that a replay makes the very same blocks and the
# deduplication window can recognise each. It is projected in pieces of 16 MiB, which costs less memory and less
# time than all at once; the pieces are put together before they are stored: a day's rows of a segment are one
# part, which is there whole or not at all.
_LOAD_SETTINGS = {
    "max_threads": 1,
    "max_insert_threads": 1,
    "max_block_size": 1_048_576,
    "input_format_max_block_size_bytes": 16 * 1024 * 1024,
    "min_insert_block_size_rows": 16 * 1024 * 1024,
    "min_insert_block_size_bytes": 0,
    "max_insert_block_size": 1_048_576,
    "max_partitions_per_insert_block": 0,
    "input_format_protobuf_oneof_presence": 1,
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "async_insert": 0,
}

# A part of a load is one file of all columns until it is merged into a larger one: a file per column would be a hundred
# of them to create and to sync.
_WIDE_PART_BYTES = 128 * 1024 * 1024

# In a file's path the engine takes these for patterns, archives, options or markup. A pattern that fits no file is an
# empty one to it: what was to be loaded would be gone, and nothing would have failed.
_NOT_IN_PATHS = frozenset("{}*?:&<>\\\n")

# A power cut amid a load can leave a part of each day that was loaded not whole. The engine puts them aside and deletes
# nothing; by itself it would refuse to open above a hundred. What they held is still in the spool.
_BROKEN_PARTS_MAX = 1_000_000

_CONFIG = """<clickhouse>
    <max_server_memory_usage>{memory}</max_server_memory_usage>
    <mark_cache_size>{cache}</mark_cache_size>
    <index_mark_cache_size>{cache}</index_mark_cache_size>
    <uncompressed_cache_size>0</uncompressed_cache_size>
    <backups><allowed_path>{backups}</allowed_path></backups>
    <merge_tree>
        <min_bytes_for_wide_part>{wide}</min_bytes_for_wide_part>
        <max_suspicious_broken_parts>{broken}</max_suspicious_broken_parts>
    </merge_tree>
</clickhouse>
"""


class EmbeddedEngine:
    """An `Engine` over a directory. Raises StartupError when the directory cannot be opened."""

    def __init__(self, directory: Path, pools: Mapping[PoolName, Pool], memory_bytes: int) -> None:
        self._schemas = directory / "format_schemas"
        config = directory / "engine.xml"
        if not _NOT_IN_PATHS.isdisjoint(str(directory)):
            raise StartupError(f"The engine takes no path with one of {{}}*?:&<>\\ in it: {directory.parent}.")
        try:
            self._schemas.mkdir(parents=True, exist_ok=True)
            config.write_text(
                _CONFIG.format(
                    memory=memory_bytes,
                    cache=memory_bytes // 16,
                    backups=directory.parent / "backups",
                    wide=_WIDE_PART_BYTES,
                    broken=_BROKEN_PARTS_MAX,
                )
            )
        except OSError as error:
            raise StartupError(f"The engine's directory {directory} cannot be written: {error.strerror}.") from None
        self._connections = Connections(directory, config, pools)
        self._disk = Disk(self._schemas)
        self._running = Running()

    def query(
        self,
        pool: PoolName,
        text: str,
        params: Mapping[str, ParamValue],
        query_id: str | None,
        settings: Settings = NO_SETTINGS,
    ) -> QueryResult:
        refuse_on_loop()
        with (
            self._running.asked(query_id),
            self._connections.take(pool, settings) as handle,
            self._running.on(handle.mark, query_id),
        ):
            if pool in READING_POOLS:
                check_reading(text, partial(_format_query, handle.connection))
            result = handle.connection.query(text, "JSONCompact", wire_params(params))
            answer, read = _text(result), _read(result)
        document = orjson.loads(answer) if answer else {"meta": [], "data": []}
        return QueryResult(
            columns=tuple(Column(each["name"], each["type"]) for each in document["meta"]),
            rows=document["data"],
            statistics=read,
        )

    def answer(self, statement: Statement, query_id: str | None) -> Answer:
        refuse_on_loop()
        with (
            self._running.asked(query_id),
            self._connections.take("untrusted", statement.settings, statement.ours) as handle,
            self._running.on(handle.mark, query_id),
        ):
            check_reading(statement.text, partial(_format_query, handle.connection), STATEMENT_WORDS)
            result = handle.connection.query(statement.text, statement.format, dict(statement.params))
            return Answer(_text(result), _read(result))

    def command(self, text: str) -> None:
        refuse_on_loop()
        with self._connections.take("admin") as handle:
            handle.connection.query(text)

    def load(self, load: Load) -> int:
        refuse_on_loop()
        if not _NOT_IN_PATHS.isdisjoint(str(load.path)):
            raise StoreFailed(f"The engine would read other files than {load.path}.")
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
        with self._connections.take("ingest") as handle:
            return int(handle.connection.query(text, "Null").rows_written())

    def sync(self) -> None:
        refuse_on_loop()
        self._disk.sync()

    def progress(self, query_id: str) -> Progress | None:
        mark = self._running.mark(query_id)
        if mark is None:
            return None
        text = f"SELECT read_rows, total_rows_approx, elapsed FROM system.processes WHERE {_marked(mark)}"
        rows = self.query("admin", text, {}, None).rows
        return Progress(rows[0][0], rows[0][1], rows[0][2]) if rows else None

    def cancel(self, query_id: str) -> bool:
        return self._running.cancel(query_id, lambda mark: self.command(f"KILL QUERY WHERE {_marked(mark)} ASYNC"))

    def close(self) -> None:
        self._connections.close()

    def _schema_file(self, proto: str) -> Path:
        """The file of a schema text. As text in a setting the engine would write it to `__cache__` where we started."""
        digest = hashlib.sha256(proto.encode()).hexdigest()[:16]
        file = self._schemas / f"{digest}.proto"
        if not file.exists():
            written = file.with_suffix(f".{threading.get_ident()}")
            written.write_text(proto)
            written.replace(file)
        return file


def _text(result: Any) -> bytes:
    """What the engine wrote. Its own limit is on columns, where a constant of a million rows is one value. Raises
    BadQuery."""
    if result.size() > QUERY_RESULT_BYTES_MAX:
        raise too_large()
    return bytes(result.bytes())


def _read(result: Any) -> Statistics:
    """What was read from tables (`rows_read` is what was answered). The `statistics` in JSON miss the query's end."""
    return Statistics(result.storage_rows_read(), result.storage_bytes_read(), result.elapsed())


def _marked(mark: str) -> str:
    return f"Settings['log_comment'] = {literal(mark)}"


def _format_query(connection: Connection, text: str) -> str:
    answer = connection.query("SELECT formatQuery({q:String})", "JSONCompact", wire_params({"q": text}))
    return str(orjson.loads(answer.bytes())["data"][0][0])


def _assignments(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {setting(value)}" for name, value in settings.items())

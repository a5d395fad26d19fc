"""What any engine, embedded or remote, must be able to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from clickstack.core.limits import QUERY_RESULT_BYTES_MAX
from clickstack.core.result import Progress, QueryResult, Statistics
from clickstack.core.settings import Settings
from clickstack.core.sql import ParamValue

PoolName = Literal["interactive", "background", "untrusted", "ingest", "admin"]
READING_POOLS: frozenset[PoolName] = frozenset({"interactive", "background", "untrusted"})


@dataclass(frozen=True, slots=True)
class Pool:
    """A few connections with the same rights and limits. `wait_s` is how long a caller waits for a free one."""

    connections: int
    settings: Mapping[str, int | float | str]
    wait_s: float


@dataclass(frozen=True, slots=True)
class Load:
    """A file of length-delimited protobuf messages and how its rows become a table's.

    `select` is a SELECT whose FROM is `{input}`; it yields `columns` in order. `structure` is the ClickHouse structure
    of one message, `proto` the schema text, `message` the message's name in it. Loading the same `token` into the
    same table twice stores the rows once (`non_replicated_deduplication_window`).
    """

    table: str
    columns: tuple[str, ...]
    select: str
    structure: str
    proto: str
    message: str
    path: Path
    token: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A reading statement as a client of ClickHouse sends it, and the format it wants back.

    `params` are in the text form of the engine. `settings` were sent with it; `ours` were not, and nothing bounds them.
    """

    text: str
    params: Mapping[str, str]
    format: str
    settings: Mapping[str, str]
    ours: Mapping[str, int | float | str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the engine wrote, in the statement's format."""

    body: bytes
    statistics: Statistics


class Engine(Protocol):
    """A ClickHouse. All calls block; all raise only errors of `core.errors`."""

    def query(
        self,
        pool: PoolName,
        text: str,
        params: Mapping[str, ParamValue],
        query_id: str | None,
        settings: Mapping[str, str] = ...,
    ) -> QueryResult:
        """`settings` are of this query alone (see query_settings)."""
        ...

    def answer(self, statement: Statement, query_id: str | None) -> Answer:
        """Run a statement among the untrusted ones, on a connection of its own."""
        ...

    def command(self, text: str) -> None:
        """Run a statement of our own that changes things (DDL)."""
        ...

    def load(self, load: Load) -> int:
        """Insert a file's rows; returns how many were written. They survive a power cut only after `sync`."""
        ...

    def sync(self) -> None:
        """Return when everything loaded so far survives a power cut."""
        ...

    def progress(self, query_id: str) -> Progress | None: ...

    def cancel(self, query_id: str) -> bool: ...

    def close(self) -> None: ...


# Answers as JSON that keeps numbers numbers; NaN and infinities become null; times are plain text in UTC.
_ANSWER: dict[str, int | float | str] = {
    "session_timezone": "UTC",
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_quote_denormals": 0,
    "output_format_json_quote_decimals": 0,
    "output_format_json_named_tuples_as_objects": 1,
}


# Read as dictionaries (index_profile.py, `listed`). To find rows by them the order of the tables is enough, and looking
# into the index as well would cost a query of a metric a tenth.
_ONLY_LISTED = "idx_text_metric_name,idx_text_service_name"


def pools(settings: Settings, memory_bytes: int, rows_max: int, wait_s: float) -> dict[PoolName, Pool]:
    """The pools and their limits. `readonly=1` comes last: after it a connection can change nothing, not even settings.

    With it the engine itself refuses writes, DDL, file(), url() and the lifting of limits (tests/store try).
    """
    reading: dict[str, int | float | str] = {
        **_ANSWER,
        "max_execution_time": settings.query_timeout_s,
        "max_memory_usage": memory_bytes,
        "max_result_rows": rows_max,
        "max_result_bytes": QUERY_RESULT_BYTES_MAX,
        "result_overflow_mode": "throw",
        "timeout_overflow_mode": "throw",
        "use_query_condition_cache": 1,
        "ignore_data_skipping_indices": _ONLY_LISTED,
    }
    return {
        "interactive": Pool(4, {**reading, "readonly": 1}, wait_s),
        "background": Pool(2, {**reading, "readonly": 1}, wait_s),
        "untrusted": Pool(2, {**reading, "max_memory_usage": min(memory_bytes // 2, 1024**3), "readonly": 1}, wait_s),
        "ingest": Pool(2, {**_ANSWER, "max_execution_time": 0, "max_memory_usage": memory_bytes}, wait_s=60.0),
        "admin": Pool(2, {**_ANSWER}, wait_s=60.0),
    }

"""Which search indexes the tables carry: none, bloom filters, or text indexes.

Text indexes answer searches by reading little, and their dictionaries say which keys and values there are; for logs
they cost an insert about as much again as the insert itself. Bloom filters are cheap to write and skip less; none is
for stores that are written far more than read. Every table begins with text. Indexes by trace id and duration are no
part of this: they are always there. A new profile counts for new rows at once; for the rows there are the engine builds
it in the background, part by part, and goes on after a restart.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Literal, get_args

from clickstack.core.errors import BadRequest, Conflict
from clickstack.core.log import fields, get_logger
from clickstack.core.settings import PREFIX, Settings
from clickstack.core.sql import Param, Sql, ident, literal

from .store import Store

IndexedSignal = Literal["logs", "traces", "metrics", "sessions"]
IndexProfileName = Literal["none", "bloom", "text"]
INDEXED_SIGNALS: tuple[IndexedSignal, ...] = get_args(IndexedSignal)
KEEP = "keep"  # the setting's value that leaves indexes as they are

_log = get_logger("store")


@dataclass(frozen=True, slots=True)
class _Indexed:
    """What is indexed of a table: the keys, values and `key=value` items of its maps (a part of the indexes' names →
    the column), and the words of a column. `listed` are columns whose values are listed from a text index; to find rows
    by them the table's order is enough. `first` is the profile of the table's first schema, whose indexes have the
    plain names: an index of one type must not find the files of another.
    """

    signal: IndexedSignal
    first: IndexProfileName
    maps: dict[str, str]
    words: tuple[str, str] = ("", "")
    listed: dict[str, str] = field(default_factory=dict)

    def indexes(self, profile: IndexProfileName) -> dict[str, str]:
        """Index name → its definition. Bloom: reference/ingestion.md §3.2 to §3.5."""
        if profile == "none":
            return {}
        prefix = "idx_" if profile == self.first else f"idx_{profile}_"
        text = profile == "text"
        items = "text(tokenizer = 'array')" if text else "bloom_filter(0.01) GRANULARITY 1"
        words = "text(tokenizer = 'splitByNonAlpha')" if text else "tokenbf_v1(32768, 3, 0) GRANULARITY 8"
        found = {}
        for part, column in self.maps.items():
            found[f"{prefix}{part}_key"] = f"mapKeys({column}) TYPE {items}"
            if text:
                found[f"{prefix}{part}_items"] = f"{column.removesuffix('s')}Items TYPE {items}"
            else:
                found[f"{prefix}{part}_value"] = f"mapValues({column}) TYPE {items}"
        for part, column in self.listed.items() if text else ():
            found[f"{prefix}{part}"] = f"{column} TYPE {items}"
        if self.words[0]:
            found[f"{prefix}{self.words[0]}"] = f"lower({self.words[1]}) TYPE {words}"
        return found

    def managed(self) -> set[str]:
        """The indexes of all profiles."""
        return {name for profile in get_args(IndexProfileName) for name in self.indexes(profile)}


_RESOURCE, _SCOPE = {"res_attr": "ResourceAttributes"}, {"scope_attr": "ScopeAttributes"}
_METRICS = _Indexed(
    "metrics",
    "bloom",
    {**_RESOURCE, **_SCOPE, "attr": "Attributes"},
    listed={"metric_name": "MetricName", "service_name": "ServiceName"},
)
_LOG_MAPS = {**_RESOURCE, **_SCOPE, "log_attr": "LogAttributes"}
_TABLES: dict[str, _Indexed] = {
    "otel_logs": _Indexed("logs", "text", _LOG_MAPS, ("lower_body", "Body")),
    "otel_traces": _Indexed(
        "traces", "text", {**_RESOURCE, "span_attr": "SpanAttributes"}, ("lower_span_name", "SpanName")
    ),
    "otel_metrics_gauge": _METRICS,
    "otel_metrics_sum": _METRICS,
    "otel_metrics_histogram": _METRICS,
    "otel_metrics_exponential_histogram": _METRICS,
    "otel_metrics_summary": _METRICS,
    "hyperdx_sessions": _Indexed("sessions", "bloom", _LOG_MAPS),
}
INDEXED_TABLES = tuple(_TABLES)


@dataclass(frozen=True, slots=True)
class IndexProfile:
    """The indexes of a table. `profile` is None for a set that is none of ours. `parts_to_do` of `parts` still
    wait for what was last changed; `setting` is the environment variable that fixes the profile, or "".
    """

    signal: IndexedSignal
    table: str
    profile: IndexProfileName | None
    parts_to_do: int
    parts: int
    setting: str


def tables_named(name: str) -> tuple[str, ...]:
    """A table, or the tables of a signal. Raises BadRequest."""
    found = tuple(table for table, indexed in _TABLES.items() if name in (table, indexed.signal))
    if not found:
        raise BadRequest(f"{name!r} is not one of {', '.join((*INDEXED_SIGNALS, *INDEXED_TABLES))}.")
    return found


class IndexProfiles:
    """Reads and changes index profiles. Safe to use from any thread."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._lock = threading.Lock()  # one change at a time: each reads before it writes

    def read(self) -> list[IndexProfile]:
        """Every table, in the order of INDEXED_TABLES."""
        return [self._read(table) for table in INDEXED_TABLES]

    def change(self, name: str, profile: IndexProfileName) -> None:
        """Give a table, or all tables of a signal, other indexes; old rows get theirs in the background.

        Raises BadRequest, Conflict, StoreFailed.
        """
        tables = tables_named(name)
        signal = _TABLES[tables[0]].signal
        if setting := self._fixed(signal)[0]:
            raise Conflict(f"The setting {setting} fixes the index profile of {signal}. Change it there.")
        for table in tables:
            self._apply(table, profile)

    def apply_settings(self) -> None:
        """At start: the profiles that settings name. Raises StoreFailed."""
        for table, indexed in _TABLES.items():
            if profile := self._fixed(indexed.signal)[1]:
                self._apply(table, profile)

    def _apply(self, table: str, profile: IndexProfileName) -> None:
        wanted, managed = _TABLES[table].indexes(profile), _TABLES[table].managed()
        with self._lock:
            present = self._present(table)
            added = [name for name in wanted if name not in present]
            dropped = [name for name in sorted(managed) if name in present and name not in wanted]
            if dropped:
                self._stop_building(table)
            # One ALTER of both kinds would wait until the indexes of all rows are built.
            drops = [f"DROP INDEX {ident(name)}" for name in dropped]
            adds = [f"ADD INDEX {ident(name)} {wanted[name]}" for name in added]
            builds = [f"MATERIALIZE INDEX {ident(name)}" for name in added]
            for clauses in (drops, adds + builds):
                if clauses:
                    self._store.command(f"ALTER TABLE {ident(table)} {', '.join(clauses)} SETTINGS mutations_sync = 0")
        if added or dropped:
            self._store.catalog.forget()
            _log.info("index profile changed", extra=fields(table=table, profile=profile))

    def _stop_building(self, table: str) -> None:
        """The engine drops no index that it is still building."""
        self._store.command(
            f"KILL MUTATION WHERE database = currentDatabase() AND table = {literal(table)} "
            "AND NOT is_done AND startsWith(command, '(MATERIALIZE INDEX') SYNC"
        )

    def _read(self, table: str) -> IndexProfile:
        indexed = _TABLES[table]
        present = self._present(table) & indexed.managed()
        profiles: tuple[IndexProfileName, ...] = get_args(IndexProfileName)
        done = self._store.query(
            Sql.of(
                "SELECT (SELECT count() FROM system.parts WHERE database = currentDatabase() AND active AND table = ",
                Param(table, "String"),
                "), (SELECT max(parts_to_do) FROM system.mutations "
                "WHERE database = currentDatabase() AND NOT is_done AND command LIKE '%INDEX%' AND table = ",
                Param(table, "String"),
                ")",
            ),
            pool="admin",
        ).rows[0]
        return IndexProfile(
            signal=indexed.signal,
            table=table,
            profile=next((name for name in profiles if indexed.indexes(name).keys() == present), None),
            parts_to_do=done[1] or 0,
            parts=done[0],
            setting=self._fixed(indexed.signal)[0],
        )

    def _present(self, table: str) -> set[str]:
        names = Sql.of(
            "SELECT name FROM system.data_skipping_indices WHERE database = currentDatabase() AND table = ",
            Param(table, "String"),
        )
        return {row[0] for row in self._store.query(names, pool="admin").rows}

    def _fixed(self, signal: IndexedSignal) -> tuple[str, IndexProfileName | None]:
        """The environment variable that fixes a profile, and the profile; ("", None) when it does not."""
        name = f"{signal}_index_profile"
        value = getattr(self._settings, name)
        return ("", None) if value == KEEP else (PREFIX + name.upper(), value)

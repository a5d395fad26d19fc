"""Which search indexes the tables of logs and spans carry: none, bloom filters, or text indexes.

Text indexes answer searches by reading little and cost an insert about as much again as the insert itself; bloom
filters are cheap to write and skip less; none is for stores that are written far more than read. Indexes by trace id
and duration are no part of this: they are always there. A new profile counts for new rows at once; for the rows there
are the engine builds it in the background, part by part, and goes on after a restart.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal, get_args

from clickstack.core.errors import Conflict
from clickstack.core.log import fields, get_logger
from clickstack.core.settings import PREFIX, Settings
from clickstack.core.sql import Param, Sql, ident, literal

from .store import Store

IndexedSignal = Literal["logs", "traces"]
IndexProfileName = Literal["none", "bloom", "text"]
INDEXED_SIGNALS: tuple[IndexedSignal, ...] = get_args(IndexedSignal)
KEEP = "keep"  # the setting's value that leaves indexes as they are

_log = get_logger("store")
_TABLES: dict[IndexedSignal, str] = {"logs": "otel_logs", "traces": "otel_traces"}

_WORDS_TEXT = "text(tokenizer = 'splitByNonAlpha')"
_ITEMS_TEXT = "text(tokenizer = 'array')"
_WORDS_BLOOM = "tokenbf_v1(32768, 3, 0) GRANULARITY 8"
_ITEMS_BLOOM = "bloom_filter(0.01) GRANULARITY 1"

# Index name → its definition. The names of two profiles never meet: an index of one type must not find the files of
# another. Text: as schema/0001_logs.sql and 0002_traces.sql. Bloom: reference/ingestion.md §3.2, §3.3, "Compat".
_PROFILES: dict[IndexedSignal, dict[IndexProfileName, dict[str, str]]] = {
    "logs": {
        "none": {},
        "bloom": {
            "idx_bloom_res_attr_key": f"mapKeys(ResourceAttributes) TYPE {_ITEMS_BLOOM}",
            "idx_bloom_res_attr_value": f"mapValues(ResourceAttributes) TYPE {_ITEMS_BLOOM}",
            "idx_bloom_scope_attr_key": f"mapKeys(ScopeAttributes) TYPE {_ITEMS_BLOOM}",
            "idx_bloom_scope_attr_value": f"mapValues(ScopeAttributes) TYPE {_ITEMS_BLOOM}",
            "idx_bloom_log_attr_key": f"mapKeys(LogAttributes) TYPE {_ITEMS_BLOOM}",
            "idx_bloom_log_attr_value": f"mapValues(LogAttributes) TYPE {_ITEMS_BLOOM}",
            "idx_bloom_lower_body": f"lower(Body) TYPE {_WORDS_BLOOM}",
        },
        "text": {
            "idx_res_attr_key": f"mapKeys(ResourceAttributes) TYPE {_ITEMS_TEXT}",
            "idx_res_attr_items": f"ResourceAttributeItems TYPE {_ITEMS_TEXT}",
            "idx_scope_attr_key": f"mapKeys(ScopeAttributes) TYPE {_ITEMS_TEXT}",
            "idx_scope_attr_items": f"ScopeAttributeItems TYPE {_ITEMS_TEXT}",
            "idx_log_attr_key": f"mapKeys(LogAttributes) TYPE {_ITEMS_TEXT}",
            "idx_log_attr_items": f"LogAttributeItems TYPE {_ITEMS_TEXT}",
            "idx_lower_body": f"lower(Body) TYPE {_WORDS_TEXT}",
        },
    },
    "traces": {
        "none": {},
        "bloom": {
            "idx_bloom_res_attr_key": f"mapKeys(ResourceAttributes) TYPE {_ITEMS_BLOOM}",
            "idx_bloom_res_attr_value": f"mapValues(ResourceAttributes) TYPE {_ITEMS_BLOOM}",
            "idx_bloom_span_attr_key": f"mapKeys(SpanAttributes) TYPE {_ITEMS_BLOOM}",
            "idx_bloom_span_attr_value": f"mapValues(SpanAttributes) TYPE {_ITEMS_BLOOM}",
            "idx_bloom_lower_span_name": f"lower(SpanName) TYPE {_WORDS_BLOOM}",
        },
        "text": {
            "idx_res_attr_key": f"mapKeys(ResourceAttributes) TYPE {_ITEMS_TEXT}",
            "idx_res_attr_items": f"ResourceAttributeItems TYPE {_ITEMS_TEXT}",
            "idx_span_attr_key": f"mapKeys(SpanAttributes) TYPE {_ITEMS_TEXT}",
            "idx_span_attr_items": f"SpanAttributeItems TYPE {_ITEMS_TEXT}",
            "idx_lower_span_name": f"lower(SpanName) TYPE {_WORDS_TEXT}",
        },
    },
}


@dataclass(frozen=True, slots=True)
class IndexProfile:
    """The indexes of a signal's table. `profile` is None for a set that is none of ours. `parts_to_do` of `parts` still
    wait for what was last changed; `setting` is the environment variable that fixes the profile, or "".
    """

    signal: IndexedSignal
    table: str
    profile: IndexProfileName | None
    parts_to_do: int
    parts: int
    setting: str


class IndexProfiles:
    """Reads and changes index profiles. Safe to use from any thread."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._lock = threading.Lock()  # one change at a time: each reads before it writes

    def read(self) -> list[IndexProfile]:
        """Every signal, in the order of INDEXED_SIGNALS."""
        return [self._read(signal) for signal in INDEXED_SIGNALS]

    def change(self, signal: IndexedSignal, profile: IndexProfileName) -> None:
        """Give a signal's table other indexes; old rows get theirs in the background. Raises Conflict, StoreFailed."""
        if setting := self._fixed(signal)[0]:
            raise Conflict(f"The setting {setting} fixes the index profile of {signal}. Change it there.")
        self._apply(signal, profile)

    def apply_settings(self) -> None:
        """At start: the profiles that settings name. Raises StoreFailed."""
        for signal in INDEXED_SIGNALS:
            if profile := self._fixed(signal)[1]:
                self._apply(signal, profile)

    def _apply(self, signal: IndexedSignal, profile: IndexProfileName) -> None:
        table, wanted = _TABLES[signal], _PROFILES[signal][profile]
        with self._lock:
            present = self._present(table)
            added = [name for name in wanted if name not in present]
            dropped = [name for name in _managed(signal) if name in present and name not in wanted]
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

    def _read(self, signal: IndexedSignal) -> IndexProfile:
        table = _TABLES[signal]
        present = self._present(table) & _managed(signal)
        profiles = _PROFILES[signal].items()
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
            signal=signal,
            table=table,
            profile=next((name for name, indexes in profiles if indexes.keys() == present), None),
            parts_to_do=done[1] or 0,
            parts=done[0],
            setting=self._fixed(signal)[0],
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


def _managed(signal: IndexedSignal) -> set[str]:
    """The indexes of all profiles."""
    return {name for indexes in _PROFILES[signal].values() for name in indexes}

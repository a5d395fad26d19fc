"""How long each signal's rows are kept: the TTL of its tables, read from them and written to them.

The tables themselves are where retention is kept. A setting, if given, is stronger: it is applied at every start. What
is derived from a signal (roll-ups, the trace-id table) follows the signal's main table. Rules that an operator wrote by
hand (moves, conditions, several intervals, no TTL at all) are left alone (reference/ingestion.md §6.2).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

from clickstack.core.errors import ClickstackError, Conflict
from clickstack.core.lifetime import Lifetime
from clickstack.core.log import fields, get_logger
from clickstack.core.settings import PREFIX, Settings
from clickstack.core.sql import Sql, ident

from .store import Store

RetainedSignal = Literal["logs", "traces", "metrics", "sessions"]
RETAINED_SIGNALS: tuple[RetainedSignal, ...] = get_args(RetainedSignal)

_log = get_logger("store")

# Which tables are a signal's; the first named is its main table.
_MAIN: dict[RetainedSignal, str] = {
    "logs": "otel_logs",
    "traces": "otel_traces",
    "metrics": "otel_metrics_gauge",
    "sessions": "hyperdx_sessions",
}
_OTHERS: dict[RetainedSignal, re.Pattern[str]] = {
    "logs": re.compile(r"otel_logs_[a-z_]*rollup_\d+[smhd]"),
    "traces": re.compile(r"otel_traces_(trace_id_ts|[a-z_]*rollup_\d+[smhd])"),
    "metrics": re.compile(r"otel_metrics_(sum|histogram|exponential_histogram|summary|series|[a-z_]*rollup_\d+[smhd])"),
    "sessions": re.compile(r"hyperdx_sessions_[a-z_]*rollup_\d+[smhd]"),
}
# A lone rule: a moment of the row, plus one interval of a fixed length.
_RULE = re.compile(
    r" TTL (?P<anchor>[\w.`() ]+) \+ toInterval(?P<unit>Second|Minute|Hour|Day|Week)\((?P<count>\d+)\)(?= SETTINGS |$)"
)
_UNIT_S = {"Second": 1, "Minute": 60, "Hour": 3600, "Day": 86_400, "Week": 7 * 86_400}
_DAY_OF = re.compile(r"toDate\((.+)\)")


@dataclass(frozen=True, slots=True)
class SignalRetention:
    """How long a signal is kept. `lifetime` is None when its main table has no rule of ours; `setting` is the
    environment variable that fixes it, "" when people may change it.
    """

    signal: RetainedSignal
    lifetime: Lifetime | None
    setting: str
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RetentionChange:
    """What became of the tables of one change."""

    altered: tuple[str, ...]
    left_alone: tuple[str, ...]  # rules of an operator
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Rule:
    anchor: str
    seconds: int


class Retention:
    """Reads and changes retention of every signal. Safe to use from any thread."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._lock = threading.Lock()  # one change at a time: each reads before it writes

    def read(self) -> list[SignalRetention]:
        """Every signal, in the order of RETAINED_SIGNALS."""
        rules = self._rules()
        return [
            SignalRetention(
                signal=signal,
                lifetime=_lifetime(rules.get(_MAIN[signal])),
                setting=self._fixed(signal)[0],
                tables=tuple(_tables_of(signal, rules)),
            )
            for signal in RETAINED_SIGNALS
        ]

    def change(self, signal: RetainedSignal, lifetime: Lifetime) -> RetentionChange:
        """Keep a signal for `lifetime` from now on. Raises Conflict when a setting has the say.

        Longer counts for the rows there are, too; what was stored under a longer lifetime goes by that one.
        """
        self.require_free([signal])
        return self._apply(signal, lifetime)

    def require_free(self, signals: Collection[RetainedSignal]) -> None:
        """Raises Conflict when a setting has the say over one of them, or none of our rules is on its main table."""
        for each in self.read():
            if each.signal not in signals:
                continue
            if each.setting:
                raise Conflict(f"The setting {each.setting} fixes the retention of {each.signal}. Change it there.")
            if each.lifetime is None:
                raise Conflict(f"The table of {each.signal} has a TTL of an operator's own. Change it in the database.")

    def apply_settings(self) -> None:
        """At start: what the settings say; and whatever is derived from a signal follows it."""
        rules = self._rules()
        for signal in RETAINED_SIGNALS:
            lifetime = self._fixed(signal)[1] or _lifetime(rules.get(_MAIN[signal]))
            if lifetime is not None:
                self._apply(signal, lifetime)

    def _apply(self, signal: RetainedSignal, lifetime: Lifetime) -> RetentionChange:
        altered: list[str] = []
        left_alone: list[str] = []
        failed: list[str] = []
        with self._lock:
            rules = self._rules()
            for table in _tables_of(signal, rules):
                rule = rules[table]
                if rule is None:
                    left_alone.append(table)
                elif rule.seconds != lifetime.seconds:
                    (altered if self._alter(table, rule, lifetime) else failed).append(table)
        if altered or failed:
            _log.info(
                "retention changed",
                extra=fields(signal=signal, lifetime=str(lifetime), altered=altered, skipped=left_alone, failed=failed),
            )
        return RetentionChange(tuple(altered), tuple(left_alone), tuple(failed))

    def _alter(self, table: str, rule: _Rule, lifetime: Lifetime) -> bool:
        # Counted from midnight, a lifetime of hours would end before the row comes in.
        day_of = _DAY_OF.fullmatch(rule.anchor)
        anchor = f"toDateTime({day_of[1]})" if day_of else rule.anchor
        longer = int(lifetime.seconds > rule.seconds)
        try:
            self._store.command(
                f"ALTER TABLE {ident(table)} MODIFY TTL {anchor} + {lifetime.interval} "
                f"SETTINGS materialize_ttl_after_modify = {longer}, mutations_sync = 0"
            )
        except ClickstackError as error:
            _log.warning("retention not changed", extra=fields(table=table, reason=str(error)))
            return False
        return True

    def _rules(self) -> dict[str, _Rule | None]:
        """The rule of every table with rows of its own; None for one that is not ours to change."""
        rows = self._store.query(
            Sql.of(
                "SELECT name, engine_full FROM system.tables "
                "WHERE database = currentDatabase() AND engine LIKE '%MergeTree%' ORDER BY name"
            ),
            pool="admin",
        ).rows
        return {name: _rule_of(definition) for name, definition in rows}

    def _fixed(self, signal: RetainedSignal) -> tuple[str, Lifetime | None]:
        """The environment variable that fixes a signal's lifetime, and the lifetime; ("", None) when none does."""
        for name in (f"{signal}_ttl", "tables_ttl"):
            lifetime: Lifetime | None = getattr(self._settings, name)
            if lifetime is not None:
                return PREFIX + name.upper(), lifetime
        return "", None


def _rule_of(definition: str) -> _Rule | None:
    match = _RULE.search(definition)
    return _Rule(match["anchor"], int(match["count"]) * _UNIT_S[match["unit"]]) if match else None


def _lifetime(rule: _Rule | None) -> Lifetime | None:
    return Lifetime(rule.seconds) if rule else None


def _tables_of(signal: RetainedSignal, tables: dict[str, _Rule | None]) -> list[str]:
    """The signal's tables among those there are, the main one first."""
    main = [_MAIN[signal]] if _MAIN[signal] in tables else []
    return main + [table for table in tables if _OTHERS[signal].fullmatch(table)]

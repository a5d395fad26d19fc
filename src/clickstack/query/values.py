"""Which values a key takes, most frequent first (reference/query-engine.md §5.5).

Four ways, the first that can answer: a roll-up table, the dictionary of a text index, the series of a metric, a sample
of the events. All but the last cannot be filtered by anything but time. Events without the attribute are not counted,
nor are its empty values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clickstack.core.limits import EXPLORE_SAMPLE_ROWS_MAX
from clickstack.core.result import Statistics
from clickstack.core.sql import Param, Sql
from clickstack.store import Store

from .counted import (
    NATIVE,
    NOTHING_COUNTED,
    Counted,
    from_index,
    from_rollup,
    index_of_items,
    index_of_values,
    rollup_table,
)
from .draft import select, table
from .events import Events, Scope
from .keys import KeyMeaning, read_key
from .reader import Reader
from .series import series_of

Method = Literal["rollup", "index", "scan"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which values: `prefix` begins them, `contains` is somewhere in them; both regardless of case."""

    prefix: str = ""
    contains: str = ""

    def condition(self, text: str) -> list[Sql]:
        found = [
            Sql.of(f"startsWith(lowerUTF8({text}), lowerUTF8(", Param(self.prefix, "String"), "))"),
            Sql.of(f"positionCaseInsensitiveUTF8({text}, ", Param(self.contains, "String"), ") > 0"),
        ]
        return [sql for sql, asked in zip(found, (self.prefix, self.contains), strict=True) if asked]


@dataclass(frozen=True, slots=True)
class ValueList:
    """`truncated`: there are more values than these. `estimated`: counts are of a sample, or of a slightly longer range
    than asked. `method` says where they come from."""

    key: str
    values: list[tuple[str, int]]
    truncated: bool
    estimated: bool
    method: Method
    statistics: Statistics
    warnings: tuple[str, ...] = ()


def find_values(
    store: Store | Reader, scope: Scope, key: str, limit: int, wanted: Wanted = Wanted(), query_id: str | None = None
) -> ValueList:
    """Raises BadQuery for a key that does not exist, and what Events raises."""
    events = Events(store, scope, query_id)
    meaning = read_key(key, events.fields)
    events.wrote("key", key, meaning.sql)
    return values_of(events, meaning, limit, wanted)


def values_of(events: Events, key: KeyMeaning, limit: int, wanted: Wanted = Wanted()) -> ValueList:
    method, found = _found(events, key, limit, wanted)
    return ValueList(
        key=key.text,
        values=found.counts[:limit],
        truncated=found.truncated,
        estimated=found.estimated,
        method=method,
        statistics=events.statistics,
        warnings=events.warnings,
    )


def _found(events: Events, key: KeyMeaning, limit: int, wanted: Wanted) -> tuple[Method, Counted]:
    filled = [Sql.of("__text != ''")] if key.attribute else []
    condition = Sql.join([*filled, *wanted.condition("__text")], " AND ") or None
    if events.scope.unfiltered and not events.scope.time_range.empty:
        name, inside = key.attribute or (NATIVE, key.column)
        rollup = rollup_table(events, name)
        if rollup and inside is not None:
            found = from_rollup(events, rollup, name, limit, inside, condition)
            if found is None and condition and from_rollup(events, rollup, name, 1, inside):
                found = NOTHING_COUNTED
            if found is not None:  # else: perhaps nothing in this range, perhaps a column the roll-up does not count
                return "rollup", found
        of_index = _indexed(events, key, limit, condition, wanted.prefix)
        if of_index is not None:
            return "index", of_index
    series = series_of(events)
    if series is not None and key.known_to(series.fields):
        return "rollup", _scan(series, key, limit, wanted)
    return "scan", _scan(events, key, limit, wanted)


def _indexed(events: Events, key: KeyMeaning, limit: int, condition: Sql | None, typed: str) -> Counted | None:
    if key.attribute:
        items = index_of_items(events.fields, key.attribute[0])
        return from_index(events, items[0], limit, f"{key.attribute[1]}{items[1]}", condition, typed) if items else None
    index = index_of_values(events.fields, key.column) if key.column else None
    return from_index(events, index, limit, "", condition, typed) if index else None


def _scan(events: Events, key: KeyMeaning, limit: int, wanted: Wanted) -> Counted:
    if events.scope.time_range.empty:
        return NOTHING_COUNTED
    asked = [key.present] if key.present else []
    sample, each = events.sample(EXPLORE_SAMPLE_ROWS_MAX, *asked)
    values = Sql.of("arrayJoin(", key.values, ") AS __text")
    columns = [values, Sql.of(f"{events.counting} AS __count"), Sql.of("count() OVER () AS __distinct")]
    filled = ["__text != ''"] if key.attribute else []
    having = Sql.join([*filled, *wanted.condition("__text")], " AND ")
    tail: list[str | Sql] = [
        "GROUP BY __text",
        *([Sql.of("HAVING ", having)] if having else []),
        "ORDER BY __count DESC, __text",
        f"LIMIT {limit}",
    ]
    rows = events.ask(select(columns, table(events.fields), [*events.where(), *asked, *sample], tail)).rows
    counts = [(row[0], round(row[1] * each)) for row in rows]
    more = bool(rows) and rows[0][2] > limit
    return Counted(counts, truncated=more or each > 1, estimated=each > 1)

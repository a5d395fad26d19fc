"""What was counted while it was stored: roll-up tables, and the dictionaries of text indexes.

A text index over a map's keys, or over its `key=value` items, has every token with its number of rows, part by part,
in order. Reading that is exact, needs no scan, and costs an insert nothing beyond the index that searches need anyway.
A part may hold more than the asked range: then the numbers are cut down in proportion, and called estimates.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from clickstack.core.errors import BadQuery, Forbidden
from clickstack.core.limits import DICTIONARY_TOKENS_MAX
from clickstack.core.sql import Param, Sql, ident
from clickstack.store import SkipIndex, TableSchema

from .draft import select, subquery
from .events import Events
from .fields import Fields

DICTIONARY = "mergeTreeTextIndex"  # the table function that reads a text index
NATIVE = "NativeColumn"  # how roll-ups call the map of a plain column (reference/query-engine.md §5.4)
ROLLUP_COLUMNS = {"Timestamp", "ColumnIdentifier", "Key", "Value", "count"}
ROLLUP_WIDTH_MS = 15 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Counted:
    """Texts, most frequent first. `truncated`: there are more, or may be, because not all was read."""

    counts: list[tuple[str, int]]
    truncated: bool
    estimated: bool


NOTHING_COUNTED = Counted([], truncated=False, estimated=False)


def index_of_keys(fields: Fields, column: str) -> SkipIndex | None:
    """The text index over the keys of a map."""
    return _whole_tokens(fields.index(f"mapKeys({column})", ("text",)))


def index_of_values(fields: Fields, column: str) -> SkipIndex | None:
    """The text index over the whole values of a column."""
    return _whole_tokens(fields.index(column, ("text",)))


def index_of_items(fields: Fields, column: str) -> tuple[SkipIndex, str] | None:
    """The text index over the `key=value` items of a map, and what stands between key and value."""
    found = fields.map_field(column, "").map_key
    if found is None or found.items is None:
        return None
    holder = next(each for each in fields.schema.columns if Sql.of(ident(each.name)) == found.items)
    for expression in (holder.name, holder.default_expression):
        index = _whole_tokens(fields.index(expression, ("text",)))
        if index:
            return index, found.separator
    return None


def from_index(
    events: Events, index: SkipIndex, limit: int, begin: str, wanted: Sql | None, typed: str = ""
) -> Counted | None:
    """Tokens that start with `begin`, without it. `wanted` is a condition on `__text`, what follows `begin`.

    None when the engine cannot read dictionaries (ClickHouse before 26.3) or does not let us.

    `typed` is what `wanted` wants the text to start with, in any case. When there are too many tokens to read them all,
    only those are looked at that start with exactly that.
    """
    found = _dictionaries(events, [index], limit, begin, begin, wanted)
    if found and found[0].cut_short and typed:
        found = _dictionaries(events, [index], limit, begin, begin + typed, wanted)
        return replace(found[0].counted, truncated=True) if found else None
    return found[0].counted if found else None


def from_indexes(events: Events, indexes: Sequence[SkipIndex], limit: int) -> list[Counted] | None:
    """The tokens of several indexes, in one query: a small one costs more to plan than to run. None as above."""
    found = _dictionaries(events, indexes, limit)
    return None if found is None else [each.counted for each in found]


@dataclass(frozen=True, slots=True)
class _Dictionary:
    """`cut_short`: it has more tokens than were read."""

    counted: Counted
    cut_short: bool


def _dictionaries(
    events: Events,
    indexes: Sequence[SkipIndex],
    limit: int,
    begin: str = "",
    start: str = "",
    wanted: Sql | None = None,
) -> list[_Dictionary] | None:
    """The most frequent wanted texts of each index whose tokens start with `start`; a text is what follows `begin`."""
    rest = Sql.of("substring(token, ", Param(len(begin.encode()) + 1, "UInt32"), ")") if begin else Sql.of("token")
    each = [
        select(
            [Sql.of(f"{at} AS __index"), Sql.of(rest, " AS __text"), Sql.of("sum(cardinality) AS __count")],
            subquery(_tokens(events, index, start)),
            [wanted] if wanted else [],
            _most_frequent(limit + 1),
        )
        for at, index in enumerate(indexes)
    ]
    try:
        answer = events.ask(Sql.join(each, "\nUNION ALL\n"))
    except (BadQuery, Forbidden):  # nothing in it comes from the user, so it is not the user's fault
        return None
    share = events.parts.share
    all_counts: list[list[tuple[str, int]]] = [[] for _ in indexes]
    for at, text, count in answer.rows:
        all_counts[at].append((text, max(1, round(count * share))))
    many = answer.statistics.rows_read >= DICTIONARY_TOKENS_MAX
    found = []
    for index, counts in zip(indexes, all_counts, strict=True):
        cut_short = many and _cut_short(events, index, start)
        found.append(_Dictionary(Counted(counts[:limit], len(counts) > limit or cut_short, share < 1), cut_short))
    return found


def _cut_short(events: Events, index: SkipIndex, start: str) -> bool:
    tokens = select([Sql.of("count()")], subquery(_tokens(events, index, start)), [], [])
    return bool(events.ask(tokens).scalar() >= DICTIONARY_TOKENS_MAX)


def _tokens(events: Events, index: SkipIndex, start: str) -> Sql:
    schema = events.fields.schema
    name = f"{DICTIONARY}({ident(schema.database)}, {ident(schema.table)}, {ident(index.name)})"
    starts = [Sql.of("startsWith(token, ", Param(start, "String"), ")")] if start else []
    columns = [Sql.of("token"), Sql.of("cardinality")]
    return select(columns, Sql.of(name), [*events.parts.conditions(), *starts], [f"LIMIT {DICTIONARY_TOKENS_MAX}"])


def rollup_table(events: Events, map_name: str) -> TableSchema | None:
    """The table of the source that counts the values in a map, when there is one of the known shape.

    None for a map of which it does not know all of the range: rows were there before it began to count them.
    """
    source = events.scope.source
    name = (source.metadata_materialized_views or {}).get("kvRollupTable")
    if not name or not events.scope.unfiltered:
        return None
    try:
        schema = events.catalog.table(source.database_name, name)
    except BadQuery:  # configured, but not there: there are other ways
        return None
    if not {column.name for column in schema.columns} >= ROLLUP_COLUMNS:
        return None
    if map_name != NATIVE:
        since_s = _maps_counted(events, schema).get(map_name)
        if since_s is None or max(events.parts.first_s, events.scope.time_range.start_ms / 1000) < since_s:
            return None
    return schema


def _maps_counted(events: Events, rollup: TableSchema) -> dict[str, int]:
    """The maps that a roll-up counts, and since when (seconds since 1970)."""
    columns = [Sql.of("toString(ColumnIdentifier) AS __map"), Sql.of("toUnixTimestamp(min(Timestamp))")]
    maps = Sql.of("ColumnIdentifier != ", Param(NATIVE, "String"))
    asked = select(columns, _table(rollup), [maps], ["GROUP BY __map"])
    what = (rollup.database, rollup.table, "maps")
    return events.catalog.remembered(what, lambda: dict(map(tuple, events.ask(asked).rows)))


def from_rollup(
    events: Events, rollup: TableSchema, map_name: str, limit: int, key: str | None, wanted: Sql | None = None
) -> Counted | None:
    """The values of a key, or without `key` the keys of a map. Counts are those of whole quarters of an hour.

    None when it has counted nothing in the range. An empty key stands for events without any.
    """
    time_range = events.scope.time_range
    start_s = max(time_range.start_ms, 0) // ROLLUP_WIDTH_MS * ROLLUP_WIDTH_MS // 1000
    conditions = [
        Sql.of("ColumnIdentifier = ", Param(map_name, "String")),
        *([Sql.of("Key = ", Param(key, "String"))] if key is not None else []),
        Sql.of("Timestamp >= toDateTime(", Param(start_s, "Int64"), ", 'UTC')"),
        Sql.of("Timestamp < fromUnixTimestamp64Milli(", Param(time_range.end_ms, "Int64"), ", 'UTC')"),
        *([wanted] if wanted else []),
    ]
    texts = [Sql.of(f"toString({'Key' if key is None else 'Value'}) AS __text"), Sql.of("sum(count) AS __count")]
    rows = events.ask(select(texts, _table(rollup), conditions, _most_frequent(limit + 2))).rows
    if not rows:
        return None
    counts = [(text, count) for text, count in rows if text or key is not None]
    edges = (time_range.start_ms % ROLLUP_WIDTH_MS, time_range.end_ms % ROLLUP_WIDTH_MS)
    return Counted(counts[:limit], len(counts) > limit, estimated=edges != (0, 0))


def _table(schema: TableSchema) -> Sql:
    return Sql.of(f"{ident(schema.database)}.{ident(schema.table)}")


def _most_frequent(limit: int) -> list[str | Sql]:
    return ["GROUP BY __text", "ORDER BY __count DESC, __text", f"LIMIT {limit}"]


def _whole_tokens(index: SkipIndex | None) -> SkipIndex | None:
    """An index whose tokens are the elements as they are, so that it can be read as a dictionary."""
    kept = index and re.fullmatch(r"text\(tokenizer = '?array'?\)", index.type_full)
    return index if kept else None

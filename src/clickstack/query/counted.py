"""What was counted while it was stored: roll-up tables, and the dictionaries of text indexes.

A text index over a map's keys, or over its `key=value` items, has every token with its number of rows, part by part,
in order. Reading that is exact, needs no scan, and costs an insert nothing beyond the index that searches need anyway.
A part may hold more than the asked range: then the numbers are cut down in proportion, and called estimates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

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
    """Texts, most frequent first. `distinct` counts all of them; `complete`: none was left unread."""

    counts: list[tuple[str, int]]
    distinct: int
    complete: bool
    estimated: bool


NOTHING_COUNTED = Counted([], 0, complete=True, estimated=False)


def index_of_keys(fields: Fields, column: str) -> SkipIndex | None:
    """The text index over the keys of a map."""
    return _whole_tokens(fields.index(f"mapKeys({column})", ("text",)))


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
    events: Events, index: SkipIndex, limit: int, begin: str = "", wanted: Sql | None = None, typed: str = ""
) -> Counted | None:
    """Tokens that start with `begin`, without it. `wanted` is a condition on `__text`, what follows `begin`.

    None when the engine cannot read dictionaries (ClickHouse before 26.3) or does not let us.

    `typed` is what `wanted` wants the text to start with, in any case. When there are too many tokens to read them all,
    only those are looked at that start with exactly that.
    """
    try:
        found = _most_frequent_tokens(events, _tokens(events, index, begin, ""), wanted, limit)
    except (BadQuery, Forbidden):  # nothing in it comes from the user, so it is not the user's fault
        return None
    complete = found.complete
    if not complete and typed:
        found = _most_frequent_tokens(events, _tokens(events, index, begin, typed), wanted, limit)
    share = events.share_of_parts if found.counts else 1.0
    counts = [(text, max(1, round(count * share))) for text, count in found.counts]
    return Counted(counts, found.distinct, complete=complete, estimated=share < 1)


def _most_frequent_tokens(events: Events, tokens: Sql, wanted: Sql | None, limit: int) -> Counted:
    """The most frequent wanted texts, and in the same pass whether the dictionary was read to its end."""
    texts = ["__text", "sum(__rows) AS __count", "count() AS __tokens"]
    is_wanted = Sql.of("ifNull(", wanted, ", 0) AS __wanted") if wanted else Sql.of("1 AS __wanted")
    each = select([*map(Sql.of, texts), is_wanted], subquery(tokens), [], ["GROUP BY __text"])
    columns = ["__text", "__count", "__wanted", "sum(__wanted) OVER ()", "sum(__tokens) OVER ()"]
    order = ["ORDER BY __wanted DESC, __count DESC, __text", f"LIMIT {limit}"]
    rows = events.ask(select([Sql.of(column) for column in columns], subquery(each), [], order)).rows
    distinct, read = rows[0][3:] if rows else (0, 0)
    counts = [(row[0], row[1]) for row in rows if row[2]]
    return Counted(counts, distinct, complete=read < DICTIONARY_TOKENS_MAX, estimated=False)


def _tokens(events: Events, index: SkipIndex, begin: str, typed: str) -> Sql:
    schema = events.fields.schema
    name = f"{DICTIONARY}({ident(schema.database)}, {ident(schema.table)}, {ident(index.name)})"
    parts = Sql.of("part_name IN (SELECT name FROM system.parts WHERE ", events.live_parts(), ")")
    starts = Sql.of("startsWith(token, ", Param(begin + typed, "String"), ")")
    rest = Sql.of("substring(token, ", Param(len(begin.encode()) + 1, "UInt32"), ")")
    return select(
        [Sql.of(rest, " AS __text"), Sql.of("cardinality AS __rows")],
        Sql.of(name),
        [parts, *([starts] if begin or typed else [])],
        [f"LIMIT {DICTIONARY_TOKENS_MAX}"],
    )


def rollup_table(events: Events) -> TableSchema | None:
    """The table of the source that counts values, when there is one of the known shape."""
    source = events.scope.source
    name = (source.metadata_materialized_views or {}).get("kvRollupTable")
    if not name or not events.scope.unfiltered:
        return None
    try:
        schema = events.catalog.table(source.database_name, name)
    except BadQuery:  # configured, but not there: there are other ways
        return None
    return schema if {column.name for column in schema.columns} >= ROLLUP_COLUMNS else None


def from_rollup(
    events: Events, rollup: TableSchema, map_name: str, limit: int, key: str | None, wanted: Sql | None = None
) -> Counted:
    """The values of a key, or without `key` the keys of a map. Counts are those of whole quarters of an hour."""
    time_range = events.scope.time_range
    start = Sql.of(
        "toStartOfFifteenMinutes(fromUnixTimestamp64Milli(", Param(max(time_range.start_ms, 0), "Int64"), ", 'UTC'))"
    )
    conditions = [
        Sql.of("ColumnIdentifier = ", Param(map_name, "String")),
        *([Sql.of("Key = ", Param(key, "String"))] if key is not None else []),
        Sql.of("Timestamp >= ", start),
        Sql.of("Timestamp < fromUnixTimestamp64Milli(", Param(time_range.end_ms, "Int64"), ", 'UTC')"),
    ]
    table = Sql.of(f"{ident(rollup.database)}.{ident(rollup.table)}")
    text = "toString(Value)" if key is not None else "toString(Key)"
    inner = select([Sql.of(f"{text} AS __text"), Sql.of("count AS __rows")], table, conditions, [])
    found = _most_frequent(events, subquery(inner), "__rows", [wanted] if wanted else [], limit)
    edges = (time_range.start_ms % ROLLUP_WIDTH_MS, time_range.end_ms % ROLLUP_WIDTH_MS)
    return Counted(found.counts, found.distinct, True, estimated=edges != (0, 0))


def _most_frequent(events: Events, source: Sql, count: str, wanted: list[Sql], limit: int) -> Counted:
    """The most frequent `__text`s of a table that has them with their counts."""
    columns = ["__text", f"sum({count}) AS __count", "count() OVER () AS __distinct"]
    order = ["GROUP BY __text", "ORDER BY __count DESC, __text", f"LIMIT {limit}"]
    rows = events.ask(select([Sql.of(column) for column in columns], source, wanted, order)).rows
    if not rows:
        return NOTHING_COUNTED
    return Counted([(row[0], row[1]) for row in rows], rows[0][2], complete=True, estimated=False)


def _whole_tokens(index: SkipIndex | None) -> SkipIndex | None:
    """An index whose tokens are the elements as they are, so that it can be read as a dictionary."""
    kept = index and re.fullmatch(r"text\(tokenizer = '?array'?\)", index.type_full)
    return index if kept else None

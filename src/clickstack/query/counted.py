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
from clickstack.core.timerange import TimeRange
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
    tokens = _tokens(events, index, begin, "")
    try:
        read = int(events.ask(select([Sql.of("count()")], subquery(tokens), [], [])).scalar())
    except (BadQuery, Forbidden):  # nothing in it comes from the user, so it is not the user's fault
        return None
    if read >= DICTIONARY_TOKENS_MAX and typed:
        tokens = _tokens(events, index, begin, typed)
    found = _most_frequent(events, subquery(tokens), "__rows", [wanted] if wanted else [], limit)
    share = _share_of_parts(events) if found.counts else 1.0
    counts = [(text, max(1, round(count * share))) for text, count in found.counts]
    return Counted(counts, found.distinct, complete=read < DICTIONARY_TOKENS_MAX, estimated=share < 1)


def _tokens(events: Events, index: SkipIndex, begin: str, typed: str) -> Sql:
    schema, time_range = events.fields.schema, events.scope.time_range
    name = f"{DICTIONARY}({ident(schema.database)}, {ident(schema.table)}, {ident(index.name)})"
    parts = Sql.of("part_name IN (SELECT name FROM system.parts WHERE ", _parts(schema, time_range), ")")
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


def _parts(schema: TableSchema, time_range: TimeRange) -> Sql:
    """The live parts of a table that may hold rows of a range. Tables without a time in the partition: all of them."""
    start, end = (
        Sql.of("fromUnixTimestamp64Milli(", Param(max(ms, 0), "Int64"), ", 'UTC')")
        for ms in (time_range.start_ms, time_range.end_ms)
    )
    overlap = Sql.of("max_time >= toDateTime(", start, ") AND min_time < ", end)
    return Sql.of(
        "active AND database = ",
        Param(schema.database, "String"),
        " AND table = ",
        Param(schema.table, "String"),
        " AND (max_time = toDateTime(0) OR (",
        overlap,
        "))",
    )


def _share_of_parts(events: Events) -> float:
    """Which share of the rows of the parts lies in the range, taken as evenly spread over the time of each part."""
    schema, time_range = events.fields.schema, events.scope.time_range
    start_s, end_s = time_range.start_ms // 1000, -(-time_range.end_ms // 1000)
    first, last = "toUnixTimestamp(min_time)", "toUnixTimestamp(max_time) + 1"
    inside = f"least({last}, {end_s}) - greatest({first}, {start_s})"
    share = f"if(max_time = toDateTime(0), 1, greatest({inside}, 0) / ({last} - {first}))"
    columns = [Sql.of(f"sum(rows * {share})"), Sql.of("sum(rows)")]
    ((inside_rows, rows),) = events.ask(select(columns, Sql.of("system.parts"), [_parts(schema, time_range)], [])).rows
    return min(1.0, inside_rows / rows) if rows else 1.0


def _whole_tokens(index: SkipIndex | None) -> SkipIndex | None:
    """An index whose tokens are the elements as they are, so that it can be read as a dictionary."""
    kept = index and re.fullmatch(r"text\(tokenizer = '?array'?\)", index.type_full)
    return index if kept else None

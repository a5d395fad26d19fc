"""Which names a search may use: columns, and the keys in maps, most frequent first (reference/query-engine.md §5.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clickstack.core.errors import BadQuery
from clickstack.core.limits import KEYS_PER_MAP_MAX
from clickstack.core.result import Statistics
from clickstack.core.sql import Param, Sql, ident
from clickstack.store import Store

from .columntype import ColumnType, parse_type
from .counted import Counted, from_index, from_rollup, index_of_keys, rollup_table
from .draft import select, table
from .events import Events, Scope
from .fields import Field, Fields
from .reader import Reader
from .usersql import user_expression

_BRACKETS = re.compile(r"(?P<map>\w+)\s*\[\s*'(?P<key>[^'\\]+)'\s*\]")


@dataclass(frozen=True, slots=True)
class Key:
    """A name. `attribute` is the key inside `column`; `count` is the number of events that have it, if it was counted.

    `facet`: few values are expected, so a list of them makes a good filter.
    """

    name: str
    column: str
    attribute: str | None
    type: str
    facet: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class KeyList:
    """`truncated` names the columns with more keys than are listed; `estimated`: counts come from a sample or a
    longer range."""

    keys: list[Key]
    truncated: list[str]
    estimated: bool
    statistics: Statistics
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyMeaning:
    """A key's text, understood. `column` is set for a plain column, `attribute` (map, key) for a map's value."""

    text: str
    sql: Sql
    type: ColumnType | None
    column: str | None = None
    attribute: tuple[str, str] | None = None
    present: Sql | None = None

    @property
    def values(self) -> Sql:
        """The event's values, as an array of texts."""
        if self.type and self.type.base == "Array":
            return Sql.of("arrayMap(x -> ifNull(toString(x), ''), ", self.sql, ")")
        return Sql.of("[ifNull(toString(", self.sql, "), '')]")


def find_keys(store: Store | Reader, scope: Scope, query_id: str | None = None) -> KeyList:
    """Every column, then every map key. Raises what Events raises."""
    events = Events(store, scope, query_id)
    keys, truncated, estimated = [], [], False
    for column in events.fields.schema.columns:
        kind = parse_type(column.type)
        if not column.name.startswith("__hdx_materialized_") and not column.name.endswith("AttributeItems"):
            facet = column.type.startswith(("LowCardinality", "Enum", "Bool"))
            keys.append(Key(column.name, column.name, None, column.type, facet))
        if kind.base not in ("Map", "JSON") or scope.time_range.empty:
            continue
        found = _keys_of(events, column.name, kind)
        of_value = kind.arguments[1].text or kind.arguments[1].base if kind.base == "Map" else "Dynamic"
        keys += [Key(f"{column.name}.{key}", column.name, key, of_value, True, count) for key, count in found.counts]
        estimated = estimated or found.estimated
        if found.distinct > len(found.counts) or not found.complete:
            truncated.append(column.name)
    keys.sort(key=lambda key: (key.attribute is not None, -(key.count or 0)))  # stable: columns stay in table order
    return KeyList(keys, truncated, estimated, events.statistics, events.warnings)


def read_key(text: str, fields: Fields) -> KeyMeaning:
    """What a key means: a column, `Map.key`, `Map['key']`, or an SQL expression. Raises BadQuery."""
    text = text.strip()
    field = _field(text, fields)
    if field is None:
        return KeyMeaning(text, user_expression(text, "key"), None)
    if field.type.base in ("Map", "JSON") and not field.loose:
        raise BadQuery(f"{text} is a {field.type.base}; name a key inside it: {text}.key")
    if field.element_key is not None:
        raise BadQuery(f"{text} is a list of maps, whose values are not listed.")
    if field.map_key is not None:
        of_map = next(name for name in fields.map_columns() if Sql.of(ident(name)) == field.map_key.column)
        present = Sql.of("mapContains(", field.map_key.column, ", ", _text(field.map_key.key), ")")
        return KeyMeaning(text, field.sql, field.type, attribute=(of_map, field.map_key.key), present=present)
    column = next((name for name in fields.names() if Sql.of(ident(name)) == field.sql), None)
    return KeyMeaning(text, field.sql, field.type, column=column)


def _field(text: str, fields: Fields) -> Field | None:
    """The field a text names; None for an SQL expression. Keys of maps may hold any characters."""
    bracketed = _BRACKETS.fullmatch(text)
    if bracketed and bracketed["map"] in fields.map_columns():
        return fields.map_field(bracketed["map"], bracketed["key"])
    found = fields.find_or_none(text.strip("`"))
    if found is None and re.fullmatch(r"[A-Za-z_][\w.\-/@:]*|`[^`]+`", text):
        fields.find(text.strip("`"))  # a name that is none: say which ones there are
    return found


def _keys_of(events: Events, column: str, kind: ColumnType) -> Counted:
    """The keys of one map: from the index's dictionary, else from a roll-up, else from a sample."""
    if events.scope.unfiltered and kind.base == "Map":
        index = index_of_keys(events.fields, column)
        found = from_index(events, index, KEYS_PER_MAP_MAX) if index else None
        if found is not None:
            return found
        rollup = rollup_table(events)
        found = from_rollup(events, rollup, column, KEYS_PER_MAP_MAX, key=None) if rollup else None
        if found and found.counts:
            return found
    return _sampled_keys(events, column, kind)


def _sampled_keys(events: Events, column: str, kind: ColumnType) -> Counted:
    sample, each = events.sample_for_keys
    keys = Sql.of("mapKeys(" if kind.base == "Map" else "JSONAllPaths(", ident(column), ")")
    columns = [
        Sql.of("toString(arrayJoin(", keys, ")) AS __text"),
        Sql.of("count() AS __count"),
        Sql.of("count() OVER ()"),
    ]
    tail = ["GROUP BY __text", "ORDER BY __count DESC, __text", f"LIMIT {KEYS_PER_MAP_MAX}"]
    rows = events.ask(select(columns, table(events.fields), [*events.where(), *sample], tail)).rows
    counts = [(row[0], round(row[1] * each)) for row in rows]
    return Counted(counts, rows[0][2] if rows else 0, complete=each == 1, estimated=each > 1)


def _text(text: str) -> Sql:
    return Sql.of(Param(text, "String"))

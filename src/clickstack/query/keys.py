"""Which names a search may use: columns, and the keys in maps, most frequent first (reference/query-engine.md §5.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clickstack.core.errors import BadQuery
from clickstack.core.limits import EXPLORE_SAMPLE_ROWS_MAX, KEYS_PER_MAP_MAX
from clickstack.core.result import Statistics
from clickstack.core.sql import Param, Sql, ident
from clickstack.store import Store

from .columntype import ColumnType, parse_type
from .counted import Counted, from_indexes, from_rollup, index_of_keys, rollup_table
from .draft import select, subquery, table
from .events import Events, Scope
from .fields import Field, Fields
from .reader import Reader
from .series import series_of
from .usersql import user_expression

KEYS_REMEMBERED_MS = 5 * 60 * 1000  # ranges whose ends are nearer than that are taken as one
_REPEATING = re.compile(r"__hdx_materialized_.*|\w*AttributeItems|SeriesHash")  # columns that say what maps say
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

    def known_to(self, fields: Fields) -> bool:
        """Whether a table has what the key reads; never said of an SQL expression."""
        return (self.attribute[0] if self.attribute else self.column) in set(fields.names())

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
    counted = {} if scope.time_range.empty else _counted_keys(events)
    for column in events.fields.schema.columns:
        kind = parse_type(column.type)
        if not _REPEATING.fullmatch(column.name):
            facet = column.type.startswith(("LowCardinality", "Enum", "Bool"))
            keys.append(Key(column.name, column.name, None, column.type, facet))
        found = counted.get(column.name)
        if found is None:
            continue
        of_value = kind.arguments[1].text or kind.arguments[1].base if kind.base == "Map" else "Dynamic"
        keys += [Key(f"{column.name}.{key}", column.name, key, of_value, True, count) for key, count in found.counts]
        estimated = estimated or found.estimated
        if found.truncated:
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


def _counted_keys(events: Events) -> dict[str, Counted]:
    """The keys of every map: from the index's dictionary, else from a roll-up, else from a sample; those of one metric
    from its series."""
    series = series_of(events)
    if series is not None:
        # of rows that repeat nothing a larger sample costs no more
        return _sampled_keys(series, _maps(series), series.sample(EXPLORE_SAMPLE_ROWS_MAX))
    maps = _maps(events)
    found = _indexed_keys(events)
    for column in [name for name, kind in maps.items() if kind.base == "Map" and name not in found]:
        rolled_up = _rolled_up_keys(events, column)
        if rolled_up is not None:
            found[column] = rolled_up
    uncounted = {name: kind for name, kind in maps.items() if name not in found}
    return {**found, **(_sampled_keys(events, uncounted, events.sample_for_keys) if uncounted else {})}


def _maps(events: Events) -> dict[str, ColumnType]:
    kinds = {column.name: parse_type(column.type) for column in events.fields.schema.columns}
    return {name: kind for name, kind in kinds.items() if kind.base in ("Map", "JSON")}


def _indexed_keys(events: Events) -> dict[str, Counted]:
    """The keys of the maps whose index has a dictionary of them."""
    if not events.scope.unfiltered:
        return {}
    indexes = {
        column: index
        for column in events.fields.map_columns()
        if (index := index_of_keys(events.fields, column)) is not None
    }
    found = from_indexes(events, list(indexes.values()), KEYS_PER_MAP_MAX) if indexes else None
    return dict(zip(indexes, found, strict=True)) if found else {}


def _rolled_up_keys(events: Events, column: str) -> Counted | None:
    rollup = rollup_table(events, column) if events.scope.unfiltered else None
    return from_rollup(events, rollup, column, KEYS_PER_MAP_MAX, key=None) if rollup else None


def _sampled_keys(
    events: Events, maps: Mapping[str, ColumnType], sampled: tuple[list[Sql], float]
) -> dict[str, Counted]:
    """The keys of maps that nothing has counted, of all in one pass. Of many events those of a moment ago will do."""
    sample, each = sampled
    scope, schema = events.scope, events.fields.schema
    if each == 1 or scope.where_text:
        rows = _key_rows(events, maps, sample)
    else:
        metric = f"{scope.metric.kind} {scope.metric.name}" if scope.metric else ""
        about = (str(ms // KEYS_REMEMBERED_MS) for ms in (scope.time_range.start_ms, scope.time_range.end_ms))
        what = (schema.database, schema.table, "keys", *maps, metric, *about)
        rows = events.catalog.remembered(what, lambda: _key_rows(events, maps, sample))
    found: dict[str, list[tuple[str, int]]] = {column: [] for column in maps}
    columns = list(maps)
    for at, key, count in rows:
        found[columns[at]].append((key, round(count * each)))
    return {
        column: Counted(counts[:KEYS_PER_MAP_MAX], len(counts) > KEYS_PER_MAP_MAX or each > 1, each > 1)
        for column, counts in found.items()
    }


def _key_rows(events: Events, maps: Mapping[str, ColumnType], sample: list[Sql]) -> list[list[Any]]:
    """(Place of the map, key, number of events), most frequent first. Events have few different sets of keys: these
    are counted first, which is far cheaper than to count each key of each event."""
    sets = [
        Sql.of("mapKeys(" if kind.base == "Map" else "JSONAllPaths(", ident(column), f") AS __keys_{at}")
        for at, (column, kind) in enumerate(maps.items())
    ]
    names = [f"__keys_{at}" for at in range(len(sets))]
    grouped = [f"GROUP BY {', '.join(names)}"]
    counted = [*sets, Sql.of(f"{events.counting} AS __events")]
    of_sets = select(counted, table(events.fields), [*events.where(), *sample], grouped)
    pairs = ", ".join(f"arrayMap(key -> ({at}, toString(key)), {name})" for at, name in enumerate(names))
    columns = [Sql.of(f"arrayJoin(arrayConcat({pairs})) AS __pair"), Sql.of("sum(__events) AS __count")]
    order = [
        "GROUP BY __pair",
        "ORDER BY __pair.1, __count DESC, __pair.2",
        f"LIMIT {KEYS_PER_MAP_MAX + 1} BY __pair.1",
    ]
    rows = events.ask(select(columns, subquery(of_sets), [], order)).rows
    return [[at, key, count] for (at, key), count in rows]


def _text(text: str) -> Sql:
    return Sql.of(Param(text, "String"))

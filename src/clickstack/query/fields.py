"""Which column, map key or path a name means (reference/query-engine.md §1.6, §1.14)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from clickstack.core.errors import BadQuery
from clickstack.core.source import Source
from clickstack.core.sql import Param, Sql, ident, literal
from clickstack.store import SkipIndex, TableColumn, TableSchema

from .columntype import ColumnType, parse_type

STRING = ColumnType("String")

# Words of the published examples (`service:api AND level:error`) → the role of the source they stand for. A column of
# that very name comes first.
ROLE_WORDS: dict[str, str] = {
    "service": "service_name_expression",
    "level": "severity_text_expression",
    "severity": "severity_text_expression",
    "body": "body_expression",
    "message": "body_expression",
    "duration": "duration_expression",
    "status": "status_code_expression",
    "span": "span_name_expression",
    "trace_id": "trace_id_expression",
    "span_id": "span_id_expression",
}


@dataclass(frozen=True, slots=True)
class MapKey:
    """The map behind a field. `items` is the column of `key=value` texts that a text index covers, if any."""

    column: Sql
    key: str
    items: Sql | None
    separator: str


@dataclass(frozen=True, slots=True)
class Field:
    """What a name means: an expression and its type.

    `present` is the condition under which a column that keeps a map's key has a value at all. `loose`: the values are
    texts that may hold numbers (map values, JSON paths). `element_key`: the expression is an array of maps or of JSON,
    and the name goes on to this key of each.
    """

    name: str
    sql: Sql
    type: ColumnType
    map_key: MapKey | None = None
    loose: bool = False
    element_key: str | None = None
    present: Sql | None = None


class Fields:
    """The names of one table, seen through a source."""

    def __init__(self, schema: TableSchema, source: Source) -> None:
        self.schema = schema
        self._source = source
        self._columns = {column.name: column for column in schema.columns}
        self._of_map_key = {
            column.default_expression: column for column in schema.columns if column.default_kind == "MATERIALIZED"
        }

    def find(self, name: str, position: int | None = None) -> Field:
        """The field a name means. Raises BadQuery naming near columns when there is none."""
        found = self.find_or_none(name, position)
        if found is None:
            raise BadQuery(f"There is no column {name!r}.", position=position, hint=self.hint(name))
        return found

    def find_or_none(self, name: str, position: int | None = None) -> Field | None:
        column = self._columns.get(name)
        if column is not None:
            return Field(name, Sql.of(ident(name)), parse_type(column.type))
        for head, rest in _prefixes(name):
            if head in self._columns:
                return self._inside(self._columns[head], name, rest, position)
        role = ROLE_WORDS.get(name.lower())
        expression = getattr(self._source, role) if role else None
        if expression and expression in self._columns:
            return self.find(expression, position)
        return None

    def index(self, expression: str, types: tuple[str, ...]) -> SkipIndex | None:
        """A skip index of one of the types over exactly this expression."""
        wanted = _squeezed(expression)
        for index in self.schema.indexes:
            if index.type in types and _squeezed(index.expression) == wanted:
                return index
        return None

    def names(self) -> Iterator[str]:
        return iter(self._columns)

    def map_columns(self) -> list[str]:
        return [column.name for column in self.schema.columns if parse_type(column.type).base == "Map"]

    def _inside(self, column: TableColumn, name: str, rest: str, position: int | None) -> Field:
        kind = parse_type(column.type)
        if kind.base == "Map" and kind.arguments[0].family != "text":
            hint = f"Use SQL: {column.name}[{rest}]"
            raise BadQuery(f"{column.name} is a {column.type}: its keys are no texts.", position=position, hint=hint)
        if kind.base == "Map":
            return self.map_field(column.name, rest, kind)
        if kind.base in ("JSON", "Object"):
            if not all(rest.split(".")):
                raise BadQuery(f"{name}: a part of the path is empty.", position=position)
            path = ".".join(ident(part) for part in (column.name, *rest.split(".")))
            return Field(name, Sql.of(path), kind, loose=True)
        if kind.base == "String":
            keys = Sql.join([Sql.of(Param(part, "String")) for part in rest.split(".")], ", ")
            return Field(name, Sql.of("JSONExtractString(", ident(column.name), ", ", keys, ")"), STRING, loose=True)
        if kind.base == "Array" and kind.arguments[0].base in ("Map", "JSON"):
            return Field(name, Sql.of(ident(column.name)), kind, loose=True, element_key=rest)
        raise BadQuery(
            f"{column.name} is a {column.type}; it has no field {rest!r}.",
            position=position,
            hint="Only maps, JSON and lists of them have fields inside.",
        )

    def map_field(self, column: str, key: str, kind: ColumnType | None = None) -> Field:
        """The value of a map's key, from the materialized column that keeps it when there is one."""
        kind = kind or parse_type(self._columns[column].type)
        kept = self._of_map_key.get(f"{column}[{literal(key)}]")
        if kept is not None:
            present = Sql.of("mapContains(", ident(column), ", ", Param(key, "String"), ")")
            return Field(
                f"{column}.{key}", Sql.of(ident(kept.name)), parse_type(kept.type), loose=True, present=present
            )
        items, separator = self._items(column)
        access = Sql.of(ident(column), "[", Param(key, "String"), "]")
        return Field(
            f"{column}.{key}",
            access,
            kind.arguments[1],
            map_key=MapKey(Sql.of(ident(column)), key, items, separator),
            loose=True,
        )

    def _items(self, column: str) -> tuple[Sql | None, str]:
        """The `key=value` column of a map that an index covers, and what stands between key and value."""
        for candidate in self.schema.columns:
            match = _ITEMS.fullmatch(candidate.default_expression)
            if not match or match["map"] != column:
                continue
            covered = (candidate.name, candidate.default_expression)  # the engine unfolds an ALIAS in an index
            if any(self.index(expression, ("text", "bloom_filter")) for expression in covered):
                return Sql.of(ident(candidate.name)), match["separator"]
        return None, ""

    def hint(self, name: str) -> str:
        """Help with a name that is no column."""
        near = difflib.get_close_matches(name, self._columns, n=3, cutoff=0.6)
        lower = {known.lower(): known for known in self._columns}
        if name.lower() in lower:
            near = [lower[name.lower()]]
        parts = [f"Did you mean {', '.join(near)}?"] if near else []
        maps = self.map_columns()
        if maps:
            preferred = self._source.event_attributes_expression
            parts.append(f"For an attribute write {preferred if preferred in maps else maps[0]}.{name}")
        return " ".join(parts) or "The columns are: " + ", ".join(list(self._columns)[:20])


_ITEMS = re.compile(
    r"arrayMap\(\((?P<k>\w+), (?P<v>\w+)\) -> concat\((?P=k), '(?P<separator>[^'\\]+)', (?P=v)\), "
    r"mapKeys\(`?(?P<map>[^`)]+)`?\), mapValues\(`?(?P=map)`?\)\)"
)


def _prefixes(name: str) -> Iterator[tuple[str, str]]:
    """`a.b.c` → (a, b.c), (a.b, c)."""
    parts = name.split(".")
    for cut in range(1, len(parts)):
        yield ".".join(parts[:cut]), ".".join(parts[cut:])


def _squeezed(expression: str) -> str:
    return re.sub(r"[\s`]", "", expression)

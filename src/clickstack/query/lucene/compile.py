"""Tree → predicate, knowing the types of the columns (reference/query-engine.md §1.7, §1.13).

User text leaves here only as bound parameters, names only as quoted identifiers of columns that exist. A predicate
that may be NULL says so, and negation then counts NULL as "does not match": `-field:x` finds rows without the field.
"""

from __future__ import annotations

from dataclasses import dataclass

from clickstack.core.errors import BadQuery
from clickstack.core.sql import Param, Sql, ident

from ..columntype import ColumnType
from ..fields import Field, Fields
from .baretext import BareText
from .nodes import And, Compare, Everything, Exists, FieldName, Match, Node, Not, Or, Phrase, Range, Value, Words
from .parser import parse
from .predicate import FALSE, TRUE, Predicate, Unmatchable
from .values import SCALARS, Target


@dataclass(frozen=True, slots=True)
class Compiled:
    """A condition, and what the writer should know about it. `sql` is None for the empty query."""

    sql: Sql | None
    warnings: tuple[str, ...] = ()


def compile_lucene(text: str, fields: Fields, bare_text: BareText | None) -> Compiled:
    """The condition of a query text. Raises BadQuery with the position of the fault.

    `bare_text` is what words without a field search; None when the source has no such text.
    """
    tree = parse(text)
    if isinstance(tree, Everything):
        return Compiled(None)
    compiler = _Compiler(fields, bare_text)
    predicate = compiler.node(tree)
    return Compiled(None if predicate == TRUE else predicate.sql, tuple(compiler.warnings))


class _Compiler:
    def __init__(self, fields: Fields, bare_text: BareText | None) -> None:
        self._fields = fields
        self._bare_text = bare_text
        self.warnings: list[str] = []

    def node(self, node: Node) -> Predicate:
        match node:
            case Everything():
                return TRUE
            case Not(item):
                return _negated(self.node(item))
            case And(items):
                return _joined([self.node(item) for item in items], " AND ", neutral=TRUE, final=FALSE)
            case Or(items):
                return _joined([self.node(item) for item in items], " OR ", neutral=FALSE, final=TRUE)
            case Match(None, value, position):
                return self._bare(value, position)
            case Match(FieldName() as name, value, position):
                return self._field(self._fields.find(name.name, name.position), value, position)
        raise AssertionError(node)

    def _bare(self, value: Value, position: int) -> Predicate:
        if self._bare_text is None:
            raise BadQuery(
                "This source has no text column to search, so a word needs a field: field:word.",
                position=position,
                hint="Set the source's implicit column or body expression.",
            )
        return self._bare_text.predicate(value)

    def _field(self, field: Field, value: Value, position: int) -> Predicate:
        try:
            if field.map_key is not None:
                return _map_value(field, value)
            if field.type.family == "array":
                return _array(field, value)
            found = _scalar(field.sql, field.type, value, loose=field.loose, name=field.name)
            return _and_present(field, found, value) if field.present else found
        except Unmatchable as reason:
            if isinstance(value, Compare | Range):
                raise BadQuery(str(reason), position=position) from None
            self.warnings.append(str(reason))
            return FALSE
        except BadQuery as error:
            raise BadQuery(error.message, position=position, hint=error.hint) from None


def _scalar(sql: Sql, kind: ColumnType, value: Value, *, loose: bool, name: str) -> Predicate:
    """A value against one expression of a simple type."""
    match_scalar = SCALARS.get(kind.family)
    if match_scalar is None:
        if kind.family == "map" and isinstance(value, Exists):
            return Predicate(Sql.of("notEmpty(", sql, ")"))
        hint = f"Name a key inside it: {name}.key" if kind.family in ("map", "json") else None
        raise BadQuery(f"{name} is a {kind.text or kind.base}; it cannot be searched as a whole.", hint=hint)
    return match_scalar(Target(sql, kind, loose, name), value)


def _map_value(field: Field, value: Value) -> Predicate:
    """A map's value. A missing key reads as the empty value, so what needs a value also asks for the key.

    The key condition is a real one, never a mere index hint: it must not change the answer (§9.1 W12).
    """
    key = field.map_key
    assert key is not None
    has_key = Sql.of("mapContains(", key.column, ", ", Param(key.key, "String"), ")")
    predicate = _scalar(field.sql, field.type, value, loose=True, name=field.name)
    match value:
        case Exists():
            return _joined([Predicate(has_key), predicate], " AND ", neutral=TRUE, final=FALSE)
        case Phrase(""):
            return predicate
        case Phrase(text) if key.items is not None and field.type.base == "String":
            item = Sql.of("has(", key.items, ", ", Param(f"{key.key}{key.separator}{text}", "String"), ")")
            # `a=b=c` is both a → b=c and a=b → c.
            exact = key.separator not in key.key and key.separator not in text
            return Predicate(item if exact else Sql.of("(", item, " AND ", predicate.sql, ")"))
    return Predicate(Sql.of("(", has_key, " AND ", predicate.sql, ")"), predicate.nullable)


def _and_present(field: Field, found: Predicate, value: Value) -> Predicate:
    """The same of a column that keeps the key: asked of the map only where the empty value itself would be found."""
    assert field.present is not None
    match value:
        case Compare(">" | ">=") if field.type.family == "text":
            return found
        case Range(str()) | Words() | Phrase() | Exists() if field.type.family == "text":
            return found
    return _joined([Predicate(field.present), found], " AND ", neutral=TRUE, final=FALSE)


def _array(field: Field, value: Value) -> Predicate:
    """Some element matches; elements of a list of maps are entered by the rest of the name."""
    element = field.type.arguments[0]
    if isinstance(value, Compare | Range):
        raise BadQuery(f"{field.name} is a list; it can only be searched for a value.")
    if isinstance(value, Exists) and field.element_key is None:
        return Predicate(Sql.of("notEmpty(", field.sql, ")"))
    if isinstance(value, Phrase) and element.base == "String" and not element.nullable:
        return Predicate(Sql.of("has(", field.sql, ", ", Param(value.text, "String"), ")"))
    item, kind = Sql.of("e"), element
    if field.element_key is not None and element.base == "JSON":
        item = Sql.of(".".join(["e", *map(ident, field.element_key.split("."))]))
    elif field.element_key is not None:
        item, kind = Sql.of("e[", Param(field.element_key, "String"), "]"), element.arguments[1]
    elif element.family in ("array", "other"):  # lists in lists, tuples: by their text
        item, kind = Sql.of("toString(e)"), ColumnType("String")
    inner = _scalar(item, kind, value, loose=field.loose, name=field.name)
    if field.element_key is not None and element.base == "Map" and kind.family != "text":
        has_key = Predicate(Sql.of("mapContains(e, ", Param(field.element_key, "String"), ")"))
        inner = _joined([has_key, inner], " AND ", neutral=TRUE, final=FALSE)
    return Predicate(Sql.of("arrayExists(e -> ", _certain(inner), ", ", field.sql, ")"))


def _certain(predicate: Predicate) -> Sql:
    return Sql.of("ifNull(", predicate.sql, ", 0)") if predicate.nullable else predicate.sql


def _negated(predicate: Predicate) -> Predicate:
    if predicate in (TRUE, FALSE):
        return FALSE if predicate == TRUE else TRUE
    return Predicate(Sql.of("NOT ", _certain(predicate)))


def _joined(items: list[Predicate], operator: str, *, neutral: Predicate, final: Predicate) -> Predicate:
    kept = [item for item in items if item != neutral]
    if final in kept:
        return final
    if len(kept) <= 1:
        return kept[0] if kept else neutral
    inside = Sql.join([item.sql for item in kept], operator)
    return Predicate(Sql.of("(", inside, ")"), any(item.nullable for item in kept))

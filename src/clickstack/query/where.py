"""Filters of charts and searches → conditions."""

from __future__ import annotations

from dataclasses import dataclass

from clickstack.core.chart import Filter
from clickstack.core.errors import BadQuery
from clickstack.core.source import Source
from clickstack.core.sql import Sql

from .expression import Expression, read_expression
from .fields import Fields
from .lucene import BareText, compile_lucene
from .usersql import split_list, user_expression


@dataclass(frozen=True, slots=True)
class Condition:
    """`sql` is None when nothing is asked."""

    sql: Sql | None
    warnings: tuple[str, ...] = ()


class Conditions:
    """Reads filters against one table as a source sees it."""

    def __init__(self, fields: Fields, source: Source) -> None:
        self._fields = fields
        self._bare_text = _bare_text(fields, source)
        self._source = source

    def read(self, filter: Filter, what: str = "where", *, subqueries: bool = True) -> Condition:
        """The condition of a filter. Raises BadQuery, with a position for Lucene."""
        if not filter.text.strip():
            return Condition(None)
        if filter.language == "sql":
            return Condition(user_expression(filter.text, what, subqueries=subqueries))
        try:
            compiled = compile_lucene(filter.text, self._fields, self._bare_text)
        except BadQuery as error:
            if what == "where":  # the one text that a search box has
                raise
            raise BadQuery(f"{what}: {error.message}", position=error.position, hint=error.hint) from error
        return Condition(compiled.sql, compiled.warnings)

    def of_source(self) -> list[Sql]:
        """What the source itself always asks of its table."""
        text = self._source.table_filter_expression
        return [user_expression(text, "tableFilterExpression")] if text and text.strip() else []


def _part(expression: Expression) -> Sql:
    """One of several texts; NULL is an empty one, since joined with the others it would hide them."""
    if expression.type is not None and expression.type.base == "String" and not expression.type.nullable:
        return expression.sql
    return Sql.of("ifNull(toString(", expression.sql, "), '')")


def _bare_text(fields: Fields, source: Source) -> BareText | None:
    """The text that words search: the implicit column, or a log's body. Several columns are joined by `;`."""
    text = source.implicit_column_expression or source.body_expression
    if not text or not text.strip():
        return None
    parts = split_list(text, "implicitColumnExpression")
    if not parts:  # nothing but a comment
        return None
    if len(parts) > 1:
        joined = Sql.join([_part(read_expression(part, fields, "implicitColumnExpression")) for part in parts], ", ")
        both = Sql.of("concatWithSeparator(';', ", joined, ")")
        return BareText(both, "none", any_of_it=Sql.of("concat(", joined, ")"))
    only = read_expression(parts[0], fields, "implicitColumnExpression")
    nullable = only.type is None or only.type.nullable
    if only.type is not None and only.type.base != "String":
        return BareText(Sql.of("toString(", only.sql, ")"), "none", nullable)
    lower = f"lower({parts[0]})"
    if source.use_text_index_for_implicit_column != "disabled":
        index = fields.index(lower, ("text",))
        if index and "splitByNonAlpha" in index.type_full:
            return BareText(only.sql, "text index on lower", nullable)
    if fields.index(lower, ("tokenbf_v1",)):
        return BareText(only.sql, "token bloom filter on lower", nullable)
    return BareText(only.sql, "none", nullable)

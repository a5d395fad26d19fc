"""What people chose in a dashboard's filters, as a condition (reference/query-engine.md §4.6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from clickstack.core.errors import BadRequest
from clickstack.core.limits import VARIABLE_VALUES_MAX
from clickstack.core.source import Source
from clickstack.core.sql import Param, ParamValue, Sql

from ..columntype import parse_type
from ..fields import Fields
from ..usersql import user_expression

FilterValue = str | bool | int | float


@dataclass(frozen=True, slots=True)
class FilterSelection:
    """The choice in one filter: values to keep, values to leave out, a range with both ends included.

    `expression` is the filter's SQL. Texts are compared with it as text, booleans and numbers as themselves.
    `applies_to_source_ids` empty means every source.
    """

    expression: str
    included: tuple[FilterValue, ...] = ()
    excluded: tuple[FilterValue, ...] = ()
    low: float | None = None
    high: float | None = None
    applies_to_source_ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.included) + len(self.excluded) > VARIABLE_VALUES_MAX:
            raise BadRequest(f"filter {self.expression[:80]!r} has more than {VARIABLE_VALUES_MAX} values")

    def applies_to(self, source: Source | None) -> bool:
        return not self.applies_to_source_ids or (source is not None and source.id in self.applies_to_source_ids)


def filter_condition(
    selections: Iterable[FilterSelection], source: Source | None, fields: Fields | None = None
) -> Sql | None:
    """All choices that apply to this source, joined by AND; None when nothing is chosen. Raises BadQuery.

    With `fields`, a column that is text already is compared as it is, so that indexes over it help.
    """
    conditions: list[Sql] = []
    for selection in selections:
        if selection.applies_to(source):
            conditions += _conditions(selection, fields)
    return Sql.of("(", Sql.join(conditions, " AND "), ")") if conditions else None


def _conditions(selection: FilterSelection, fields: Fields | None) -> list[Sql]:
    expression = user_expression(selection.expression, "filter expression", subqueries=False)
    column = fields.schema.column(selection.expression.strip()) if fields else None
    text = column is not None and parse_type(column.type).base == "String"
    as_text = expression if text else Sql.of("toString", expression)
    conditions = []
    for values, operator, join in ((selection.included, "IN", " OR "), (selection.excluded, "NOT IN", " AND ")):
        texts = [value for value in values if isinstance(value, str)]
        others = [value for value in values if not isinstance(value, str)]
        either = []
        if texts:
            either.append(Sql.of(as_text, f" {operator} (", _list(texts), ")"))
        if others:
            either.append(Sql.of(expression, f" {operator} (", _list(others), ")"))
        if either:
            conditions.append(Sql.of("(", Sql.join(either, join), ")") if len(either) > 1 else either[0])
    if selection.low is not None:
        conditions.append(Sql.of(expression, " >= ", _param(selection.low)))
    if selection.high is not None:
        conditions.append(Sql.of(expression, " <= ", _param(selection.high)))
    return conditions


def _list(values: Iterable[FilterValue]) -> Sql:
    return Sql.join([Sql.of(_param(value)) for value in values], ", ")


def _param(value: ParamValue) -> Param:
    if isinstance(value, bool):
        return Param(value, "Bool")
    if isinstance(value, int):
        return Param(value, "Int64")
    return Param(value, "String" if isinstance(value, str) else "Float64")

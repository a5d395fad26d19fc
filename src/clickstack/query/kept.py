"""How views keep values: which stored columns answer which aggregate exactly, and how parts become a whole.

A stored column is trusted by its type. AggregateFunction holds states, SimpleAggregateFunction plain numbers that
ClickHouse itself puts together; a plain number is summed by the SummingMergeTree it must then be in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from clickstack.core.chart import AggregateName, Select
from clickstack.core.materialized_view import AggregatedColumn, MaterializedView
from clickstack.core.sql import Sql, ident
from clickstack.core.timerange import TimeRange
from clickstack.store import TableSchema

from .columntype import parse_type
from .fields import Fields
from .timefilter import TimeColumns
from .where import Conditions

_STORED = re.compile(r"(?P<simple>Simple)?AggregateFunction\((?P<function>\w+)(?:\([^()]*\))?(?:, (?P<argument>.+))?\)")
_WHOLE_NUMBER = re.compile(r"(?P<sign>U?)Int\d+")

# What the configuration calls an aggregate, as we call it; `quantile…` is one as well.
_SPELLINGS: Mapping[str, AggregateName] = {
    **{name: name for name in ("count", "sum", "avg", "min", "max", "any", "quantile")},
    "quantiles": "quantile",
    "uniqExact": "count_distinct",
    "uniq": "count_distinct",
    "count_distinct": "count_distinct",
}
_STATES: Mapping[AggregateName, tuple[str, ...]] = {
    "avg": ("avg",),
    "quantile": ("quantile", "quantiles"),
    "count_distinct": ("uniqExact",),
}


class Unfit(Exception):
    """A view cannot answer a chart. The message says why, for the person who wonders."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One value, from a view. A condition narrows the rows it is made of; None is all of them.

    `of_view` and `of_rows` are the value of a part of the range, from the view or from the source's own rows, in a
    form that `whole` can put together (it is told the column's name). `alone` is the value when the view has the whole
    range.
    """

    of_view: Callable[[Sql | None], Sql]
    of_rows: Callable[[Sql | None], Sql]
    whole: Callable[[str], Sql]
    alone: Callable[[Sql | None], Sql]


@dataclass(frozen=True, slots=True)
class ViewUse:
    """A view, read as if it were the source's table. `inner` is the part of the range it answers."""

    view: MaterializedView
    fields: Fields
    times: TimeColumns
    conditions: Conditions
    inner: TimeRange
    kept: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A value of a chart: `column` is what it aggregates, of that type as the engine writes it; None for a count."""

    select: Select
    column: Sql | None = None
    type: str = ""

    @property
    def text(self) -> str:
        return f"{self.select.aggregate}({'' if self.column is None else self.select.expression})"


@dataclass(frozen=True, slots=True)
class _Stored:
    """A column of a view: `function` is that of its type, "" for a plain number."""

    sql: Sql
    function: str
    argument: str
    simple: bool
    text: str


def kept_value(wanted: Wanted, view: MaterializedView, schema: TableSchema) -> Kept:
    """How the view keeps a value; `schema` is the view's. Raises Unfit."""
    if wanted.column is not None and parse_type(wanted.type).nullable:
        raise Unfit(f"{wanted.select.expression} may be NULL")
    reasons = []
    for each in view.aggregated:
        if _aggregate(each) != wanted.select.aggregate or (
            wanted.column is not None and _column(each) != wanted.column
        ):
            continue
        stored = _stored(each, schema)
        kept = _KEPT[wanted.select.aggregate](stored, wanted)
        if kept is not None:
            return kept
        reasons.append(f"{each.column} is {stored.text}, which does not answer {wanted.select.aggregate} exactly")
    together = _sum_by_count(wanted, view, schema) if wanted.select.aggregate == "avg" else None
    if together is None:
        raise Unfit(reasons[0] if reasons else f"it does not keep {wanted.text}")
    return together


def _sum_by_count(wanted: Wanted, view: MaterializedView, schema: TableSchema) -> Kept | None:
    """An average of a sum and a count, when both are there."""
    try:
        above = kept_value(replace(wanted, select=replace(wanted.select, aggregate="sum")), view, schema)
        below = kept_value(Wanted(Select("count")), view, schema)
    except Unfit:
        return None
    return Kept(
        of_view=lambda condition: Sql.of("(", above.of_view(condition), ", ", below.of_view(condition), ")"),
        of_rows=lambda condition: Sql.of("(", above.of_rows(condition), ", ", below.of_rows(condition), ")"),
        whole=lambda name: Sql.of(f"sum({name}.1) / nullIf(sum({name}.2), 0)"),
        alone=lambda condition: Sql.of(above.alone(condition), " / nullIf(", below.alone(condition), ", 0)"),
    )


def _aggregate(each: AggregatedColumn) -> AggregateName | None:
    return "quantile" if each.aggregate.startswith("quantile") else _SPELLINGS.get(each.aggregate)


def _column(each: AggregatedColumn) -> Sql | None:
    return Sql.of(ident(each.source_column.strip("`"))) if each.source_column else None


def _stored(each: AggregatedColumn, schema: TableSchema) -> _Stored:
    column = schema.column(each.column)
    if column is None:
        raise Unfit(f"it has no column {each.column}")
    sql = Sql.of(ident(each.column))
    match = _STORED.fullmatch(column.type)
    if match is None:
        # other engines keep one of several plain numbers when they merge rows, and drop the rest
        function = "" if re.match(r"(Replicated|Shared)?(Summing)?MergeTree", schema.engine) else "none"
        return _Stored(sql, function, column.type, simple=True, text=f"{column.type} in a {schema.engine}")
    return _Stored(sql, match["function"], match["argument"] or "", bool(match["simple"]), column.type)


def _count(stored: _Stored, _wanted: Wanted) -> Kept | None:
    rows = _calling("count", None)
    if _summed(stored) and stored.argument == "UInt64":
        return _added(_calling("sum", stored.sql), rows)
    if stored.function == "count" and not parse_type(stored.argument or "UInt8").nullable:
        return _added(_calling("countMerge", stored.sql), rows)
    return None


def _sum(stored: _Stored, wanted: Wanted) -> Kept | None:
    rows = _calling("sum", wanted.column)
    if _summed(stored) and stored.argument == _sum_type(wanted.type):
        return _added(_calling("sum", stored.sql), rows)
    if stored.function == "sum" and _same_type(stored.argument, wanted.type):
        return _added(_calling("sumMerge", stored.sql), rows)
    return None


def _picked(stored: _Stored, wanted: Wanted) -> Kept | None:
    """Smallest, largest, any. Parts without rows are NULL, which the whole passes over."""
    function = wanted.select.aggregate
    if stored.function != function or not _same_type(stored.argument, wanted.type):
        return None
    rows = _calling(f"{function}OrNull", wanted.column)
    # a merge of plain states knows no NULL; with If it does, so there is always a condition
    of_view = (
        _calling(f"{function}OrNull", stored.sql)
        if stored.simple
        else lambda condition: Sql.of(f"{function}MergeOrNullIf(", stored.sql, ", ", condition or "true", ")")
    )
    return Kept(of_view, rows, lambda name: Sql.of(f"{function}({name})"), of_view)


def _state(stored: _Stored, wanted: Wanted) -> Kept | None:
    if stored.simple or stored.function not in _STATES[wanted.select.aggregate]:
        return None
    if not _same_type(stored.argument, wanted.type):
        return None
    function, level = stored.function, ""
    if wanted.select.aggregate == "quantile":
        function, level = "quantile", f"({0.5 if wanted.select.level is None else wanted.select.level!r})"
    merge = f"{function}Merge"
    exact = wanted.select.aggregate == "count_distinct"
    return Kept(
        of_view=_calling(f"{function}MergeState", stored.sql, level),
        of_rows=_calling(f"{function}State", wanted.column, level),
        whole=lambda name: _number(Sql.of(f"{merge}{level}({name})"), exact),
        alone=lambda condition: _number(_calling(merge, stored.sql, level)(condition), exact),
    )


_KEPT: Mapping[AggregateName, Callable[[_Stored, Wanted], Kept | None]] = {
    "count": _count,
    "sum": _sum,
    "min": _picked,
    "max": _picked,
    "any": _picked,
    "avg": _state,
    "quantile": _state,
    "count_distinct": _state,
}
KEPT_AGGREGATES = frozenset(_KEPT)


def _calling(function: str, argument: Sql | None, level: str = "") -> Callable[[Sql | None], Sql]:
    """`function(level)(argument)`, or `functionIf(level)(argument, condition)`."""

    def call(condition: Sql | None) -> Sql:
        arguments = [each for each in (argument, condition) if each is not None]
        return Sql.of(f"{function}{'If' if condition else ''}{level}(", Sql.join(arguments, ", "), ")")

    return call


def _added(of_view: Callable[[Sql | None], Sql], of_rows: Callable[[Sql | None], Sql]) -> Kept:
    return Kept(of_view, of_rows, lambda name: Sql.of(f"sum({name})"), of_view)


def _number(value: Sql, always: bool) -> Sql:
    """States of no rows merge to NaN; asked of rows, the same aggregates say NULL."""
    return value if always else Sql.of("if(isNaN(", value, "), NULL, ", value, ")")


def _summed(stored: _Stored) -> bool:
    return stored.simple and stored.function in ("", "sum")


def _sum_type(source_type: str) -> str:
    """The type that `sum` gives, in which a view must hold its sums to lose nothing."""
    match = _WHOLE_NUMBER.fullmatch(source_type)
    if match:
        return f"{match['sign']}Int64"
    return "Float64" if source_type.startswith("Float") else "unknown"


def _same_type(stored: str, source: str) -> bool:
    return _without_dictionary(stored) == _without_dictionary(source)


def _without_dictionary(kind: str) -> str:
    match = re.fullmatch(r"LowCardinality\((.+)\)", kind)
    return match[1] if match else kind

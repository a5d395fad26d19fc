"""The macros of raw SQL (reference/query-engine.md §4.1): name → arguments and meaning.

A macro becomes one expression in parentheses, so that `NOT $__timeFilter(c)` means what it says. Ranges are half-open
like everywhere in this program (the reference includes the end). Moments and widths are bound parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from clickstack.core.errors import BadQuery
from clickstack.core.source import METRIC_KINDS, Source
from clickstack.core.sql import Param, Sql, ident
from clickstack.core.timerange import TimeRange

from ..columntype import parse_type
from ..fields import Fields
from ..timefilter import time_columns
from .filters import FilterSelection, filter_condition
from .variables import Variable

MS_MAX = 9_223_372_036_000  # 2262-04-11, the end of DateTime64(9)
DATETIME_S_MAX = 4_294_967_295  # 2106-02-07, the end of DateTime; later ends mean the same
EVERYTHING = Sql.of("(1=1)")


@dataclass(frozen=True, slots=True)
class MacroContext:
    """What macros know: the asked range, the bucket width in seconds, the source, the choices in filters."""

    time_range: TimeRange
    interval_s: int
    source: Source | None
    filters: tuple[FilterSelection, ...]
    fields: Fields | None = None  # of the source's table, to tell the engine more about its columns
    origin_s: int = 0  # where a bucket begins instead of at 1970

    @property
    def start_ms(self) -> int:
        return min(max(self.time_range.start_ms, 0), MS_MAX)

    @property
    def end_ms(self) -> int:
        return min(max(self.time_range.end_ms, 0), MS_MAX)


Argument = Sql | Variable
Expand = Callable[[MacroContext, list[Argument]], Sql]


@dataclass(frozen=True, slots=True)
class Macro:
    """`parameters` are the names in its usage; one with a $ takes a variable, one in brackets may be left out.

    `about` says what validation looks for: a macro that bounds time, buckets it, or carries the filters.
    """

    parameters: tuple[str, ...]
    expand: Expand
    about: str = ""

    @property
    def required(self) -> int:
        return sum(not each.startswith("[") for each in self.parameters)


def usage(name: str) -> str:
    """How a macro is written, for messages."""
    parameters = MACROS[name].parameters
    if not parameters:
        return name
    if parameters == ("[type]",):
        return f"{name} or {name}(type)"
    return f"{name}({', '.join(parameters)})"


# --- Moments ------------------------------------------------------------------------------------------------------


def _ms(ms: int) -> Sql:
    return Sql.of("fromUnixTimestamp64Milli(", Param(ms, "Int64"), ")")


def _seconds(ms: int) -> Sql:
    """The moment as DateTime. A broken second is rounded up, so that `< end` still covers it."""
    return Sql.of("toDateTime(", _ms(min(math.ceil(ms / 1000), DATETIME_S_MAX) * 1000), ")")


def _start(context: MacroContext) -> Sql:
    return Sql.of("toDateTime(", _ms(min(context.start_ms, DATETIME_S_MAX * 1000)), ")")


def _within(context: MacroContext, column: Argument, start: Sql, end: Sql) -> Sql:
    expression = _sql(column)
    hints = _hints(context.fields, expression, start, end)
    return Sql.of("(", expression, " >= ", start, " AND ", expression, " < ", end, *hints, ")")


def _hints(fields: Fields | None, expression: Sql, start: Sql, end: Sql) -> list[Sql]:
    """What the condition says about the sorting key, which the engine does not see by itself (see timefilter)."""
    if fields is None or len(expression.parts) != 1 or not isinstance(expression.parts[0], str):
        return []
    column = fields.schema.column(expression.parts[0])
    if column is None or not parse_type(column.type).base.startswith("DateTime"):
        return []
    times = time_columns(column.name, fields)
    return [Sql.of(" AND ", key.hint(start, end)) for key in times.keys]


def _time_filter(context: MacroContext, arguments: list[Argument]) -> Sql:
    return _within(context, arguments[0], _start(context), _seconds(context.end_ms))


def _time_filter_ms(context: MacroContext, arguments: list[Argument]) -> Sql:
    return _within(context, arguments[0], _ms(context.start_ms), _ms(context.end_ms))


def _date_filter(context: MacroContext, arguments: list[Argument]) -> Sql:
    """The days the range touches; the day of the last millisecond is the last one."""
    column, last_ms = _sql(arguments[0]), max(context.end_ms - 1, context.start_ms)
    start, end = (Sql.of("toDate(", _ms(ms), ")") for ms in (context.start_ms, last_ms))
    return Sql.of("(", column, " >= ", start, " AND ", column, " <= ", end, ")")


def _date_time_filter(context: MacroContext, arguments: list[Argument]) -> Sql:
    date, time = _date_filter(context, arguments[:1]), _time_filter(context, arguments[1:])
    return Sql.of("(", date, " AND ", time, ")")


def _interval(context: MacroContext, arguments: list[Argument]) -> Sql:
    width = Param(context.interval_s, "Int64")
    time = Sql.of("toDateTime(", _sql(arguments[0]), ")")
    return _moved(context, time, lambda each: Sql.of("toStartOfInterval(", each, ", toIntervalSecond(", width, "))"))


def _interval_ms(context: MacroContext, arguments: list[Argument]) -> Sql:
    width = Param(context.interval_s * 1000, "Int64")
    time = Sql.of("toDateTime64(", _sql(arguments[0]), ", 3)")
    return _moved(
        context, time, lambda each: Sql.of("toStartOfInterval(", each, ", toIntervalMillisecond(", width, "))")
    )


def _moved(context: MacroContext, time: Sql, start: Callable[[Sql], Sql]) -> Sql:
    """The start of a time's bucket, where buckets begin at the origin."""
    if not context.origin_s:
        return start(time)
    origin = Sql.of("toIntervalSecond(", Param(context.origin_s, "Int64"), ")")
    return Sql.of("(", start(Sql.of(time, " - ", origin)), " + ", origin, ")")


# --- Source, filters, variables --------------------------------------------------------------------------------------


def _filters(context: MacroContext, _: list[Argument]) -> Sql:
    return filter_condition(context.filters, context.source, context.fields) or EVERYTHING


def _source_table(context: MacroContext, arguments: list[Argument]) -> Sql:
    source = context.source
    if source is None:
        raise BadQuery("$__sourceTable needs a source: choose one for this chart")
    kind = "".join(part for part in _sql(arguments[0]).parts if isinstance(part, str)) if arguments else ""
    kind = kind.strip().strip("'\"`").lower()
    table = source.table_name
    if source.kind == "metric":
        table = (source.metric_tables or {}).get(kind, "")
        if not table:
            raise BadQuery(f"$__sourceTable: {source.name} is a metric source: write one of {_kinds()}")
    elif kind:
        raise BadQuery(f"$__sourceTable: {source.name} is no metric source: write $__sourceTable without a type")
    return Sql.of(f"{ident(source.database_name)}.{ident(table)}")


def _kinds() -> str:
    return ", ".join(f"$__sourceTable({kind})" for kind in METRIC_KINDS)


def _filter(context: MacroContext, arguments: list[Argument]) -> Sql:
    variable = arguments[-1]
    assert isinstance(variable, Variable)
    if not variable.values:
        return EVERYTHING
    if len(arguments) == 2:
        expression = Sql.of("(", _sql(arguments[0]), ")")
    elif variable.expression:
        condition = filter_condition((FilterSelection(variable.expression, variable.values),), None, context.fields)
        assert condition is not None
        return condition
    else:
        raise BadQuery(f"$__filter(${variable.name}): the variable has no expression: write $__filter(expr, $var)")
    values = Sql.join([Sql.of(Param(value, "String")) for value in variable.values], ", ")
    return Sql.of("(", expression, " IN (", values, "))")


def _conditional_all(_: MacroContext, arguments: list[Argument]) -> Sql:
    condition, variable = arguments
    assert isinstance(variable, Variable)
    return Sql.of("(", _sql(condition), ")") if variable.values else EVERYTHING


def _sql(argument: Argument) -> Sql:
    assert isinstance(argument, Sql)
    return argument


MACROS: Mapping[str, Macro] = {
    "$__fromTime": Macro((), lambda context, _: _start(context), "range"),
    "$__toTime": Macro((), lambda context, _: _seconds(context.end_ms), "range"),
    "$__fromTime_ms": Macro((), lambda context, _: _ms(context.start_ms), "range"),
    "$__toTime_ms": Macro((), lambda context, _: _ms(context.end_ms), "range"),
    "$__timeFilter": Macro(("column",), _time_filter, "range"),
    "$__timeFilter_ms": Macro(("column",), _time_filter_ms, "range"),
    "$__dateFilter": Macro(("column",), _date_filter, "range"),
    "$__dateTimeFilter": Macro(("dateColumn", "timeColumn"), _date_time_filter, "range"),
    "$__dt": Macro(("dateColumn", "timeColumn"), _date_time_filter, "range"),
    "$__timeInterval": Macro(("column",), _interval, "bucket"),
    "$__timeInterval_ms": Macro(("column",), _interval_ms, "bucket"),
    "$__interval_s": Macro((), lambda context, _: Sql.of(Param(context.interval_s, "Int64")), "bucket"),
    "$__filters": Macro((), _filters, "filters"),
    "$__sourceTable": Macro(("[type]",), _source_table),
    "$__filter": Macro(("[expr]", "$variable"), _filter, "filters"),
    "$__conditionalAll": Macro(("condition", "$variable"), _conditional_all, "filters"),
}

# Bind parameters a statement may name itself (§4.2): name → value and what validation looks for.
PARAMETERS: Mapping[str, tuple[Callable[[MacroContext], int], str]] = {
    "startDateMilliseconds": (lambda context: context.start_ms, "range"),
    "endDateMilliseconds": (lambda context: context.end_ms, "range"),
    "intervalSeconds": (lambda context: context.interval_s, "bucket"),
    "intervalMilliseconds": (lambda context: context.interval_s * 1000, "bucket"),
}

"""The time of a row: which expressions keep it, and how a range is asked so that the engine reads little."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clickstack.core.errors import BadQuery
from clickstack.core.sql import Param, Sql, ident, literal
from clickstack.core.timerange import TimeRange

from .columntype import ColumnType, parse_type
from .fields import Fields
from .usersql import split_list, user_expression

MS_MAX = 9_223_372_036_000  # 2262-04-11, the end of DateTime64(9); later ends are the same as this one

# Functions of time that keep its order, as sorting keys use them.
_MONOTONIC = re.compile(r"(?P<function>toStartOf\w+|toDate|toDateTime|toYYYYMM|toYYYYMMDD|toMonday)\((?P<column>\w+)\)")


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """An expression that tells a row's time. `rounding` is the function it applies to a column, if it is one.

    `zone` is that of a column which has one of its own, such as `DateTime('Asia/Kolkata')`: functions round by it.
    """

    sql: Sql
    type: ColumnType
    rounding: str | None = None
    zone: str = "UTC"

    @property
    def fineness(self) -> int:
        """Larger is finer: rounded < Date < DateTime < DateTime64."""
        return 0 if self.rounding else {"Date": 1, "Date32": 1, "DateTime": 2}.get(self.type.base, 3)

    def rounded(self, moment: Sql, rounding: str) -> Sql:
        """A moment rounded as the column's times are."""
        local = moment if self.zone == "UTC" else Sql.of("toTimeZone(", moment, f", {literal(self.zone)})")
        return Sql.of(f"{rounding}(", local, ")")

    def hint(self, start: Sql, end: Sql) -> Sql:
        """What start ≤ time ≤ end says about a rounded time."""
        assert self.rounding is not None
        low, high = (self.rounded(moment, self.rounding) for moment in (start, end))
        return Sql.of("indexHint(", self.sql, " >= ", low, " AND ", self.sql, " <= ", high, ")")


@dataclass(frozen=True, slots=True)
class TimeColumns:
    """All of a source's times. `finest` is what buckets and orders; `keys` are rounded times of the sorting key."""

    columns: tuple[TimeColumn, ...]
    keys: tuple[TimeColumn, ...]

    @property
    def finest(self) -> TimeColumn:
        return max(self.columns, key=lambda column: column.fineness)

    @property
    def cut_ms(self) -> int:
        """Ranges that meet at a multiple of this share no row. Of days and other rounded times any two may."""
        return {3: 1, 2: 1_000}.get(self.finest.fineness, MS_MAX)

    def clock(self, time_range: TimeRange) -> Sql:
        """The finest time in whole seconds. A day, or another rounded time, may have begun before the range that it is
        in; then it counts at the start."""
        zone = ", 'UTC'" if self.finest.zone != "UTC" else ""  # else it would be cut by that zone's clocks
        seconds = Sql.of("toDateTime(", self.finest.sql, zone, ")")
        if self.cut_ms <= 1_000:
            return seconds
        return Sql.of("greatest(", seconds, f", toDateTime({max(time_range.start_ms, 0) // 1000}))")

    def within(self, time_range: TimeRange) -> list[Sql]:
        """Conditions for start ≤ time < end.

        A sorting key such as (toStartOfFiveMinutes(Timestamp), …) is told as well: the engine does not see by itself
        that the condition on Timestamp bounds it, and would read every granule. As a mere hint it costs nothing per
        row; it is sound because the condition implies it.
        """
        conditions = [condition for column in self.columns for condition in _within(column, time_range)]
        start, end = _moment(time_range.start_ms), _moment(time_range.end_ms)
        return [*conditions, *(key.hint(start, end) for key in self.keys)]


def time_columns(expression: str, fields: Fields, *also: str | None) -> TimeColumns:
    """The times a source's `timestampValueExpression` names; `also` are further single columns. Raises BadQuery."""
    texts = [*split_list(expression, "timestampValueExpression"), *(text for text in also if text)]
    if not texts:
        raise BadQuery("The source has no timestampValueExpression.")
    columns = tuple(_time_column(text, fields) for text in dict.fromkeys(texts))
    keys = []
    for part in split_list(fields.schema.sorting_key, "the sorting key"):
        match = _MONOTONIC.fullmatch(part)
        if match and match["column"] in texts:
            keys.append(_rounded(match, fields))
    return TimeColumns(columns, tuple(keys))


def _time_column(text: str, fields: Fields) -> TimeColumn:
    known = fields.find_or_none(text.strip("`"))
    if known is not None:
        return TimeColumn(known.sql, known.type, zone=known.type.zone)
    match = _MONOTONIC.fullmatch(text)
    if match:
        return _rounded(match, fields)
    return TimeColumn(user_expression(text, "timestampValueExpression"), parse_type("DateTime64(9)"))


def _rounded(match: re.Match[str], fields: Fields) -> TimeColumn:
    column = fields.find_or_none(match["column"])
    sql = Sql.of(f"{match['function']}({ident(match['column'])})")
    zone = column.type.zone if column else "UTC"
    return TimeColumn(sql, parse_type("DateTime"), match["function"], zone)


def _within(column: TimeColumn, time_range: TimeRange) -> list[Sql]:
    start, end = _moment(time_range.start_ms), _moment(time_range.end_ms)
    wrapped = column.rounding or ("toDate" if column.type.base in ("Date", "Date32") else None)
    if wrapped:  # every unit that holds a part of the range, so not the one that begins with its end
        first, last = (column.rounded(each, wrapped) for each in (start, _moment(time_range.end_ms - 1)))
        return [Sql.of(column.sql, " >= ", first), Sql.of(column.sql, " <= ", last)]
    if column.type.base == "DateTime":  # whole seconds: a second belongs to the range when it begins before the end
        start = Sql.of("toDateTime(", start, ")")
    return [Sql.of(column.sql, " >= ", start), Sql.of(column.sql, " < ", end)]


def _moment(ms: int) -> Sql:
    return Sql.of("fromUnixTimestamp64Milli(", Param(min(max(ms, 0), MS_MAX), "Int64"), ", 'UTC')")

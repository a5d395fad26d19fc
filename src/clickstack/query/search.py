"""Search: rows newest first, page by page; one whole row; the histogram above them.

Pages follow a cursor (the last row's key), so they neither repeat nor skip rows while new ones arrive. The range is
read in windows from its newest end, each as wide as the rows found so far suggest: a page of a busy day reads minutes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from clickstack.core.chart import Filter
from clickstack.core.errors import BadQuery, BadRequest, NotFound, QueryTimeout
from clickstack.core.limits import SEARCH_ENGINE_S_MAX
from clickstack.core.result import Column, Statistics
from clickstack.core.source import Source
from clickstack.core.sql import Sql, ident
from clickstack.core.timerange import TimeRange
from clickstack.store import Store

from .blame import Piece, blaming
from .columntype import parse_type
from .draft import select, table
from .events import added
from .fields import Fields
from .reader import Reader, reader_of
from .row_identity import Identity, RowKey, identity
from .run import NOTHING, readable_sql, source_schema
from .select_list import Shown, in_utc, names, read_select, rendered
from .timefilter import TimeColumns, time_columns
from .usersql import split_list, user_expression
from .where import Conditions

WINDOW_FIRST_MS = 60_000  # the newest minute is read first
AROUND_MS = 24 * 3_600_000  # what surrounds a row lies within a day of it
WINDOW_GROWTH_MAX = 20  # a window is at most this many times wider than the one before


@dataclass(frozen=True, slots=True)
class SearchConfig:
    """What a search asks for. Blank `select` is the source's default; blank `order_by` is newest first.

    `filters` are further conditions beside `where`.

    `newer_than` is a row's id: only rows after that one are read, which is how a list of events is kept up to date.
    Rows that arrive late, with an older time, are not among them.

    `strict` is the published API's rule: no subqueries, columns called as ClickHouse calls them.
    """

    source: Source
    where: Filter
    time_range: TimeRange
    limit: int
    select: str = ""
    order_by: str = ""
    offset: int = 0
    cursor: str | None = None
    newer_than: str | None = None
    strict: bool = False
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Rows in order. `row_ids` open single rows; `next_cursor` is None on the last page."""

    columns: list[Column]
    rows: list[list[Any]]
    row_ids: list[str]
    next_cursor: str | None
    statistics: Statistics
    sql: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Rows around one, newest first; `at` is its place. `more_…`: that many were not all."""

    page: SearchPage
    at: int
    more_newer: bool
    more_older: bool


class Search:
    """Searches a store. Blocks its thread; safe from many threads."""

    def __init__(self, store: Store | Reader) -> None:
        self._reader = reader_of(store)

    def page(self, config: SearchConfig, query_id: str | None = None) -> SearchPage:
        """Raises BadQuery, BadRequest, and what Store.query raises."""
        query = _Query.of(self._reader, config)
        with blaming(lambda: query.pieces(self._reader)):
            return self._page(config, query, query_id)

    def _page(self, config: SearchConfig, query: _Query, query_id: str | None) -> SearchPage:
        if config.order_by.strip():
            if config.newer_than:
                raise BadRequest("newerThan: only a list in order of time can be continued; leave orderBy out")
            return self._ordered_page(config, query, query_id)
        after = RowKey.decode(config.cursor, "cursor") if config.cursor else None
        wanted = config.offset + config.limit + 1  # one more tells whether there is a next page
        rows, statistics, columns = self._newest(query, after, wanted, query_id)
        page = rows[config.offset : config.offset + config.limit]
        keys = [query.identity.key(row) for row in page]
        return SearchPage(
            columns=columns,
            rows=[row[: len(columns)] for row in page],
            row_ids=[key.encode() for key in keys],
            next_cursor=keys[-1].encode() if page and len(rows) == wanted else None,
            statistics=statistics,
            sql=readable_sql(query.sql(query.config.time_range, after, config.limit)),
            warnings=query.warnings,
        )

    def around(self, config: SearchConfig, row_id: str, query_id: str | None = None) -> Surroundings:
        """Up to `config.limit` rows on each side of a row, within a day, that meet the filters; and the row itself.

        Raises NotFound when the row is no longer there, BadRequest for a bad id, and what `page` raises.
        """
        key = RowKey.decode(row_id, "rowId")
        day = TimeRange(max(key.time_ms - AROUND_MS, 0), key.time_ms + AROUND_MS)
        query = _Query.of(self._reader, replace(config, time_range=day))
        newer = _Query.of(self._reader, replace(config, time_range=day, newer_than=row_id))
        own = self._reader.query(query.one(key), config.source, query_id)
        if not own.rows:
            raise NotFound("The row is not there any more.")
        after, after_cost, _ = self._newest(query, key, config.limit + 1, query_id)
        before, before_cost = self._oldest(newer, config.limit + 1, query_id)
        rows = [*reversed(before[: config.limit]), *own.rows, *after[: config.limit]]
        columns = query.columns(own.columns[: -len(query.identity.selected)])
        page = SearchPage(
            columns=columns,
            rows=[row[: len(columns)] for row in rows],
            row_ids=[query.identity.key(row).encode() for row in rows],
            next_cursor=None,
            statistics=added(own.statistics, added(after_cost, before_cost)),
            sql=readable_sql(query.sql(day, key, config.limit)),
            warnings=query.warnings,
        )
        return Surroundings(page, min(len(before), config.limit), len(before) > config.limit, len(after) > config.limit)

    def row(self, source: Source, row_id: str, query_id: str | None = None) -> dict[str, Any]:
        """The whole row of an id, by column. Raises NotFound when it is no longer there, BadRequest for a bad id."""
        key = RowKey.decode(row_id, "rowId")
        fields = Fields(source_schema(self._reader, source), source)
        times = _times(source, fields)
        around = times.within(TimeRange(key.time_ms, key.time_ms + 1))
        one = identity(fields.schema, times.finest.sql).is_row(key)
        sql = select([_whole(fields)], table(fields), [*around, one], ["LIMIT 1"])
        for row in self._reader.query(sql, source, query_id).dicts():
            return row
        raise NotFound("The row is not there any more.")

    def _newest(
        self, query: _Query, after: RowKey | None, wanted: int, query_id: str | None
    ) -> tuple[list[list[Any]], Statistics, list[Column]]:
        """Up to `wanted` rows, newest first, window by window."""
        rows: list[list[Any]] = []
        statistics, columns = NOTHING, []
        whole, cut_ms = query.config.time_range, query.times.cut_ms
        for window in windows(whole, after, lambda: (len(rows), wanted), cut_ms):
            result = self._reader.query(query.sql(window, after, wanted - len(rows)), query.config.source, query_id)
            rows.extend(result.rows)
            statistics = added(statistics, result.statistics)
            columns = query.columns(result.columns[: -len(query.identity.selected)])
            if len(rows) >= wanted:
                break
            _check_time(statistics)
        return rows, statistics, columns

    def _oldest(self, query: _Query, wanted: int, query_id: str | None) -> tuple[list[list[Any]], Statistics]:
        """Up to `wanted` rows, oldest first, in windows that grow away from the beginning."""
        rows: list[list[Any]] = []
        statistics, whole = NOTHING, query.config.time_range
        mirrored_whole, cut_ms = TimeRange(-whole.end_ms, -whole.start_ms), query.times.cut_ms
        for mirrored in windows(mirrored_whole, None, lambda: (len(rows), wanted), cut_ms):
            window = TimeRange(-mirrored.end_ms, -mirrored.start_ms)
            sql = query.sql(window, None, wanted - len(rows), query.identity.oldest_first)
            result = self._reader.query(sql, query.config.source, query_id)
            rows.extend(result.rows)
            statistics = added(statistics, result.statistics)
            if len(rows) >= wanted:
                break
            _check_time(statistics)
        return rows, statistics

    def _ordered_page(self, config: SearchConfig, query: _Query, query_id: str | None) -> SearchPage:
        parts = [_order(part, query.fields) for part in split_list(config.order_by, "orderBy")]
        order = Sql.join([Sql.of(sql, f" {direction}") for sql, direction in parts], ", ")
        tail = [Sql.of("ORDER BY ", order), Sql.of(f"LIMIT {config.limit} OFFSET {config.offset}")]
        sql = select(rendered(query.shown), table(query.fields), query.where(config.time_range, None), tail)
        if config.time_range.empty:
            return SearchPage([], [], [], None, NOTHING, readable_sql(sql), query.warnings)
        result = self._reader.query(sql, config.source, query_id)
        return SearchPage(
            query.columns(result.columns), result.rows, [], None, result.statistics, readable_sql(sql), query.warnings
        )


@dataclass(frozen=True, slots=True)
class _Query:
    """A search with its texts read."""

    config: SearchConfig
    fields: Fields
    times: TimeColumns
    identity: Identity
    shown: list[Shown]
    newer: list[Sql]
    conditions: list[Sql]
    warnings: tuple[str, ...]

    @staticmethod
    def of(store: Reader, config: SearchConfig) -> _Query:
        source = config.source
        fields = Fields(source_schema(store, source), source)
        times = _times(source, fields)
        conditions = Conditions(fields, source)
        asked = [conditions.read(each, what, subqueries=not config.strict) for each, what in _filters(config)]
        text = config.select if config.select.strip() else source.default_table_select_expression or "*"
        shown = read_select(text, fields, subqueries=not config.strict, engine_names=config.strict)
        if not shown:
            raise BadQuery("select: there is nothing but comments; name a column, or leave it empty")
        if not config.strict and shown[0].sql != times.finest.sql:
            shown.insert(0, Shown("Timestamp", times.finest.sql, times.finest.type))
        rows = identity(fields.schema, times.finest.sql)
        known = RowKey.decode(config.newer_than, "newerThan") if config.newer_than else None
        if known:
            start_ms = max(config.time_range.start_ms, known.time_ms)
            config = replace(config, time_range=TimeRange(start_ms, max(start_ms, config.time_range.end_ms)))
        return _Query(
            config=config,
            fields=fields,
            times=times,
            identity=rows,
            shown=shown,
            newer=[rows.newer_than(known)] if known else [],
            conditions=[*conditions.of_source(), *(each.sql for each in asked if each.sql)],
            warnings=tuple(warning for each in asked for warning in each.warnings),
        )

    def where(self, time_range: TimeRange, after: RowKey | None) -> list[Sql]:
        older = [self.identity.older_than(after)] if after else []
        return [*self.times.within(time_range), *older, *self.newer, *self.conditions]

    def one(self, key: RowKey) -> Sql:
        return select(
            [*rendered(self.shown), *self.identity.selected],
            table(self.fields),
            [*self.times.within(TimeRange(key.time_ms, key.time_ms + 1)), self.identity.is_row(key)],
            ["LIMIT 1"],
        )

    def sql(self, time_range: TimeRange, after: RowKey | None, limit: int, order: Sql | None = None) -> Sql:
        return select(
            [*rendered(self.shown), *self.identity.selected],
            table(self.fields),
            self.where(time_range, after),
            [order or self.identity.newest_first, f"LIMIT {limit}"],
        )

    def pieces(self, reader: Reader) -> Iterator[Piece]:
        """The texts of the search, each to be asked alone."""
        source, hint = self.config.source, self.fields.hint

        def ask(column: Sql, *conditions: Sql) -> Callable[[], object]:
            return lambda: reader.describe(select([column], table(self.fields), conditions, []), source)

        own = source.table_filter_expression or ""
        for each, what in [(Filter(own, "sql"), "tableFilterExpression"), *_filters(self.config)]:
            condition = Conditions(self.fields, source).read(each, what, subqueries=not self.config.strict).sql
            if condition is not None:
                yield Piece(what, each.text, ask(self.times.finest.sql, condition), hint)
        for shown in self.shown:  # beside the time: a column that folds rows has no place in a list
            yield Piece("select", self.config.select, ask(Sql.of(self.times.finest.sql, ", ", shown.sql)), hint)
        for part in split_list(self.config.order_by, "orderBy"):
            ordered = Sql.of("tuple(", _order(part, self.fields)[0], ")")
            yield Piece("orderBy", self.config.order_by, ask(ordered), hint)

    def columns(self, engine: tuple[Column, ...]) -> list[Column]:
        called = names(self.shown, [column.name for column in engine])
        return [replace(column, name=name) for column, name in zip(engine, called, strict=True)]


def windows(
    time_range: TimeRange, after: RowKey | None, progress: Callable[[], tuple[int, int]], cut_ms: int = 1
) -> Iterator[TimeRange]:
    """Half-open pieces of a range, newest first, until its start. `progress` tells rows found and wanted.

    They meet at multiples of `cut_ms` (`TimeColumns.cut_ms`): else a row of a whole second would be in two of them.
    A range that ends where it starts still gives one (empty) window, so that the columns are known.
    """
    end_ms = time_range.end_ms if after is None else min(time_range.end_ms, after.time_ms + 1)
    width_ms = WINDOW_FIRST_MS
    while True:
        start_ms = max(time_range.start_ms, (end_ms - width_ms) // cut_ms * cut_ms)
        yield TimeRange(min(start_ms, end_ms), end_ms)
        if start_ms <= time_range.start_ms:
            return
        found, wanted = progress()
        growth = 1.5 * (wanted - found) / found if found else WINDOW_GROWTH_MAX
        end_ms, width_ms = start_ms, int(width_ms * min(max(growth, 1), WINDOW_GROWTH_MAX))


def _check_time(spent: Statistics) -> None:
    """A page reads several windows, each within the limit of a query; not so many that the caller waits for ever."""
    if spent.elapsed_s > SEARCH_ENGINE_S_MAX:
        raise QueryTimeout("The search took longer than allowed. Narrow the time range or the filter.")


def _whole(fields: Fields) -> Sql:
    """All columns, times by the clock of UTC."""
    kinds = [(Sql.of(ident(column.name)), parse_type(column.type)) for column in fields.schema.columns]
    zoned = [Sql.of(in_utc(sql, kind), " AS ", sql) for sql, kind in kinds if kind.zone != "UTC"]
    return Sql.of("* REPLACE (", Sql.join(zoned, ", "), ")") if zoned else Sql.of("*")


def _times(source: Source, fields: Fields) -> TimeColumns:
    return time_columns(source.timestamp_value_expression, fields, source.displayed_timestamp_value_expression)


def _filters(config: SearchConfig) -> list[tuple[Filter, str]]:
    """The conditions of a search, and what the request calls them."""
    return [(config.where, "where"), *((each, f"filters.{at}") for at, each in enumerate(config.filters))]


# An item of ORDER BY: an expression, and in which direction it goes.
_ORDERED = re.compile(
    r"(?P<by>.+?)(?P<direction>(?:\s+(?:ASC|DESC))?(?:\s+NULLS\s+(?:FIRST|LAST))?)", re.IGNORECASE | re.DOTALL
)


def _order(text: str, fields: Fields) -> tuple[Sql, str]:
    """An ORDER BY item: an expression, and its direction."""
    item = _ORDERED.fullmatch(text.strip())
    by, direction = (item["by"], " ".join(item["direction"].upper().split())) if item else (text, "")
    found = fields.find_or_none(by.strip())
    sql = found.sql if found else user_expression(by, "orderBy", subqueries=False)
    return sql, direction if direction.startswith(("ASC", "DESC")) else f"ASC {direction}".rstrip()

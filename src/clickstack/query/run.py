"""Charts, asked and answered: read the schema, compile, execute, shape."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from clickstack.core.chart import ChartConfig
from clickstack.core.errors import BadRequest
from clickstack.core.result import Statistics
from clickstack.core.source import Source
from clickstack.core.sql import Sql, literal
from clickstack.core.timerange import TimeRange
from clickstack.store import Store, TableSchema

from .columntype import ColumnType, parse_type
from .compile import CompiledChart, compile_chart, untyped
from .draft import Context, table
from .expression import read_expression
from .fields import Fields
from .settle import before, settle
from .shape import Point, filled, later, points
from .timefilter import time_columns
from .where import Conditions


@dataclass(frozen=True, slots=True)
class ChartResult:
    """A chart's points in order of time, then as the chart orders them.

    `values` and `groups` are the names of the values and group values of each point. `time_range` and `width_s` are
    those that were asked: widened to whole buckets where the chart says so, the width chosen where it is open.
    `previous` are the points of the period before, moved onto this one, when the chart compares.
    """

    points: list[Point]
    statistics: Statistics
    sql: str
    warnings: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    time_range: TimeRange = TimeRange(0, 0)
    width_s: int | None = None
    previous: list[Point] | None = None


NOTHING = Statistics(0, 0, 0.0)


class Runner:
    """Runs charts on a store. Blocks its thread; safe from many threads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def run(
        self, chart: ChartConfig, time_range: TimeRange, query_id: str | None = None, *, first: int = 0
    ) -> ChartResult:
        """Raises BadQuery, BadRequest, and what Store.query raises. An empty range has no points and reads nothing.

        `first` is the place of the chart's first value in the request, for messages.
        """
        if time_range.empty:
            return ChartResult([], NOTHING, "")
        chart, time_range = settle(chart, time_range)
        compiled = self._compile(chart, time_range, first)
        found, statistics = self._ask(chart, compiled, time_range, query_id)
        previous = None
        if chart.compare_to_previous:
            earlier, shift_ms = before(time_range, _width_s(chart))
            found_before, also = self._ask(chart, self._compile(chart, earlier), earlier, query_id)
            previous, statistics = later(found_before, shift_ms), _both(statistics, also)
        return ChartResult(
            found,
            statistics,
            readable_sql(compiled.sql),
            compiled.warnings,
            compiled.values,
            compiled.groups,
            time_range,
            _width_s(chart),
            previous,
        )

    def compile(self, chart: ChartConfig, time_range: TimeRange) -> CompiledChart:
        """The query of a chart, without running it. Raises BadQuery and BadRequest."""
        return self._compile(*settle(chart, time_range))

    def _compile(self, chart: ChartConfig, time_range: TimeRange, first: int = 0) -> CompiledChart:
        if chart.select[0].metric is None:
            return compile_chart(chart, [self._context(chart, time_range, first)])
        each = [replace(chart, select=(select,)) for select in chart.select]
        return compile_chart(chart, [self._context(one, time_range, first + at) for at, one in enumerate(each)])

    def _context(self, chart: ChartConfig, time_range: TimeRange, first: int = 0) -> Context:
        source = chart.source
        fields = Fields(source_schema(self._store, source, chart), source)
        return Context(
            chart=chart,
            time_range=time_range,
            fields=fields,
            times=time_columns(source.timestamp_value_expression, fields),
            conditions=Conditions(fields, source),
            types=self._types(untyped(chart, fields, first), fields),
            first=first,
        )

    def _ask(
        self, chart: ChartConfig, compiled: CompiledChart, time_range: TimeRange, query_id: str | None
    ) -> tuple[list[Point], Statistics]:
        result = self._store.query(compiled.sql, query_id=query_id)
        found = points(compiled, result)
        width_s = _width_s(chart)
        if chart.fill and width_s:
            found = filled(found, time_range, width_s, len(compiled.values), grouped=bool(compiled.groups))
        return found, result.statistics

    def _types(self, texts: Iterable[str], fields: Fields) -> dict[str, ColumnType]:
        """The types of SQL expressions, told by the engine without reading a row."""
        texts = list(dict.fromkeys(texts))
        if not texts:
            return {}
        columns = [Sql.of(read_expression(text, fields, "field").sql, f" AS e{at}") for at, text in enumerate(texts)]
        described = self._store.query(
            Sql.of("DESCRIBE (SELECT ", Sql.join(columns, ", "), " FROM ", table(fields), ")")
        )
        return {text: parse_type(row[1]) for text, row in zip(texts, described.rows, strict=True)}


def source_schema(store: Store, source: Source, chart: ChartConfig | None = None) -> TableSchema:
    """The schema of the table a source reads; a metric source has one table for each kind. Raises BadRequest."""
    metric = chart.select[0].metric if chart else None
    if metric is None:
        if not source.table_name:
            raise BadRequest(f"{source.name} is a metric source: metricDataType and metricName are required")
        return store.catalog.table(source.database_name, source.table_name)
    name = (source.metric_tables or {}).get(metric.kind)
    if not name:
        raise BadRequest(f"{source.name} has no table for metricDataType {metric.kind!r}")
    return store.catalog.table(source.database_name, name)


def readable_sql(sql: Sql) -> str:
    """The SQL for people to read and copy: values stand where the engine gets parameters."""
    return "".join(part if isinstance(part, str) else _shown(part.value, part.type) for part in sql.parts)


def _shown(value: str | int | float | bool, kind: str) -> str:
    if isinstance(value, str):
        return literal(value) if kind == "String" else f"CAST({literal(value)}, {literal(kind)})"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _width_s(chart: ChartConfig) -> int | None:
    assert chart.granularity_s != "auto", "settled before"
    return chart.granularity_s


def _both(one: Statistics, other: Statistics) -> Statistics:
    return Statistics(
        one.rows_read + other.rows_read, one.bytes_read + other.bytes_read, one.elapsed_s + other.elapsed_s
    )

"""Charts, asked and answered: read the schema, compile, execute, shape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from clickstack.core.chart import ChartConfig, Select
from clickstack.core.errors import BadQuery, BadRequest
from clickstack.core.result import Statistics
from clickstack.core.source import Source
from clickstack.core.sql import Sql, literal
from clickstack.core.timerange import TimeRange
from clickstack.store import Store, TableSchema

from .accelerate import Acceleration, accelerated
from .blame import Piece, blaming
from .blame_chart import chart_pieces
from .columntype import ColumnType, parse_type
from .compile import CompiledChart, compile_chart, untyped
from .draft import Context, Places, table
from .expression import read_expression
from .fields import Fields
from .formats import Format, number_formats
from .grid import Grid
from .named import chart_as_table, named_queries, of_named, with_named
from .reader import Reader, reader_of
from .settle import settle
from .shape import Point, filled, later, points
from .timefilter import time_columns
from .where import Conditions


@dataclass(frozen=True, slots=True)
class ChartResult:
    """A chart's points in order of time, then as the chart orders them.

    `values` and `groups` are the names of the values and group values of each point. `time_range` and `width_s` are
    those that were asked: widened to whole buckets where the chart says so, the width chosen where it is open.
    `previous` are the points of the period before, moved onto this one, when the chart compares. `acceleration` tells
    which of the source's materialized views answered, and why others did not; None when it has none. `formats` say how
    each value is best shown.
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
    acceleration: Acceleration | None = None
    formats: tuple[Format | None, ...] = ()


NOTHING = Statistics(0, 0, 0.0)
SEVERAL_COLUMNS = "{} is several columns, as untuple and COLUMNS make them; a chart needs one for each."


class Runner:
    """Runs charts on a store. Blocks its thread; safe from many threads."""

    def __init__(self, store: Store | Reader) -> None:
        self._reader = reader_of(store)

    def run(
        self, chart: ChartConfig, time_range: TimeRange, query_id: str | None = None, *, first: int | None = None
    ) -> ChartResult:
        """Raises BadQuery, BadRequest, and what Store.query raises. An empty range has no points and reads nothing.

        `first` is the place of the chart's first value among the request's series, for messages; None where the
        request is the chart itself.
        """
        places = Places() if first is None else Places("series", first)
        if time_range.empty:
            return ChartResult([], NOTHING, "")
        chart, time_range = settle(chart, time_range)
        with self._blaming(chart, time_range, places):
            return self._answer(chart, time_range, query_id, places)

    def _answer(self, chart: ChartConfig, time_range: TimeRange, query_id: str | None, places: Places) -> ChartResult:
        compiled, acceleration = self._fastest(chart, time_range, places)
        found, statistics = self._ask(chart, compiled, time_range, query_id)
        previous = None
        if chart.compare_to_previous:
            grid = Grid.of(chart, _width_s(chart) or 1)
            earlier = grid.before(time_range)
            found_before, also = self._ask(chart, self._fastest(chart, earlier, places)[0], earlier, query_id)
            previous = later(found_before, lambda ms: grid.later_ms(ms, time_range) if ms else 0)
            statistics = _both(statistics, also)
        return ChartResult(
            found,
            statistics,
            readable_sql(compiled.sql),
            compiled.warnings,
            compiled.values,
            compiled.groups if chart.show_groups else (),
            time_range,
            _width_s(chart),
            previous,
            acceleration,
            number_formats(chart),
        )

    def compile(self, chart: ChartConfig, time_range: TimeRange) -> CompiledChart:
        """The query of a chart over its source's own rows, without running it. Raises BadQuery and BadRequest."""
        return self._compile(*settle(chart, time_range))

    def plan(self, chart: ChartConfig, time_range: TimeRange) -> tuple[CompiledChart, Acceleration | None]:
        """The query that `run` would run, and what views did for it. Raises as `compile` does."""
        chart, time_range = settle(chart, time_range)
        with self._blaming(chart, time_range, Places()):
            return self._fastest(chart, time_range)

    def _blaming(self, chart: ChartConfig, time_range: TimeRange, places: Places) -> AbstractContextManager[None]:
        """The engine's errors in the block are told about the text of the chart that they are in."""

        def ask(one: ChartConfig) -> None:
            self._reader.describe(self._compile(one, time_range, places).sql, one.source)

        def pieces() -> Iterator[Piece]:
            fields = Fields(source_schema(self._reader, chart.source, chart), chart.source)
            return chart_pieces(chart, places, ask, fields.hint)

        return blaming(pieces)

    def _fastest(
        self, chart: ChartConfig, time_range: TimeRange, places: Places = Places()
    ) -> tuple[CompiledChart, Acceleration | None]:
        plain = self._compile(chart, time_range, places)
        if chart.select[0].metric is not None or not chart.source.materialized_views:
            return plain, None
        return accelerated(self._reader.store, self._context(chart, time_range, places), plain)

    def _compile(self, chart: ChartConfig, time_range: TimeRange, places: Places = Places()) -> CompiledChart:
        if chart.select[0].metric is None:
            return compile_chart(chart, [self._context(chart, time_range, places)])
        each = [replace(chart, select=(select,)) for select in chart.select]
        contexts = [
            self._context(one, time_range, replace(places, first=places.first + at)) for at, one in enumerate(each)
        ]
        return compile_chart(
            chart, [replace(context, levels=_levels(context.chart.select[0], chart)) for context in contexts]
        )

    def _context(self, chart: ChartConfig, time_range: TimeRange, places: Places = Places()) -> Context:
        source = chart.source
        fields = Fields(source_schema(self._reader, source, chart), source)
        named = self._named(chart, time_range)
        return Context(
            chart=chart,
            time_range=time_range,
            fields=fields,
            times=time_columns(source.timestamp_value_expression, fields),
            conditions=Conditions(fields, source),
            types=self._types(untyped(chart, fields, places), fields, source, named),
            places=places,
            named=named,
        )

    def _named(self, chart: ChartConfig, time_range: TimeRange) -> Sql | None:
        tables = {}
        for at, cte in enumerate(chart.with_queries):
            if cte.chart is not None:
                with of_named(at):
                    inner, inside = settle(cte.chart, time_range)
                    compiled = self._compile(inner, inside)
                    tables[cte.name] = chart_as_table(inner, compiled.sql, bucketed=compiled.bucketed)
        return named_queries(chart.with_queries, tables)

    def _ask(
        self, chart: ChartConfig, compiled: CompiledChart, time_range: TimeRange, query_id: str | None
    ) -> tuple[list[Point], Statistics]:
        result = self._reader.query(compiled.sql, chart.source, query_id)
        if len(result.columns) != compiled.bucketed + len(compiled.groups) + len(compiled.values):
            raise BadQuery(SEVERAL_COLUMNS.format("An expression of this chart"))
        found = points(compiled, result)
        width_s = _width_s(chart)
        if chart.fill and width_s:
            buckets_ms = Grid.of(chart, width_s).starts_ms(time_range)
            found = filled(found, buckets_ms, len(compiled.values), grouped=bool(compiled.groups))
        if not chart.show_groups:
            found = [replace(point, group=()) for point in found]
        return found, result.statistics

    def _types(self, texts: Iterable[str], fields: Fields, source: Source, named: Sql | None) -> dict[str, ColumnType]:
        """The types of SQL expressions, told by the engine without reading a row."""
        texts = list(dict.fromkeys(texts))
        if not texts:
            return {}
        columns = [Sql.of(read_expression(text, fields, "field").sql, f" AS e{at}") for at, text in enumerate(texts)]
        asked = Sql.of("SELECT ", Sql.join(columns, ", "), " FROM ", table(fields))
        described = self._reader.describe(with_named(named, asked), source)
        if len(described.rows) != len(texts):
            raise BadQuery(SEVERAL_COLUMNS.format(" or ".join(texts)))
        return {text: parse_type(row[1]) for text, row in zip(texts, described.rows, strict=True)}


def source_fields(store: Store | Reader, source: Source) -> Fields:
    """The names a search over a source knows. Raises BadRequest for a metric source, which has no single table."""
    return Fields(source_schema(store, source), source)


def source_schema(store: Store | Reader, source: Source, chart: ChartConfig | None = None) -> TableSchema:
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
    if kind.startswith(("Decimal", "Float32", "BFloat16")):  # the plain number would be another one, or refused
        return f"CAST({literal(repr(value))}, {literal(kind)})"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _levels(select: Select, chart: ChartConfig) -> tuple[float, ...]:
    """The levels of all quantiles of the same metric under the same filter."""
    if select.aggregate != "quantile":
        return ()
    nameless = replace(select, level=None, alias=None, number_format=None)
    alike = [each for each in chart.select if replace(each, level=None, alias=None, number_format=None) == nameless]
    return tuple(sorted({0.5 if each.level is None else each.level for each in alike}))


def _width_s(chart: ChartConfig) -> int | None:
    assert chart.granularity_s != "auto", "settled before"
    return chart.granularity_s


def _both(one: Statistics, other: Statistics) -> Statistics:
    return Statistics(
        one.rows_read + other.rows_read, one.bytes_read + other.bytes_read, one.elapsed_s + other.elapsed_s
    )

"""Charts, asked and answered: read the schema, compile, execute, shape."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..core.chart import ChartConfig
from ..core.errors import BadRequest
from ..core.limits import CHART_BUCKETS_MAX
from ..core.result import Statistics
from ..core.source import Source
from ..core.sql import Sql, literal
from ..core.timerange import TimeRange
from ..store import Store, TableSchema
from .columntype import ColumnType, parse_type
from .compile import CompiledChart, compile_chart, untyped
from .draft import Context, table
from .expression import read_expression
from .fields import Fields
from .shape import Point, points
from .timefilter import time_columns
from .where import Conditions


@dataclass(frozen=True, slots=True)
class ChartResult:
    """A chart's points in order of time, then group."""

    points: list[Point]
    statistics: Statistics
    sql: str
    warnings: tuple[str, ...] = ()


NOTHING = Statistics(0, 0, 0.0)


class Runner:
    """Runs charts on a store. Blocks its thread; safe from many threads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def run(self, chart: ChartConfig, time_range: TimeRange, query_id: str | None = None) -> ChartResult:
        """Raises BadQuery, BadRequest, and what Store.query raises. An empty range has no points and reads nothing."""
        if time_range.empty:
            return ChartResult([], NOTHING, "")
        compiled = self.compile(chart, time_range)
        result = self._store.query(compiled.sql, query_id=query_id)
        return ChartResult(points(compiled, result), result.statistics, readable_sql(compiled.sql), compiled.warnings)

    def compile(self, chart: ChartConfig, time_range: TimeRange) -> CompiledChart:
        """The query of a chart, without running it."""
        _check_buckets(chart, time_range)
        source = chart.source
        fields = Fields(source_schema(self._store, source, chart), source)
        return compile_chart(
            Context(
                chart=chart,
                time_range=time_range,
                fields=fields,
                times=time_columns(source.timestamp_value_expression, fields),
                conditions=Conditions(fields, source),
                types=self._types(untyped(chart, fields), fields),
            )
        )

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


def _check_buckets(chart: ChartConfig, time_range: TimeRange) -> None:
    if chart.granularity_s and time_range.seconds / chart.granularity_s > CHART_BUCKETS_MAX:
        raise BadRequest(
            f"granularity: {chart.granularity_s} seconds cut this range into more than {CHART_BUCKETS_MAX} buckets"
        )

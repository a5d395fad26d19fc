"""Events of one source: in a range, under a filter. What keys, values, patterns, deltas and heatmaps look at.

Two ways to look at less than everything: not at all (roll-ups and index dictionaries, see counted.py), or at a sample
whose rows are chosen by a hash of where they lie. Such a sample is even over the range, and the same every time. Large
samples are made of runs of neighbours: to read one row of a granule costs as much as to read them all.
"""

from __future__ import annotations

from dataclasses import dataclass

from clickstack.core.chart import ChartConfig, Filter, Metric, Select
from clickstack.core.result import QueryResult, Statistics
from clickstack.core.source import Source
from clickstack.core.sql import Param, Sql
from clickstack.core.timerange import TimeRange
from clickstack.store import Store

from .draft import select, table
from .fields import Fields
from .row_identity import Identity, identity
from .run import NOTHING, source_schema
from .timefilter import TimeColumns, time_columns
from .where import Conditions

SAMPLE_RUNS = 2_000  # a sample has about as many runs; fewer would follow what happens to lie together


@dataclass(frozen=True, slots=True)
class Scope:
    """Which events. `metric` is needed for metric sources, and only there."""

    source: Source
    time_range: TimeRange
    where: Filter = Filter()
    metric: Metric | None = None

    @property
    def unfiltered(self) -> bool:
        """Whether only time decides, so that what was counted beforehand may answer."""
        return not (self.where.text.strip() or (self.source.table_filter_expression or "").strip() or self.metric)


class Events:
    """A scope, read: its table known, its filter compiled. Blocks its thread; belongs to one request."""

    def __init__(self, store: Store, scope: Scope, query_id: str | None = None) -> None:
        """Raises BadQuery for a wrong filter, BadRequest for a metric source without metric."""
        source = scope.source
        chart = ChartConfig(source, (Select("count", metric=scope.metric),)) if scope.metric else None
        self.scope = scope
        self.fields = Fields(source_schema(store, source, chart), source)
        self.times: TimeColumns = time_columns(
            source.timestamp_value_expression, self.fields, source.displayed_timestamp_value_expression
        )
        self.statistics: Statistics = NOTHING
        conditions = Conditions(self.fields, source)
        condition = conditions.read(scope.where)
        self.warnings = condition.warnings
        self._conditions = [*conditions.of_source(), *([condition.sql] if condition.sql else [])]
        if scope.metric:
            self._conditions.append(Sql.of("MetricName = ", Param(scope.metric.name, "String")))
        self._reader = conditions
        self._store = store
        self._query_id = query_id

    @property
    def identity(self) -> Identity:
        return identity(self.fields.schema, self.times.finest.sql)

    def where(self) -> list[Sql]:
        return [*self.times.within(self.scope.time_range), *self._conditions]

    def condition(self, filter: Filter, what: str) -> Sql | None:
        """A further filter over the same table. Raises BadQuery."""
        return self._reader.read(filter, what).sql

    def ask(self, sql: Sql) -> QueryResult:
        """Run a query under the request's id and add up what it cost."""
        result = self._store.query(sql, query_id=self._query_id)
        self.statistics = added(self.statistics, result.statistics)
        return result

    def count(self, *more: Sql) -> int:
        return int(self.ask(select([Sql.of("count()")], table(self.fields), [*self.where(), *more], [])).scalar())

    def sampled(self, total: int, rows_max: int) -> tuple[list[Sql], float]:
        """Conditions that keep about `rows_max` of `total` events, and how many events each kept one stands for."""
        if total <= rows_max:
            return [], 1.0
        return [
            Sql.of("cityHash64(", self._run(rows_max // SAMPLE_RUNS), f") % {total} < {rows_max}")
        ], total / rows_max

    def _run(self, rows: int) -> Sql:
        """What neighbouring rows have in common, as arguments of a hash: that many rows are kept or left together."""
        columns = self.identity.columns
        if len(columns) == 1 or rows <= 1:
            return Sql.join([self.times.finest.sql, *columns], ", ")
        block, offset = columns
        return Sql.of(block, ", intDiv(", offset, f", {rows})")


def added(left: Statistics, right: Statistics) -> Statistics:
    """What two answers cost together."""
    return Statistics(
        left.rows_read + right.rows_read, left.bytes_read + right.bytes_read, left.elapsed_s + right.elapsed_s
    )

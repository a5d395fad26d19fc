"""Events of one source: in a range, under a filter. What keys, values, patterns, deltas and heatmaps look at.

Two ways to look at less than everything: not at all (roll-ups and index dictionaries, see counted.py), or at a sample
whose rows are chosen by a hash of where they lie. Such a sample is even over the range, and the same every time. Large
samples are made of runs of neighbours: to read one row of a granule costs as much as to read them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from clickstack.core.chart import ChartConfig, Filter, Metric, Select
from clickstack.core.limits import (
    EXPLORE_READ_ROWS_MAX,
    EXPLORE_READ_ROWS_UNFILTERED_MAX,
    KEYS_READ_ROWS_MAX,
    KEYS_SAMPLE_ROWS,
    METRIC_READ_ROWS_MAX,
)
from clickstack.core.result import QueryResult, Statistics
from clickstack.core.source import Source
from clickstack.core.sql import Param, Sql
from clickstack.core.timerange import TimeRange
from clickstack.store import Catalog, Store

from .blame import Piece, blaming
from .draft import select, table
from .expression import Expression, read_expression
from .fields import Fields
from .parts_in_range import PartsInRange, parts_in_range
from .reader import Reader, reader_of
from .row_identity import Identity, identity
from .run import NOTHING, source_schema
from .timefilter import TimeColumns, time_columns
from .where import Condition, Conditions

RUN_ROWS = 8_192  # of neighbours that are read or skipped together: the engine reads no fewer
SAMPLE_RUNS = 2_000  # a sample has about as many runs; fewer would follow what happens to lie together


@dataclass(frozen=True, slots=True)
class Scope:
    """Which events. `metric` is needed for metric sources, and only there; without a name it is every metric of its
    kind. `filters` are conditions beside `where`.
    """

    source: Source
    time_range: TimeRange
    where: Filter = Filter()
    metric: Metric | None = None
    filters: tuple[Filter, ...] = ()

    @property
    def where_text(self) -> str:
        """What is asked of the events beside time and metric; blank when nothing is."""
        texts = (self.where.text, self.source.table_filter_expression or "", *(each.text for each in self.filters))
        return "".join(texts).strip()

    @property
    def unfiltered(self) -> bool:
        """Whether only time decides, so that what was counted beforehand may answer."""
        return not ((self.metric and self.metric.name) or self.where_text)


class Events:
    """A scope, read: its table known, its filter compiled. Blocks its thread; belongs to one request.

    `counting` is the aggregate that counts them: rows, where a row is an event.
    """

    counting = "count()"
    _stands_for: Events | None = None  # what these are asked for, and whose cost is theirs

    def __init__(self, store: Store | Reader, scope: Scope, query_id: str | None = None) -> None:
        """Raises BadQuery for a wrong filter, BadRequest for a metric source without metric."""
        source = scope.source
        chart = ChartConfig(source, (Select("count", metric=scope.metric),)) if scope.metric else None
        self.scope = scope
        self.fields = Fields(source_schema(store, source, chart), source)
        self.times: TimeColumns = time_columns(
            source.timestamp_value_expression, self.fields, source.displayed_timestamp_value_expression
        )
        self.statistics: Statistics = NOTHING
        self._asker = reader_of(store)
        self._query_id = query_id
        self._pieces: list[Piece] = []
        self._reader = Conditions(self.fields, source)
        self._conditions = self._reader.of_source()
        for sql in self._conditions:
            self._wrote("tableFilterExpression", source.table_filter_expression or "", Sql.of("1"), sql)
        asked = [self._read(scope.where, "where")]
        asked += [self._read(each, f"filters.{at}") for at, each in enumerate(scope.filters)]
        self.warnings = tuple(warning for each in asked for warning in each.warnings)
        self._conditions += [each.sql for each in asked if each.sql]
        if scope.metric and scope.metric.name:
            self._conditions.append(Sql.of("MetricName = ", Param(scope.metric.name, "String")))

    @property
    def catalog(self) -> Catalog:
        return self._asker.catalog

    @cached_property
    def identity(self) -> Identity:
        return identity(self.fields.schema, self.times.finest.sql)

    def over(self, scope: Scope, condition: Sql, counting: str) -> Events:
        """What stands for these events in another table, asked under the same id and at the cost of these."""
        other = Events(self._asker, scope, self._query_id)
        other.counting = counting
        other._stands_for = self
        other._conditions.append(condition)
        return other

    def where(self) -> list[Sql]:
        return [*self.times.within(self.scope.time_range), *self._conditions]

    def condition(self, filter: Filter, what: str) -> Sql | None:
        """A further filter over the same table. Raises BadQuery."""
        return self._read(filter, what).sql

    def expression(self, text: str, what: str) -> Expression:
        """An expression of the request's field `what`. Raises BadQuery."""
        read = read_expression(text, self.fields, what)
        self.wrote(what, text, read.sql)
        return read

    def wrote(self, what: str, text: str, sql: Sql) -> None:
        """`sql` is what the request's field `what` says: if the engine refuses it, the field is told."""
        self._wrote(what, text, sql)

    def _read(self, filter: Filter, what: str) -> Condition:
        read = self._reader.read(filter, what)
        if read.sql:
            self._wrote(what, filter.text, Sql.of("1"), read.sql)
        return read

    def _wrote(self, what: str, text: str, column: Sql, *conditions: Sql) -> None:
        def ask() -> object:
            alone = select([column], table(self.fields), conditions, [])
            return self._asker.describe(alone, self.scope.source)

        self._pieces.append(Piece(what, text, ask, self.fields.hint))

    def ask(self, sql: Sql) -> QueryResult:
        """Run a query under the request's id and add up what it cost."""
        with blaming(lambda: self._pieces):
            result = self._asker.query(sql, self.scope.source, self._query_id)
        self._spent(result.statistics)
        return result

    def _spent(self, statistics: Statistics) -> None:
        self.statistics = added(self.statistics, statistics)
        if self._stands_for:
            self._stands_for._spent(statistics)

    def count(self, *more: Sql) -> int:
        return int(self.ask(select([Sql.of("count()")], table(self.fields), [*self.where(), *more], [])).scalar())

    @cached_property
    def parts(self) -> PartsInRange:
        """The parts of the table that may hold rows of the range."""
        schema = self.fields.schema
        return parts_in_range(self.catalog.parts(schema.database, schema.table), self.scope.time_range)

    @cached_property
    def sample_for_keys(self) -> tuple[list[Sql], float]:
        """A sample as of `sample`, the same for all maps of the table."""
        return self.sample(KEYS_SAMPLE_ROWS, read_rows_max=KEYS_READ_ROWS_MAX)

    def sample(self, rows_max: int, *more: Sql, read_rows_max: int | None = None) -> tuple[list[Sql], float]:
        """Conditions that keep about `rows_max` events or fewer, and how many events each kept one stands for.

        Where even counting them would read too much, whole runs of neighbours are read and the others never looked at.
        """
        if read_rows_max is None:
            read_rows_max = METRIC_READ_ROWS_MAX if self.scope.metric else EXPLORE_READ_ROWS_UNFILTERED_MAX
            read_rows_max = EXPLORE_READ_ROWS_MAX if self.scope.where_text else read_rows_max
        if 0 < self.parts.rows <= min(rows_max, read_rows_max):  # all of them, and no question is needed
            return [], 1.0
        expected = self.expected_rows(*more)
        every = -(-expected // read_rows_max)
        if every > 1 and self.fields.schema.engine.endswith("MergeTree"):
            return [self._runs(every)], float(every)
        if 0 < expected <= rows_max:  # so there are no more that match
            return [], 1.0
        return self.sampled(self.count(*more), rows_max)

    def expected_rows(self, *more: Sql) -> int:
        """How many rows the engine would read for these events, as it says itself without reading any."""
        # not count(): that may be known without reading
        sql = select([self.times.finest.sql], table(self.fields), [*self.where(), *more], [])
        if sql.names_tables:  # to be checked first, and such filters are rare
            return 0
        return sum(row[3] for row in self.ask(Sql.of("EXPLAIN ESTIMATE ", sql)).rows)

    def _runs(self, every: int) -> Sql:
        """One of so many runs of the rows of each part, by chance but always the same. The engine skips the rest."""
        schema = self.fields.schema
        largest = max((part.rows for part in self.catalog.parts(schema.database, schema.table)), default=0)
        strata = 2 * largest // (RUN_ROWS * every) + 1  # the engine may just have merged parts
        chosen = f"SELECT number * {every} + cityHash64(number) % {every} FROM numbers({strata})"
        return Sql.of(f"intDiv(_part_offset, {RUN_ROWS}) IN ({chosen})")

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

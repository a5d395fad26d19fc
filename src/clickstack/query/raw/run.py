"""Raw SQL charts, asked and answered: expand, check the reach, execute, shape."""

from __future__ import annotations

from dataclasses import replace

from clickstack.core.chart import ChartConfig
from clickstack.core.errors import BadQuery, BadRequest, Exposed
from clickstack.core.limits import CHART_BUCKETS_MAX, RAW_ROWS_MAX
from clickstack.core.result import Column
from clickstack.core.source import Source
from clickstack.core.sql import Sql
from clickstack.core.timerange import BUCKETS_MAX, TimeRange, auto_granularity_seconds
from clickstack.store import Store

from ..fields import Fields
from ..reach import tables_of
from ..reader import Reader, reach_of, reader_of
from ..run import Runner, readable_sql
from ..settle import TIME_BUCKETS_MAX
from ..syntax import located
from .chart import TIME_DISPLAYS, Issue, RawChart, RawResult
from .expand import Expanded, expand
from .from_chart import marked_chart, raw_sql_of, renamed
from .macros import MacroContext
from .shape import check_columns, first_number, slices, time_points


class RawRunner:
    """Runs raw SQL charts on the untrusted pool. Blocks its thread; safe from many threads."""

    def __init__(self, store: Store | Reader) -> None:
        self._reader = reader_of(store)
        self._store = self._reader.store
        self._reach = reach_of(self._store)

    def run(self, raw: RawChart, time_range: TimeRange, query_id: str | None = None) -> RawResult:
        """Raises BadQuery and BadRequest for what is wrong in the chart, Forbidden for what it may not reach, and what
        Store.query raises."""
        expanded = self.compile(raw, time_range)
        try:
            self._reach.check(expanded.sql, tables_of(raw.reachable))
            settings = self._reader.settings(raw.source)
            result = self._store.query(expanded.sql, pool="untrusted", query_id=query_id, settings=settings)
        except BadQuery as error:
            raise located(error, raw.sql) from error
        answer = RawResult(
            result.columns,
            result.rows[:RAW_ROWS_MAX],
            result.statistics,
            readable_sql(expanded.sql).strip(),
            truncated=len(result.rows) > RAW_ROWS_MAX,
        )
        if raw.display in TIME_DISPLAYS:
            points, values, groups = time_points(result)
            width_s = _granularity_s(raw, time_range)
            return replace(answer, points=points, value_names=values, group_names=groups, granularity_s=width_s)
        if raw.display in ("pie", "bar"):
            return replace(answer, slices=slices(result, ordered=expanded.ordered))
        return replace(answer, number=first_number(result)) if raw.display == "number" else answer

    def compile(self, raw: RawChart, time_range: TimeRange) -> Expanded:
        """The statement with values bound, without running it. Raises BadQuery, BadRequest."""
        fields = self._fields(raw.source)
        context = MacroContext(
            time_range, _granularity_s(raw, time_range), raw.source, raw.filters, fields, raw.origin_s
        )
        return expand(raw.sql, context, raw.variables)

    def check(self, raw: RawChart, time_range: TimeRange) -> list[Issue]:
        """What is wrong with a chart, or will surprise (§4.5). No row is read."""
        try:
            expanded = self.compile(raw, time_range)
            self._reach.check(expanded.sql, tables_of(raw.reachable))
            columns = self._columns(expanded.sql)
        except BadQuery as error:
            fault = located(error, raw.sql)
            text = fault.message + (f" {fault.hint}" if fault.hint else "")
            return [Issue("error", text, fault.position)]
        except Exposed as error:
            return [Issue("error", error.message)]
        return [*_column_issues(raw, columns), *_issues(raw, expanded)]

    def from_chart(self, chart: ChartConfig) -> str:
        """A chart built of fields as a statement to go on with (§4.7). Raises BadQuery, BadRequest."""
        if chart.granularity_s and chart.time_zone != "UTC":
            raise BadRequest(f"timeZone: raw SQL counts its buckets in UTC, this chart in {chart.time_zone}")
        runner = Runner(self._reader)
        text = raw_sql_of(runner, chart)
        marked, time_range, _ = marked_chart(chart)
        compiled = runner.compile(marked, time_range)
        described = self._reader.describe(compiled.sql, chart.source)
        names = [*(["ts"] if compiled.bucketed else []), *compiled.groups, *compiled.values]
        return renamed(text, [row[0] for row in described.rows], names, bucketed=compiled.bucketed)

    def _fields(self, source: Source | None) -> Fields | None:
        """The fields of the source's table; None when it has no single table or that does not exist."""
        if source is None or not source.table_name:
            return None
        try:
            return Fields(self._store.catalog.table(source.database_name, source.table_name), source)
        except BadQuery:
            return None

    def _columns(self, sql: Sql) -> tuple[Column, ...]:
        rows = self._store.query(Sql.of("DESCRIBE (", sql, "\n)"), pool="untrusted").rows
        return tuple(Column(row[0], row[1]) for row in rows)


def _column_issues(raw: RawChart, columns: tuple[Column, ...]) -> list[Issue]:
    if raw.display == "table":
        return []
    try:
        check_columns(columns, time=raw.display in TIME_DISPLAYS)
    except BadQuery as error:
        return [Issue("error", f"{error.message} {error.hint}")]
    return []


def _issues(raw: RawChart, expanded: Expanded) -> list[Issue]:
    about = {use.about for use in expanded.uses}
    issues: list[Issue] = []
    if raw.display in TIME_DISPLAYS and "bucket" not in about:
        issues.append(
            Issue(
                "error",
                "The statement ignores the bucket width: write $__timeInterval(column) or {intervalSeconds:Int64}.",
            )
        )
    if "range" not in about:
        issues.append(
            Issue(
                "warning", "The statement does not use the time range and reads everything: add $__timeFilter(column)."
            )
        )
    if "filters" not in about:
        issues.append(Issue("warning", "Dashboard filters have no effect here: add $__filters to the WHERE clause."))
    issues.extend(
        Issue(
            "warning",
            f"{use.name} is NULL while nothing is chosen: write $__filter(expr, {use.name}) "
            f"or $__conditionalAll(condition, {use.name}).",
            use.position,
        )
        for use in expanded.uses
        if use.about == "variable" and use.format == "sqlstring" and not use.guarded
    )
    return issues


def _granularity_s(raw: RawChart, time_range: TimeRange) -> int:
    buckets_max = TIME_BUCKETS_MAX if raw.display in TIME_DISPLAYS else BUCKETS_MAX
    width_s = raw.granularity_s or auto_granularity_seconds(time_range, buckets_max)
    if raw.display in TIME_DISPLAYS and time_range.seconds / width_s > CHART_BUCKETS_MAX:
        raise BadRequest(f"granularity: {width_s} seconds cut this range into more than {CHART_BUCKETS_MAX} buckets")
    return width_s

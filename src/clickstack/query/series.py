"""The series of one metric, hour by hour: its keys and values are read from these, not from its points.

The store keeps a row for each series of an hour beside the points (store/schema/0010_metric_series_table.sql). Lists
made of it count series: one that has a value counts once, however many points and hours it has. Hours are whole: a
series counts in a range when it had a point in one of the hours that the range touches.
"""

from __future__ import annotations

import math
from dataclasses import replace

from clickstack.core.errors import BadQuery
from clickstack.core.sql import Param, Sql
from clickstack.core.timerange import TimeRange

from .events import Events

SERIES_TABLE = "otel_metrics_series"
_COLUMNS = {"MetricTable", "MetricName", "Hour", "SeriesKey"}
_HOUR_MS = 3_600_000
_DAY_S = 86_400  # of a partition, which retention drops as a whole


def series_of(events: Events) -> Events | None:
    """The series of the metric that `events` are points of.

    None where they cannot answer: without a metric's name, under a filter, of a table whose series nobody keeps, in
    days of which only the points are kept.
    """
    scope, source, points = events.scope, events.scope.source, events.fields.schema.table
    if not (scope.metric and scope.metric.name) or scope.where_text or scope.time_range.empty:
        return None
    if not _columns(events, source.series_table or f"{points}_series_mv") >= _COLUMNS:
        return None
    series = replace(
        source,
        metric_tables={scope.metric.kind: source.series_table or SERIES_TABLE},
        timestamp_value_expression="Hour",
        displayed_timestamp_value_expression=None,
    )
    start_ms, end_ms = scope.time_range.start_ms, scope.time_range.end_ms
    hours = TimeRange(start_ms // _HOUR_MS * _HOUR_MS, end_ms)
    of_table = Sql.of("MetricTable = ", Param(points, "String"))
    found = events.over(replace(scope, source=series, time_range=hours), of_table, "uniqExact(SeriesKey)")
    first_s = max(events.parts.first_s, start_ms / 1000)
    if first_s < math.inf and found.parts.first_s >= (first_s // _DAY_S + 1) * _DAY_S:
        return None
    return found


def _columns(events: Events, table: str) -> set[str]:
    """Those of the table that a source names; else of the view that fills ours from the table of the points."""
    try:
        return {column.name for column in events.catalog.table(events.scope.source.database_name, table).columns}
    except BadQuery:  # there is none
        return set()

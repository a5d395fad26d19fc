"""What an incident asks beside charts: rows, one trace, patterns, what differs, which values there are.

Ours is the whole function, with all of its queries and the Python between them; by hand is the SQL that fetches the same.
"""

# ruff: noqa: E501  (one statement, one line)

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from generated_rows import DAY, SOME_TRACE
from questions import IN_RANGE, METRIC_IN_RANGE

from clickstack.core.chart import Filter, Metric
from clickstack.core.source import Source
from clickstack.core.sql import Sql
from clickstack.core.timerange import TimeRange
from clickstack.query import Runner, Search, SearchConfig, histogram
from clickstack.query.deltas import Group, find_deltas
from clickstack.query.events import Scope
from clickstack.query.facets import find_facets
from clickstack.query.heatmap import find_heatmap
from clickstack.query.keys import find_keys
from clickstack.query.patterns import find_patterns
from clickstack.query.trace import find_trace
from clickstack.query.values import find_values
from clickstack.store import Store

_ROW = "SELECT Timestamp, ServiceName, SeverityText, Body FROM otel_logs"
_NEWEST = "ORDER BY Timestamp DESC LIMIT 200"
_ROLLUP = "otel_logs_kv_rollup_15m"
_NATIVE = f"SELECT Value, sum(count) AS c FROM {_ROLLUP} WHERE {IN_RANGE} AND ColumnIdentifier = 'NativeColumn' AND Key = '{{key}}' GROUP BY Value ORDER BY c DESC LIMIT 20"
_TOKENS = "mergeTreeTextIndex(default, otel_logs, {index})"
_OF_TRACE = f"TraceId = {SOME_TRACE} AND Timestamp >= (SELECT min(Start) FROM otel_traces_trace_id_ts WHERE TraceId = {SOME_TRACE}) AND Timestamp < (SELECT max(End) + 1 FROM otel_traces_trace_id_ts WHERE TraceId = {SOME_TRACE})"
_BAD_HOUR = TimeRange(DAY.start_ms + 14 * 3_600_000, DAY.start_ms + 15 * 3_600_000)
_HOUR_IN_RANGE = METRIC_IN_RANGE.replace("TimeUnix", "Hour")
_IN_BAD_HOUR = (
    IN_RANGE.replace(str(DAY.start_ms), str(_BAD_HOUR.start_ms)).replace(str(DAY.end_ms), str(_BAD_HOUR.end_ms))
)  # fmt: skip


@dataclass(frozen=True)
class Task:
    name: str
    ours: Callable[[], Any]
    by_hand: tuple[str, ...]


def tasks(store: Store, sources: Mapping[str, Source]) -> list[Task]:
    logs, traces, metrics = sources["log"], sources["trace"], sources["metric"]
    search = Search(store)
    trace_id = store.query(Sql.of(f"SELECT {SOME_TRACE}")).scalar()
    failed, erred = Filter('StatusCode:"Error"'), Filter('SeverityText:"error"')

    def page(where: str) -> Callable[[], Any]:
        return lambda: search.page(SearchConfig(logs, Filter(where), DAY, 200))

    def facet(key: str) -> str:
        return _NATIVE.format(key=key)

    return [
        Task("newest 200", page(""), (f"{_ROW} WHERE {IN_RANGE} {_NEWEST}",)),
        Task(
            "newest errors of a service",
            page('ServiceName:"payment" SeverityText:"error"'),
            (f"{_ROW} WHERE {IN_RANGE} AND ServiceName = 'payment' AND SeverityText = 'error' {_NEWEST}",),
        ),
        Task(
            "rows with a rare word",
            page("zebra"),
            (f"{_ROW} WHERE {IN_RANGE} AND hasToken(lower(Body), 'zebra') {_NEWEST}",),
        ),
        Task(
            "rows of one user",
            page('LogAttributes.user.id:"49321"'),
            (f"{_ROW} WHERE {IN_RANGE} AND has(LogAttributeItems, 'user.id=49321') {_NEWEST}",),
        ),
        Task(
            "histogram of a search",
            lambda: histogram(Runner(store), logs, erred, DAY, None, None),
            (
                f"SELECT toStartOfInterval(toDateTime(Timestamp), INTERVAL 15 MINUTE) AS b, SeverityText, count() FROM otel_logs WHERE {IN_RANGE} AND SeverityText = 'error' GROUP BY b, SeverityText ORDER BY b",
            ),
        ),
        Task(
            "one trace with its logs",
            lambda: find_trace(store, traces, trace_id, logs),
            (
                f"SELECT * FROM otel_traces WHERE {_OF_TRACE} ORDER BY Timestamp",
                f"SELECT Timestamp, SpanId, ServiceName, SeverityText, Body FROM otel_logs WHERE {_OF_TRACE} ORDER BY Timestamp LIMIT 2000",
            ),
        ),
        Task(
            "patterns of the errors",
            lambda: find_patterns(store, Scope(logs, _BAD_HOUR, erred), 100),
            (
                f"SELECT count() FROM otel_logs WHERE {_IN_BAD_HOUR} AND SeverityText = 'error'",
                f"SELECT Timestamp, Body FROM otel_logs WHERE {_IN_BAD_HOUR} AND SeverityText = 'error' AND cityHash64(Timestamp, Body) % 3 = 0 LIMIT 10000",
            ),
        ),
        Task(
            "what failed spans have in common",
            lambda: find_deltas(store, Scope(traces, _BAD_HOUR), Group(failed), None, 100),
            (
                f"SELECT StatusCode, count() FROM otel_traces WHERE {_IN_BAD_HOUR} GROUP BY StatusCode",
                f"SELECT * EXCEPT (Timestamp) FROM otel_traces WHERE {_IN_BAD_HOUR} AND StatusCode = 'Error' AND cityHash64(SpanId) % 10 = 0 LIMIT 1000",
                f"SELECT * EXCEPT (Timestamp) FROM otel_traces WHERE {_IN_BAD_HOUR} AND StatusCode != 'Error' AND cityHash64(SpanId) % 100 = 0 LIMIT 2000",
            ),
        ),
        Task(
            "heatmap of durations",
            lambda: find_heatmap(store, Scope(traces, DAY), 40),
            (
                f"SELECT min(Duration), max(Duration), count() FROM otel_traces WHERE {IN_RANGE}",
                f"SELECT intDiv(toUnixTimestamp(toDateTime(Timestamp)), 600) AS x, floor(log(Duration + 1) * 2) AS y, count() FROM otel_traces WHERE {IN_RANGE} GROUP BY x, y ORDER BY x, y",
            ),
        ),
        Task(
            "keys of the attributes",
            lambda: find_keys(store, Scope(logs, DAY)),
            tuple(
                f"SELECT token, sum(cardinality) AS c FROM {_TOKENS.format(index=index)} GROUP BY token ORDER BY c DESC LIMIT 1000"
                for index in ("idx_res_attr_key", "idx_scope_attr_key", "idx_log_attr_key")
            ),
        ),
        Task(
            "values of a column",
            lambda: find_values(store, Scope(logs, DAY), "ServiceName", 20),
            (facet("ServiceName"),),
        ),
        Task(
            "values of an attribute",
            lambda: find_values(store, Scope(logs, DAY), "LogAttributes.http.route", 20),
            (
                f"SELECT substring(token, 12) AS v, sum(cardinality) AS c FROM {_TOKENS.format(index='idx_log_attr_items')} WHERE startsWith(token, 'http.route=') GROUP BY v ORDER BY c DESC LIMIT 20",
            ),
        ),
        Task(
            "values of a metric's attribute",
            lambda: find_values(store, Scope(metrics, DAY, metric=Metric("cpu", "gauge")), "Attributes.route", 20),
            (
                f"SELECT Attributes['route'] AS v, uniqExact(SeriesKey) AS c FROM otel_metrics_series WHERE {_HOUR_IN_RANGE} AND MetricTable = 'otel_metrics_gauge' AND MetricName = 'cpu' AND v != '' GROUP BY v ORDER BY c DESC LIMIT 20",
            ),
        ),
        Task(
            "facets",
            lambda: find_facets(store, Scope(logs, DAY), ["ServiceName", "SeverityText"], 20),
            (facet("ServiceName"), facet("SeverityText")),
        ),
        Task(
            "facets under a filter",
            lambda: find_facets(store, Scope(logs, _BAD_HOUR, erred), ["ServiceName", "LogAttributes.http.route"], 20),
            (
                f"SELECT ServiceName, count() AS c FROM otel_logs WHERE {_IN_BAD_HOUR} AND SeverityText = 'error' GROUP BY 1 ORDER BY c DESC LIMIT 20",
                f"SELECT LogAttributes['http.route'] AS v, count() AS c FROM otel_logs WHERE {_IN_BAD_HOUR} AND SeverityText = 'error' GROUP BY v ORDER BY c DESC LIMIT 20",
            ),
        ),
    ]

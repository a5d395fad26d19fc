"""A day of generated telemetry, made by the engine itself and kept between runs."""

# ruff: noqa: E501  (one statement, one line)

from __future__ import annotations

import tempfile
from pathlib import Path

from clickstack.core.settings import Settings
from clickstack.core.timerange import TimeRange
from clickstack.store import Store, open_store

DAY = TimeRange(1735689600000, 1735776000000)  # 2025-01-01, UTC
CHUNK_ROWS = 500_000
TABLES = ("otel_logs", "otel_traces", "otel_metrics_gauge", "otel_metrics_sum", "otel_metrics_histogram")
TRACE_ID = "lower(hex(MD5(toString(intDiv({n}, 8)))))"

_TIME = "fromUnixTimestamp64Milli({start} + toInt64({n} * {day} / {rows}))"
_WORDS = "['order','payment','cart','user','cache','page','index','stock','mail','session']"
_LOGS = f"""
INSERT INTO otel_logs (Timestamp, TraceId, SpanId, SeverityText, SeverityNumber, ServiceName, Body, ResourceAttributes,
    LogAttributes)
SELECT {_TIME}, {TRACE_ID}, hex(cityHash64({{n}})),
    ['info','info','info','info','info','info','warn','error'][1 + h % 8] AS severity, 9, concat('svc-', toString(h % 12)),
    concat({_WORDS}[1 + h % 10], ' request took ', toString(h % 1000), if({{n}} % 100003 = 7, ' zebra', '')),
    map('host.name', concat('host-', toString(h % 40)), 'deployment.environment.name', 'production'),
    map('http.status_code', ['200','200','200','404','500'][1 + h % 5], 'http.route', concat('/api/', toString(h % 30)),
        'user.id', toString(h % 5000), 'duration_ms', toString(h % 997))
"""
_TRACES = f"""
INSERT INTO otel_traces (Timestamp, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, Duration, StatusCode,
    ResourceAttributes, SpanAttributes)
SELECT {_TIME}, {TRACE_ID}, hex(cityHash64({{n}})), if({{n}} % 8 = 0, '', hex(cityHash64({{n}} - 1))),
    concat('GET /api/', toString(h % 30)), 'Server', concat('svc-', toString(h % 12)), 100000 + h % 900000000,
    if(h % 20 = 0, 'Error', 'Ok'), map('host.name', concat('host-', toString(h % 40))),
    map('http.status_code', ['200','200','404','500'][1 + h % 4])
"""
_SERIES = "concat('svc-', toString({n} % 10)), map('host.name', concat('host-', toString({n} % 200)))"
_GAUGE = f"""
INSERT INTO otel_metrics_gauge (MetricName, TimeUnix, ServiceName, ResourceAttributes, Value)
SELECT 'cpu', {_TIME}, {_SERIES}, h % 100
"""
_SUM = f"""
INSERT INTO otel_metrics_sum (MetricName, TimeUnix, ServiceName, ResourceAttributes, Value, AggregationTemporality,
    IsMonotonic)
SELECT 'requests', {_TIME}, {_SERIES}, intDiv({{n}}, 200) * 3, 2, true
"""
_HISTOGRAM = f"""
INSERT INTO otel_metrics_histogram (MetricName, TimeUnix, ServiceName, ResourceAttributes, BucketCounts, ExplicitBounds,
    Count, Sum, AggregationTemporality)
SELECT 'latency', {_TIME}, {_SERIES}, arrayMap(share -> share * intDiv({{n}}, 200), [9, 30, 50, 20, 1]) AS counts,
    [5, 10, 50, 100], arraySum(counts), 7 * arraySum(counts), 2
"""
# Statement and how many rows of it there are for each log.
STATEMENTS = ((_LOGS, 1.0), (_TRACES, 0.5), (_GAUGE, 0.1), (_SUM, 0.1), (_HISTOGRAM, 0.1))


def open_generated(rows: int) -> Store:
    """A store that holds so many logs and their company. Made once, then found again."""
    directory = Path(tempfile.gettempdir()) / f"clickstack-bench-query-{rows}"
    done = directory / "complete"
    store = open_store(Settings(data_dir=directory))
    if done.exists():
        return store
    for table in TABLES:
        store.command(f"TRUNCATE TABLE {table}")
        store.command(f"ALTER TABLE {table} REMOVE TTL")  # the day is fixed and would be too old one day
    for statement, share in STATEMENTS:
        _insert(store, statement, int(rows * share))
    done.write_text("")
    return store


def _insert(store: Store, statement: str, rows: int) -> None:
    for first in range(0, rows, CHUNK_ROWS):
        values = {"n": "number", "start": DAY.start_ms, "day": DAY.end_ms - DAY.start_ms, "rows": rows}
        count = min(CHUNK_ROWS, rows - first)
        store.command(
            statement.format(**values)
            + f" FROM (SELECT number, cityHash64(number, 1) AS h FROM numbers({first}, {count}))"
        )

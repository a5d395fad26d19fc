"""A day of generated telemetry, made by the engine itself and kept between runs.

One hash per row decides everything, so the rows are the same on every machine. A few endpoints, services and users are
busy and the rest are not; errors are rare but for one bad hour of one service; texts are a dozen sentences with numbers.
"""

# ruff: noqa: E501  (one statement, one line)

from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path

from clickstack.core.settings import Settings
from clickstack.core.sql import Sql
from clickstack.core.timerange import TimeRange
from clickstack.store import Store, open_store
from clickstack.store.migrate import migrations

DAY = TimeRange(1735689600000, 1735776000000)  # 2025-01-01, UTC
CHUNK_ROWS = 1_000_000
ROWS_DEFAULT = 20_000_000
SETTLE_S_MAX = 300.0  # how long merges may go on after the last insert

BAD_SERVICE, BAD_HOURS = "payment", "14, 15"
SOME_TRACE = "lower(hex(MD5(toString(123456))))"

_SERVICES = "['frontend','cart','checkout','payment','catalog','search','shipping','email','currency','ads','recommend','auth','users','orders','inventory','pricing','reviews','images','gateway','billing']"
_VERBS = "['GET','GET','GET','POST','PUT']"
_WITH = f"""
WITH cityHash64(number, 1) AS h,
    (h % 1000003) / 1000003 AS u, (intDiv(h, 1000003) % 1000003) / 1000003 AS v, (intDiv(h, 1000006000009) % 1000003) / 1000003 AS w,
    fromUnixTimestamp64Milli({DAY.start_ms} + toInt64(number * {DAY.end_ms - DAY.start_ms} / {{rows}})) AS moment
"""
_EVENT = f"""{_WITH},
    toUInt32(floor(pow(u, 2.2) * 60)) AS endpoint, {_SERVICES}[1 + endpoint % 20] AS service,
    concat({_VERBS}[1 + endpoint % 5], ' /api/', {_SERVICES}[1 + endpoint % 20], '/', toString(endpoint)) AS route,
    (service = '{BAD_SERVICE}' AND toHour(moment) IN ({BAD_HOURS}) ? 0.3 : 0.02) AS bad,
    toUInt64(exp(13 + endpoint % 4 + 2.5 * (v + w - 1)) + (v < bad ? 800000000 : 0)) AS nanoseconds,
    lower(hex(MD5(toString(intDiv(number, 8))))) AS trace, lower(hex(cityHash64(number, 2))) AS span,
    concat(service, '-', toString(intDiv(h, 7) % 8)) AS pod, toUInt32(floor(pow(w, 3) * 50000)) AS user
"""
_RESOURCE = """map('service.name', service, 'service.version', concat('1.', toString(endpoint % 4)), 'host.name', concat('host-', toString(intDiv(h, 11) % 40)),
    'k8s.pod.name', pod, 'k8s.namespace.name', 'shop', 'deployment.environment.name', 'production')"""
_LOGS = f"""
INSERT INTO otel_logs (Timestamp, TraceId, SpanId, SeverityText, SeverityNumber, ServiceName, Body, ResourceAttributes, LogAttributes)
{_EVENT}
SELECT moment, trace, span, multiIf(v < bad, 'error', v < 0.07, 'warn', v < 0.17, 'debug', 'info') AS severity,
    multiIf(v < bad, 17, v < 0.07, 13, v < 0.17, 5, 9), service,
    concat(multiIf(
        v < bad AND h % 3 = 0, concat('payment declined for order ', toString(h % 900000), ': card expired'),
        v < bad, concat('connection to db-', toString(h % 5), ':5432 refused, retry ', toString(h % 4), ' of 5'),
        v < 0.07, concat('slow query took ', toString(h % 9000), ' ms on table ', service),
        v < 0.17, concat('cache miss for key user:', toString(user)),
        h % 5 = 0, concat('order ', toString(h % 900000), ' placed by user ', toString(user)),
        h % 5 = 1, concat('session of user ', toString(user), ' refreshed'),
        concat('request ', route, ' finished with status 200 in ', toString(intDiv(nanoseconds, 1000000)), ' ms')
    ), number % 100003 = 7 ? ' zebra' : ''),
    {_RESOURCE},
    map('http.status_code', v < bad ? '500' : (v < 0.05 ? '404' : '200'), 'http.route', route, 'user.id', toString(user),
        'duration_ms', toString(intDiv(nanoseconds, 1000000)))
"""
_TRACES = f"""
INSERT INTO otel_traces (Timestamp, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, Duration, StatusCode, ResourceAttributes, SpanAttributes)
{_EVENT}
SELECT moment, trace, span, number % 8 = 0 ? '' : lower(hex(cityHash64(number - 1, 2))), route, ['Server','Client','Internal'][1 + number % 3], service,
    nanoseconds, v < bad ? 'Error' : 'Ok', {_RESOURCE},
    map('http.status_code', v < bad ? '500' : (v < 0.05 ? '404' : '200'), 'http.route', route, 'user.id', toString(user))
"""
# Metrics: 400 series each, a point of each in turn.
_SERIES = f"""{_SERVICES}[1 + number % 20] AS service, map('service.name', service, 'host.name', concat('host-', toString(intDiv(number % 400, 20)))) AS resource,
    map('route', concat('/', toString(number % 400))) AS attributes, intDiv(number, 400) AS turn"""
_GAUGE = f"""
INSERT INTO otel_metrics_gauge (MetricName, TimeUnix, ServiceName, ResourceAttributes, Attributes, Value)
{_WITH}, {_SERIES} SELECT 'cpu', moment, service, resource, attributes, 50 + 40 * sin(turn / 50) + h % 10
"""
_SUM = f"""
INSERT INTO otel_metrics_sum (MetricName, TimeUnix, ServiceName, ResourceAttributes, Attributes, Value, AggregationTemporality, IsMonotonic)
{_WITH}, {_SERIES} SELECT 'requests', moment, service, resource, attributes, turn * (3 + number % 7), 2, true
"""
BOUNDS = "[5., 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000]"
_HISTOGRAM = f"""
INSERT INTO otel_metrics_histogram (MetricName, TimeUnix, ServiceName, ResourceAttributes, Attributes, BucketCounts, ExplicitBounds, Count, Sum, AggregationTemporality)
{_WITH}, {_SERIES} SELECT 'latency', moment, service, resource, attributes,
    arrayMap(share -> share * turn + intDiv(turn, 1 + number % 9), [3, 9, 30, 50, 40, 30, 20, 12, 8, 5, 3, 2, 1, 1, 1]) AS counts, {BOUNDS},
    arraySum(counts), 70. * arraySum(counts), 2
"""
# Statement and its share of all rows.
STATEMENTS = ((_LOGS, 0.6), (_TRACES, 0.25), (_GAUGE, 0.05), (_SUM, 0.05), (_HISTOGRAM, 0.05))
MERGE_TREES = Sql.of(
    "SELECT name FROM system.tables WHERE database = 'default' AND engine LIKE '%MergeTree%' AND name != 'clickstack_migrations'"
)

# Views as people configure them: made after the rows, in one go.
VIEWS = (
    """CREATE TABLE IF NOT EXISTS bench_logs_1m (Timestamp DateTime, ServiceName LowCardinality(String), SeverityText LowCardinality(String),
    count SimpleAggregateFunction(sum, UInt64)) ENGINE = AggregatingMergeTree ORDER BY (ServiceName, SeverityText, Timestamp)""",
    """CREATE TABLE IF NOT EXISTS bench_traces_5m (Timestamp DateTime, ServiceName LowCardinality(String), SpanName LowCardinality(String),
    StatusCode LowCardinality(String), count SimpleAggregateFunction(sum, UInt64), sum__Duration SimpleAggregateFunction(sum, UInt64),
    max__Duration SimpleAggregateFunction(max, UInt64), quantile__Duration AggregateFunction(quantile(0.5), UInt64))
    ENGINE = AggregatingMergeTree ORDER BY (ServiceName, SpanName, StatusCode, Timestamp)""",
    """INSERT INTO bench_logs_1m SELECT toStartOfMinute(Timestamp) AS t, ServiceName, SeverityText, count()
    FROM otel_logs GROUP BY t, ServiceName, SeverityText""",
    """INSERT INTO bench_traces_5m SELECT toStartOfFiveMinutes(Timestamp) AS t, ServiceName, SpanName, StatusCode, count(), sum(Duration),
    max(Duration), quantileState(0.5)(Duration) FROM otel_traces GROUP BY t, ServiceName, SpanName, StatusCode""",
)


def cache_directory() -> Path:
    """CLICKSTACK_BENCH_CACHE, or a directory of ours in the user's cache."""
    named = os.environ.get("CLICKSTACK_BENCH_CACHE")
    of_user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(named) if named else of_user / "clickstack-bench"


def generated(rows: int, cache: Path) -> Path:
    """The data directory that holds so many rows. Made once, then found again while this file and the schema say the
    same."""
    text = repr((STATEMENTS, VIEWS, MERGE_TREES, len(migrations())))
    directory = cache / f"query-{rows}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    done = directory / "complete"
    if done.exists():
        return directory
    shutil.rmtree(directory, ignore_errors=True)
    print(f"generating {rows:,} rows in {directory}; they are kept for the next run", flush=True)
    store = open_store(Settings(data_dir=directory))
    for (table,) in store.query(MERGE_TREES, pool="admin").rows:
        ttl = f"SELECT create_table_query LIKE '% TTL %' FROM system.tables WHERE database = 'default' AND name = '{table}'"
        if store.query(Sql.of(ttl), pool="admin").scalar():
            store.command(f"ALTER TABLE {table} REMOVE TTL")  # the day is fixed and would be too old one day
    for statement, share in STATEMENTS:
        _insert(store, statement, int(rows * share))
    for statement in VIEWS:
        store.command(statement)
    _settle(store)
    store.close()
    done.write_text("")
    return directory


def _insert(store: Store, statement: str, rows: int) -> None:
    started = time.perf_counter()
    for first in range(0, rows, CHUNK_ROWS):
        count = min(CHUNK_ROWS, rows - first)
        store.command(f"{statement.format(rows=rows)} FROM numbers({first}, {count}) SETTINGS max_insert_threads = 2")
    table = statement.split()[2]
    print(f"  {table}: {rows:,} rows in {time.perf_counter() - started:.0f} s", flush=True)


def _settle(store: Store) -> None:
    """Wait until the engine has merged what it wants to, so that it does not work beside the questions."""
    deadline = time.monotonic() + SETTLE_S_MAX
    while time.monotonic() < deadline:
        if not store.query(Sql.of("SELECT count() FROM system.merges"), pool="admin").scalar():
            return
        time.sleep(1)

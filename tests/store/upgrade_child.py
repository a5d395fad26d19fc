"""A data directory through time, each step a process of its own:

make <dir> <version>      the schema as it was at a version, with a row in every table it had
upgrade <dir> <count>     migrate to the newest; killed before statement <count>, unless it is done before
check <dir>               open, send a request of every signal, print as JSON what each table holds
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any
from unittest import mock

from clickstack.core.clock import SystemClock
from clickstack.core.ids import RandomIds
from clickstack.core.settings import Settings
from clickstack.core.sql import Sql
from clickstack.ingest import open_ingest
from clickstack.store import Store, open_store
from clickstack.store import migrate as migrating
from ingest.requests import gauges, logs, spans

OLD = "of the old schema"
COLUMNS = {  # table → a text column, and a moment where there is one
    "otel_logs": ("Body", "Timestamp"),
    "otel_traces": ("SpanName", "Timestamp"),
    "otel_metrics_gauge": ("MetricName", "TimeUnix"),
    "otel_metrics_sum": ("MetricName", "TimeUnix"),
    "otel_metrics_histogram": ("MetricName", "TimeUnix"),
    "otel_metrics_exponential_histogram": ("MetricName", "TimeUnix"),
    "otel_metrics_summary": ("MetricName", "TimeUnix"),
    "hyperdx_sessions": ("Body", "Timestamp"),
}


def settings(data_dir: Path) -> Settings:
    return Settings(data_dir=data_dir, engine_memory_mb=1024)


def make(data_dir: Path, version: int) -> None:
    old = migrating.migrations()[:version]
    with mock.patch.object(migrating, "migrations", return_value=old):
        store = open_store(settings(data_dir))
    there = {row[0] for row in store.query(Sql.of("SELECT name FROM system.tables"), pool="admin").rows}
    for table, (text, moment) in COLUMNS.items():
        if table in there:
            store.command(f"INSERT INTO {table} ({text}, {moment}) VALUES ('{OLD}', now64(9))")
    store.close()


def upgrade(data_dir: Path, count: int) -> None:
    left = count
    command = Store.command

    def counted(store: Store, text: str) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return command(store, text)

    with mock.patch.object(Store, "command", counted):
        open_store(settings(data_dir)).close()
    print("done")


def check(data_dir: Path) -> None:
    store = open_store(settings(data_dir))
    clock = SystemClock()
    ingest = open_ingest(data_dir, store, settings(data_dir), clock, RandomIds(clock))
    now_ns = clock.now_ns()
    ingest.accept("logs", logs(["new"], start_ns=now_ns) + logs(["new"], start_ns=now_ns, session=True))
    ingest.accept("traces", spans(["new"], start_ns=now_ns))
    ingest.accept("metrics", gauges(["new"], start_ns=now_ns))
    assert ingest.close(30)
    held = {
        table: [row[0] for row in store.query(Sql.of(f"SELECT {text} FROM {table} ORDER BY {text}")).rows]
        for table, (text, _) in COLUMNS.items()
    }
    series = store.query(
        Sql.of("SELECT MetricTable, arraySort(groupUniqArray(MetricName)) FROM otel_metrics_series GROUP BY 1")
    )
    made = store.query(
        Sql.of(
            "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() "
            "AND NOT startsWith(name, '.')"
        ),
        pool="admin",
    )
    json.dump({"held": held, "series": dict(series.rows), "schema": dict(made.rows)}, sys.stdout)
    store.close()


data_dir = Path(sys.argv[2])
match sys.argv[1]:
    case "make":
        make(data_dir, int(sys.argv[3]))
    case "upgrade":
        upgrade(data_dir, int(sys.argv[3]))
    case "check":
        check(data_dir)

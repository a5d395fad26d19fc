"""The data sets of reference/query-engine.md §10, as rows of the shipped tables. All of 2022-01-05 unless said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clickstack.core.ids import SequentialIds
from clickstack.core.source import METRIC_KINDS, Source
from clickstack.store import Store
from query.metric_seeds import seed_distributions

T0 = "2022-01-05 00:00:00"

# --- §10.6 E: minute → service → severities -----------------------------------------------------------------
EVENTS: Mapping[int, Mapping[str, tuple[str, ...]]] = {
    0: {"svc-a": ("error", "info", "info", "info"), "svc-b": ("error", "error", "error", "info")},
    1: {"svc-a": ("info", "info")},
}

# --- §10.1, §10.2: metric → series → minute → value ------------------------------------------------------------
GAUGES: Mapping[str, Mapping[str, Mapping[int, float]]] = {
    "test.cpu": {
        "host1": {0: 50, 1: 25, 2: 12.5, 3: 6.25, 6: 100, 7: 75, 8: 10, 9: 80},
        "host2": {0: 1, 1: 2, 2: 3, 3: 4, 6: 5, 7: 6, 8: 5, 9: 4},
    },
}
COUNTERS: Mapping[str, Mapping[str, Mapping[int, float]]] = {
    "test.users": {
        "h1": {-1: 0, 0: 1, 4: 8, 6: 8, 9: 9, 11: 15, 14: 17, 16: 32, 19: 42},
        "h2": {-1: 3, 0: 3, 4: 14, 6: 15, 9: 92, 11: 653, 14: 5897, 16: 9323, 19: 84626},
    },
    "test.reset": {"h1": {-1: 0, 0: 1, 1: 8, 2: 0, 3: 7, 10: 7, 12: 15, 14: 17, 16: 0, 19: 42}},
    "test.drop": {"h1": {0: 10, 1: 4, 2: 5}},
    "test.late": {"A": {-1: 0, 2: 10, 7: 20, 12: 30, 17: 40}, "B": {10: 10000, 12: 10020, 17: 10050}},
}
NOT_MONOTONIC: Mapping[str, Mapping[str, Mapping[int, float]]] = {"test.queue": {"h1": {0: 10, 1: 7, 2: 9, 3: 2}}}
DELTAS: Mapping[str, Mapping[str, Mapping[int, float]]] = {"test.delta": {"h1": {0: 3, 1: 4, 5: 5}, "h2": {1: 1}}}


def source(kind: str) -> Source:
    """The default source of a kind, as a new team gets it."""
    ids = SequentialIds()
    common = {"id": ids.object_id(), "team_id": "t", "connection_id": "c", "database_name": "default"}
    return Source(**common, **_ROLES[kind])  # type: ignore[arg-type]


_ROLES: Mapping[str, Mapping[str, object]] = {
    "log": {
        "name": "Logs",
        "kind": "log",
        "table_name": "otel_logs",
        "timestamp_value_expression": "Timestamp",
        "displayed_timestamp_value_expression": "Timestamp",
        "implicit_column_expression": "Body",
        "body_expression": "Body",
        "service_name_expression": "ServiceName",
        "severity_text_expression": "SeverityText",
        "event_attributes_expression": "LogAttributes",
        "default_table_select_expression": "Timestamp,ServiceName,SeverityText,Body",
    },
    "trace": {
        "name": "Traces",
        "kind": "trace",
        "table_name": "otel_traces",
        "timestamp_value_expression": "Timestamp",
        "implicit_column_expression": "SpanName",
        "service_name_expression": "ServiceName",
        "duration_expression": "Duration",
        "status_code_expression": "StatusCode",
        "event_attributes_expression": "SpanAttributes",
        "default_table_select_expression": "Timestamp,ServiceName,StatusCode,round(Duration/1e6),SpanName",
    },
    "sampled": {
        "name": "Sampled traces",
        "kind": "trace",
        "table_name": "otel_traces",
        "timestamp_value_expression": "Timestamp",
        "implicit_column_expression": "SpanName",
        "duration_expression": "Duration",
        "sample_rate_expression": "SpanAttributes['SampleRate']",
    },
    "session": {
        "name": "Sessions",
        "kind": "session",
        "table_name": "hyperdx_sessions",
        "timestamp_value_expression": "TimestampTime",
        "displayed_timestamp_value_expression": "Timestamp",
        "body_expression": "Body",
        "severity_text_expression": "SeverityText",
        "default_table_select_expression": "Timestamp,ServiceName,SeverityText,Body",
    },
    "metric": {
        "name": "Metrics",
        "kind": "metric",
        "table_name": "",
        "timestamp_value_expression": "TimeUnix",
        "service_name_expression": "ServiceName",
        "metric_tables": {kind: f"otel_metrics_{kind.replace(' ', '_')}" for kind in METRIC_KINDS},
    },
}


def seed(store: Store) -> None:
    """Everything a golden chart reads."""
    seed_events(store)
    seed_ranks(store)
    seed_spans(store)
    seed_metrics(store)
    seed_distributions(store)


def seed_events(store: Store) -> None:
    rows = []
    for minute, services in EVENTS.items():
        for service, severities in services.items():
            for severity in severities:
                second = len(rows)
                attributes = f"{{'n':'{second}','odd':'a=b','text':'{'x' if second % 2 else second}'}}"
                body = f"'{severity} number {second}'"
                rows.append(f"({_at(minute, second)},'{service}','{severity}',{second},{body},{attributes})")
    _insert(store, "otel_logs (Timestamp, ServiceName, SeverityText, SeverityNumber, Body, LogAttributes)", rows)


def seed_ranks(store: Store) -> None:
    """§10.7, on the day after: R, one row per service; regions; pairs of a map's key and a service."""
    ranks = {"inf": (5, 0), "broken": (2, 2), "flaky": (3, 4), "mild": (1, 2), "noisy": (6, 60), "zero": (0, 0)}
    rows = [
        f"('R','{service}',{{'errors':'{errors}','total':'{total}'}})" for service, (errors, total) in ranks.items()
    ]
    rows += ["('region','s',{'region':'us'})"] * 5 + ["('region','s',{})"] * 10
    pairs = {("capA", "svc1"): 5, ("capB", "svc2"): 3, ("", "svc3"): 10}
    for (cap, service), count in pairs.items():
        rows += [f"('pairs','{service}',{{'cap':'{cap}'}})"] * count
    rows = [f"({_at(24 * 60)},{row[1:]}" for row in rows]
    _insert(store, "otel_logs (Timestamp, Body, ServiceName, LogAttributes)", rows)


def seed_spans(store: Store) -> None:
    """§10.6 G62: durations 100, 200, 300, 400, 50 with weights 1, 1, 1, unreadable, a million."""
    spans = (("api", 100, "1"), ("api", 200, "1"), ("web", 300, "1"), ("web", 400, "abc"), ("batch", 50, "1000000"))
    rows = []
    for second, (service, duration, weight) in enumerate(spans):
        status = "Error" if service == "web" else "Ok"
        rows.append(f"({_at(0, second)},'{service}','call','{status}',{duration},{{'SampleRate':'{weight}'}})")
    _insert(store, "otel_traces (Timestamp, ServiceName, SpanName, StatusCode, Duration, SpanAttributes)", rows)


def seed_metrics(store: Store) -> None:
    columns = "(MetricName, TimeUnix, Value, ResourceAttributes, Attributes)"
    _insert(store, f"otel_metrics_gauge {columns}", _points(GAUGES, ""))
    columns = "(MetricName, TimeUnix, Value, ResourceAttributes, Attributes, AggregationTemporality, IsMonotonic)"
    _insert(store, f"otel_metrics_sum {columns}", _points(COUNTERS, ",2,true"))
    _insert(store, f"otel_metrics_sum {columns}", _points(NOT_MONOTONIC, ",2,false"))
    _insert(store, f"otel_metrics_sum {columns}", _points(DELTAS, ",1,true"))
    # §10.2 G20: the same key and value, once of the scope, once of the point: two series of one point each
    scopes = "(MetricName, TimeUnix, Value, ScopeAttributes, Attributes, AggregationTemporality, IsMonotonic)"
    rows = [
        f"('test.scoped',{_at(0)},100,{{'k':'v'}},{{}},2,true)",
        f"('test.scoped',{_at(1)},110,{{}},{{'k':'v'}},2,true)",
    ]
    _insert(store, f"otel_metrics_sum {scopes}", rows)


def _points(metrics: Mapping[str, Mapping[str, Mapping[int, float]]], rest: str) -> Iterable[str]:
    return [
        f"('{name}',{_at(minute)},{value},{{'host':'{series}'}},{{}}{rest})"
        for name, all_series in metrics.items()
        for series, points in all_series.items()
        for minute, value in points.items()
    ]


def _at(minute: int, second: int = 0) -> str:
    return f"toDateTime64('{T0}', 9, 'UTC') + toIntervalSecond({minute * 60 + second})"


def _insert(store: Store, target: str, rows: Iterable[str]) -> None:
    store.command(f"INSERT INTO {target} VALUES {','.join(rows)}")

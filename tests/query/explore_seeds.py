"""Data for exploring: an afternoon of 2023-03-04 in a shop, small enough to count by hand."""

from __future__ import annotations

from dataclasses import replace

from clickstack.core.source import Source
from clickstack.store import Store
from query.seeds import source as golden_source

DAY = "2023-03-04"


def source(kind: str) -> Source:
    """The default source of a kind with its roll-up, or `bare` kinds without one."""
    bare = kind.startswith("bare ")
    plain = golden_source(kind.removeprefix("bare "))
    roles = {"trace_id_expression": "TraceId", "span_id_expression": "SpanId"} if plain.kind != "metric" else {}
    if plain.kind == "trace":
        roles |= {
            "parent_span_id_expression": "ParentSpanId",
            "span_name_expression": "SpanName",
            "span_kind_expression": "SpanKind",
            "status_message_expression": "StatusMessage",
            "span_events_value_expression": "Events",
        }
    views = None if bare or plain.kind not in _ROLLUPS else {"kvRollupTable": _ROLLUPS[plain.kind]}
    precision = 9 if plain.kind == "trace" else None
    return replace(plain, metadata_materialized_views=views, duration_precision=precision, **roles)


_ROLLUPS = {"log": "otel_logs_kv_rollup_15m", "trace": "otel_traces_kv_rollup_15m"}


LOGS = """
INSERT INTO otel_logs (Timestamp, ServiceName, SeverityText, Body, ResourceAttributes, LogAttributes)
SELECT
    toDateTime64('{DAY} 12:00:00', 9, 'UTC') + toIntervalMinute(number),
    ['cart', 'web', 'cart'][1 + number % 3],
    if(number % 4 = 0, 'error', 'info'),
    concat('order ', toString(number), if(number % 4 = 0, ' failed', ' shipped'), ' for user', toString(number % 7)),
    map('host.name', concat('h', toString(number % 2)), 'k8s.pod.name', concat('pod-', toString(number % 3))),
    mapConcat(
        map('n', toString(number)),
        if(number % 2 = 0, map('plan', ['Gold', 'silver'][1 + intDiv(number, 2) % 2]), map()),
        if(number = 7, map('empty', '', 'a=b', 'c', 'my key', 'v'), map())
    )
FROM numbers(120)
"""


def seed_logs(store: Store) -> None:
    """120 logs, one a minute from 12:00. Every 4th is an error; `n` is unique, half have a `plan`, one an `a=b`."""
    store.command(LOGS.replace("{DAY}", DAY))


def seed_others(store: Store) -> None:
    """Two session events and three points of gauges: tables without text indexes."""
    at = f"toDateTime64('{DAY} 12:00:00', 9, 'UTC')"
    store.command(
        "INSERT INTO hyperdx_sessions (Timestamp, LogAttributes) "
        f"VALUES ({at}, {{'page':'/','rum':'1'}}), ({at}, {{'page':'/cart'}})"
    )
    store.command(
        f"INSERT INTO otel_metrics_gauge (MetricName, TimeUnix, Attributes) VALUES ('cpu', {at}, {{'core':'0'}}), "
        f"('cpu', {at}, {{'core':'1'}}), ('memory', {at}, {{'bank':'a'}})"
    )


# span, parent, service, name, status, starts after ms, lasts ms
TRACES: dict[str, tuple[tuple[str, str, str, str, str, int, int], ...]] = {
    "checkout": (
        ("a", "", "web", "POST /checkout", "Unset", 0, 100),
        ("b", "a", "cart", "read cart", "Ok", 10, 30),
        ("c", "a", "pay", "charge", "Error", 45, 50),
        ("d", "c", "pay", "INSERT", "Unset", 40, 20),  # a clock that is behind
        ("x", "lost", "mail", "send", "Unset", 90, 25),  # its parent was never stored
    ),
    "ring": (("p", "q", "web", "one", "Unset", 0, 5), ("q", "p", "web", "two", "Unset", 1, 5)),
    "twice": (("s", "", "web", "client", "Unset", 0, 9), ("s", "s", "api", "server", "Unset", 1, 7)),
}
TRACE_LOGS = (("checkout", "c", "pay", "error", "card refused", 60), ("only logs", "", "job", "info", "done", 0))


def seed_traces(store: Store) -> None:
    """The spans of TRACES at 15:00 and TRACE_LOGS; the first span of a trace has an event."""
    spans = [
        f"({_at(ms)}, '{trace}', '{span}', '{parent}', '{service}', '{name}', '{status}', {lasts * 1_000_000}, "
        f"{_event(ms)}, "
        f"{{'route':'{name}'}})"
        for trace, all_spans in TRACES.items()
        for span, parent, service, name, status, ms, lasts in all_spans
    ]
    columns = "Timestamp, TraceId, SpanId, ParentSpanId, ServiceName, SpanName, StatusCode, Duration"
    store.command(
        f"INSERT INTO otel_traces ({columns}, `Events.Timestamp`, `Events.Name`, SpanAttributes) "
        f"VALUES {','.join(spans)}"
    )
    logs = [
        f"({_at(ms)}, '{trace}', '{span}', '{service}', '{severity}', '{body}')"
        for trace, span, service, severity, body, ms in TRACE_LOGS
    ]
    columns = "Timestamp, TraceId, SpanId, ServiceName, SeverityText, Body"
    store.command(f"INSERT INTO otel_logs ({columns}) VALUES {','.join(logs)}")


def _at(ms: int) -> str:
    return f"toDateTime64('{DAY} 15:00:00', 9, 'UTC') + toIntervalMillisecond({ms})"


def _event(ms: int) -> str:
    return f"[{_at(ms + 1)}], ['cache miss']" if ms == 0 else "[], []"

"""What a new team starts with: the connection to the embedded engine and four linked sources.

The values are those of reference/ingestion.md §5.3 for the tables of store/schema, with what a default install there
lacks: all five metric tables, span events and links. There is no key roll-up table here, only the key/value one.
"""

from __future__ import annotations

from typing import Any

from clickstack.core.ids import IdSource
from clickstack.core.source import EMBEDDED_HOST, METRIC_KINDS, Connection, Source, SourceKind

DATABASE = "default"


def default_connection(team_id: str, ids: IdSource) -> Connection:
    return Connection(id=ids.object_id(), team_id=team_id, name="Local ClickHouse", host=EMBEDDED_HOST)


def default_sources(team_id: str, connection_id: str, ids: IdSource) -> list[Source]:
    """Logs, Traces, Metrics and Sessions, each naming the other three."""
    source_ids = {kind: ids.object_id() for kind in _SPECS}
    sources = []
    for kind, spec in _SPECS.items():
        links: dict[str, Any] = {f"{other}_source_id": source_ids[other] for other in _SPECS if other != kind}
        sources.append(
            Source(
                id=source_ids[kind],
                team_id=team_id,
                connection_id=connection_id,
                database_name=DATABASE,
                kind=kind,
                **spec,
                **links,
            )
        )
    return sources


def _kv_rollup(table: str) -> dict[str, str]:
    return {"kvRollupTable": table, "granularity": "15 minute"}


_LOG_ROLES: dict[str, Any] = {
    "displayed_timestamp_value_expression": "Timestamp",
    "implicit_column_expression": "Body",
    "body_expression": "Body",
    "service_name_expression": "ServiceName",
    "severity_text_expression": "SeverityText",
    "event_attributes_expression": "LogAttributes",
    "resource_attributes_expression": "ResourceAttributes",
    "default_table_select_expression": "Timestamp,ServiceName,SeverityText,Body",
    "trace_id_expression": "TraceId",
    "span_id_expression": "SpanId",
}

_SPECS: dict[SourceKind, dict[str, Any]] = {
    "log": {
        "name": "Logs",
        "table_name": "otel_logs",
        "timestamp_value_expression": "Timestamp",
        "metadata_materialized_views": _kv_rollup("otel_logs_kv_rollup_15m"),
        **_LOG_ROLES,
    },
    "trace": {
        "name": "Traces",
        "table_name": "otel_traces",
        "timestamp_value_expression": "Timestamp",
        "displayed_timestamp_value_expression": "Timestamp",
        "implicit_column_expression": "SpanName",
        "span_name_expression": "SpanName",
        "service_name_expression": "ServiceName",
        "event_attributes_expression": "SpanAttributes",
        "resource_attributes_expression": "ResourceAttributes",
        "default_table_select_expression": "Timestamp,ServiceName,StatusCode,round(Duration/1e6),SpanName",
        "trace_id_expression": "TraceId",
        "span_id_expression": "SpanId",
        "parent_span_id_expression": "ParentSpanId",
        "duration_expression": "Duration",
        "duration_precision": 9,
        "span_kind_expression": "SpanKind",
        "status_code_expression": "StatusCode",
        "status_message_expression": "StatusMessage",
        "span_events_value_expression": "Events",
        "span_links_value_expression": "Links",
        "metadata_materialized_views": _kv_rollup("otel_traces_kv_rollup_15m"),
    },
    "metric": {
        "name": "Metrics",
        "table_name": "",
        "timestamp_value_expression": "TimeUnix",
        "service_name_expression": "ServiceName",
        "resource_attributes_expression": "ResourceAttributes",
        "metric_tables": {kind: f"otel_metrics_{kind.replace(' ', '_')}" for kind in METRIC_KINDS},
    },
    "session": {
        "name": "Sessions",
        "table_name": "hyperdx_sessions",
        "timestamp_value_expression": "TimestampTime",
        **_LOG_ROLES,
    },
}

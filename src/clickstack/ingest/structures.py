"""The ClickHouse structure of each signal's messages: what `sql/*.proto` names, as nested tuples.

Metrics have one per kind, so that a table's read skips the points of the other four.
"""

from __future__ import annotations

# The `Enum8` named like the oneof says which member is set: an empty string and no value are different things.
_VALUE = (
    "Tuple(value Enum8('none' = 0, 'string_value' = 1, 'bool_value' = 2, 'int_value' = 3, 'double_value' = 4, "
    "'bytes_value' = 7), string_value String, bool_value Bool, int_value Int64, double_value Float64, "
    "bytes_value String)"
)
_ATTRIBUTES = f"Array(Tuple(key String, value {_VALUE}))"
_RESOURCE = f"resource Tuple(attributes {_ATTRIBUTES}), schema_url String"
_SCOPE = (
    f"scope Tuple(name String, version String, attributes {_ATTRIBUTES}, dropped_attributes_count UInt32), "
    "schema_url String"
)
_RECEIVED = "received_unix_nano UInt64"

_LOG_RECORD = (
    "time_unix_nano UInt64, observed_time_unix_nano UInt64, severity_number Int32, severity_text String, "
    f"body {_VALUE}, attributes {_ATTRIBUTES}, flags UInt32, trace_id String, span_id String, event_name String"
)
_SPAN = (
    "trace_id String, span_id String, trace_state String, parent_span_id String, name String, kind Int32, "
    f"start_time_unix_nano UInt64, end_time_unix_nano UInt64, attributes {_ATTRIBUTES}, "
    "dropped_attributes_count UInt32, dropped_events_count UInt32, dropped_links_count UInt32, flags UInt32, "
    f"events Array(Tuple(time_unix_nano UInt64, name String, attributes {_ATTRIBUTES})), "
    f"links Array(Tuple(trace_id String, span_id String, trace_state String, attributes {_ATTRIBUTES})), "
    "status Tuple(message String, code Int32)"
)

_POINT = f"start_time_unix_nano UInt64, time_unix_nano UInt64, attributes {_ATTRIBUTES}, flags UInt32"
_EXEMPLARS = (
    "exemplars Array(Tuple(time_unix_nano UInt64, value Enum8('none' = 0, 'as_double' = 3, 'as_int' = 6), "
    f"as_double Float64, as_int Int64, span_id String, trace_id String, filtered_attributes {_ATTRIBUTES}))"
)
_NUMBER = (
    f"data_points Array(Tuple({_POINT}, {_EXEMPLARS}, value Enum8('none' = 0, 'as_double' = 4, 'as_int' = 6), "
    "as_double Float64, as_int Int64))"
)
_BUCKETS = "Tuple(offset Int32, bucket_counts Array(UInt64))"
_TEMPORALITY = "aggregation_temporality Int32"
_DISTRIBUTION = "count UInt64, sum Float64, min Float64, max Float64"

_METRICS = {
    "gauge": _NUMBER,
    "sum": f"{_NUMBER}, {_TEMPORALITY}, is_monotonic Bool",
    "histogram": (
        f"data_points Array(Tuple({_POINT}, {_EXEMPLARS}, {_DISTRIBUTION}, bucket_counts Array(UInt64), "
        f"explicit_bounds Array(Float64))), {_TEMPORALITY}"
    ),
    "exponential_histogram": (
        f"data_points Array(Tuple({_POINT}, {_EXEMPLARS}, {_DISTRIBUTION}, scale Int32, zero_count UInt64, "
        f"positive {_BUCKETS}, negative {_BUCKETS})), {_TEMPORALITY}"
    ),
    "summary": (
        f"data_points Array(Tuple({_POINT}, count UInt64, sum Float64, "
        "quantile_values Array(Tuple(quantile Float64, value Float64))))"
    ),
}


def _request(resources: str, scopes: str, records: str, record: str) -> str:
    return (
        f"{_RECEIVED}, {resources} Array(Tuple({_RESOURCE}, "
        f"{scopes} Array(Tuple({_SCOPE}, {records} Array(Tuple({record}))))))"
    )


LOGS = _request("resource_logs", "scope_logs", "log_records", _LOG_RECORD)
SPANS = _request("resource_spans", "scope_spans", "spans", _SPAN)
METRICS = {
    kind: _request(
        "resource_metrics",
        "scope_metrics",
        "metrics",
        f"name String, description String, unit String, {kind} Tuple({structure})",
    )
    for kind, structure in _METRICS.items()
}

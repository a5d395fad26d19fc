"""The telemetry tables, for tests that empty or inspect all of them."""

TELEMETRY_TABLES = (
    "otel_logs",
    "otel_traces",
    "otel_traces_trace_id_ts",
    "otel_metrics_gauge",
    "otel_metrics_sum",
    "otel_metrics_histogram",
    "otel_metrics_exponential_histogram",
    "otel_metrics_summary",
    "otel_metrics_series",
    "hyperdx_sessions",
    "otel_logs_kv_rollup_15m",
    "otel_traces_kv_rollup_15m",
)

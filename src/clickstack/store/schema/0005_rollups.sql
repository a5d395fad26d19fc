-- Which values the low-cardinality columns take, and how often, per quarter of an hour: facets and autocomplete read
-- these instead of raw rows. Readers sum(count): merges are eventual. Rows are grouped before they are spread over
-- columns, so the views cost an insert little.
CREATE TABLE IF NOT EXISTS otel_logs_kv_rollup_15m (
    Timestamp DateTime CODEC(Delta(4), ZSTD(1)),
    ColumnIdentifier LowCardinality(String),
    Key LowCardinality(String),
    Value String CODEC(ZSTD(1)),
    count UInt64,
    INDEX idx_count_minmax count TYPE minmax,
    INDEX idx_timestamp_minmax Timestamp TYPE minmax
)
ENGINE = SummingMergeTree(count)
PARTITION BY toDate(Timestamp)
ORDER BY (ColumnIdentifier, Key, Timestamp, Value)
TTL Timestamp + toIntervalDay(30)
SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel_logs_kv_rollup_15m_mv TO otel_logs_kv_rollup_15m AS
SELECT Bucket AS Timestamp, 'NativeColumn' AS ColumnIdentifier, pair.1 AS Key, pair.2 AS Value, sum(occurrences) AS count
FROM (
    SELECT toStartOfFifteenMinutes(Timestamp) AS Bucket, SeverityText, ServiceName, ScopeName, ScopeVersion, ResourceSchemaUrl, ScopeSchemaUrl, `__hdx_materialized_k8s.cluster.name`, `__hdx_materialized_k8s.container.name`, `__hdx_materialized_k8s.deployment.name`, `__hdx_materialized_k8s.namespace.name`, `__hdx_materialized_k8s.node.name`, `__hdx_materialized_k8s.pod.name`, `__hdx_materialized_k8s.pod.uid`, `__hdx_materialized_deployment.environment.name`, count() AS occurrences
    FROM otel_logs
    GROUP BY Bucket, SeverityText, ServiceName, ScopeName, ScopeVersion, ResourceSchemaUrl, ScopeSchemaUrl, `__hdx_materialized_k8s.cluster.name`, `__hdx_materialized_k8s.container.name`, `__hdx_materialized_k8s.deployment.name`, `__hdx_materialized_k8s.namespace.name`, `__hdx_materialized_k8s.node.name`, `__hdx_materialized_k8s.pod.name`, `__hdx_materialized_k8s.pod.uid`, `__hdx_materialized_deployment.environment.name`
)
ARRAY JOIN [
    ('SeverityText', toString(SeverityText)),
    ('ServiceName', toString(ServiceName)),
    ('ScopeName', toString(ScopeName)),
    ('ScopeVersion', toString(ScopeVersion)),
    ('ResourceSchemaUrl', toString(ResourceSchemaUrl)),
    ('ScopeSchemaUrl', toString(ScopeSchemaUrl)),
    ('__hdx_materialized_k8s.cluster.name', toString(`__hdx_materialized_k8s.cluster.name`)),
    ('__hdx_materialized_k8s.container.name', toString(`__hdx_materialized_k8s.container.name`)),
    ('__hdx_materialized_k8s.deployment.name', toString(`__hdx_materialized_k8s.deployment.name`)),
    ('__hdx_materialized_k8s.namespace.name', toString(`__hdx_materialized_k8s.namespace.name`)),
    ('__hdx_materialized_k8s.node.name', toString(`__hdx_materialized_k8s.node.name`)),
    ('__hdx_materialized_k8s.pod.name', toString(`__hdx_materialized_k8s.pod.name`)),
    ('__hdx_materialized_k8s.pod.uid', toString(`__hdx_materialized_k8s.pod.uid`)),
    ('__hdx_materialized_deployment.environment.name', toString(`__hdx_materialized_deployment.environment.name`))
] AS pair
GROUP BY Bucket, Key, Value;

CREATE TABLE IF NOT EXISTS otel_traces_kv_rollup_15m (
    Timestamp DateTime CODEC(Delta(4), ZSTD(1)),
    ColumnIdentifier LowCardinality(String),
    Key LowCardinality(String),
    Value String CODEC(ZSTD(1)),
    count UInt64,
    INDEX idx_count_minmax count TYPE minmax,
    INDEX idx_timestamp_minmax Timestamp TYPE minmax
)
ENGINE = SummingMergeTree(count)
PARTITION BY toDate(Timestamp)
ORDER BY (ColumnIdentifier, Key, Timestamp, Value)
TTL Timestamp + toIntervalDay(30)
SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel_traces_kv_rollup_15m_mv TO otel_traces_kv_rollup_15m AS
SELECT Bucket AS Timestamp, 'NativeColumn' AS ColumnIdentifier, pair.1 AS Key, pair.2 AS Value, sum(occurrences) AS count
FROM (
    SELECT toStartOfFifteenMinutes(Timestamp) AS Bucket, ServiceName, SpanName, SpanKind, StatusCode, ScopeName, ScopeVersion, count() AS occurrences
    FROM otel_traces
    GROUP BY Bucket, ServiceName, SpanName, SpanKind, StatusCode, ScopeName, ScopeVersion
)
ARRAY JOIN [
    ('ServiceName', toString(ServiceName)),
    ('SpanName', toString(SpanName)),
    ('SpanKind', toString(SpanKind)),
    ('StatusCode', toString(StatusCode)),
    ('ScopeName', toString(ScopeName)),
    ('ScopeVersion', toString(ScopeVersion))
] AS pair
GROUP BY Bucket, Key, Value;

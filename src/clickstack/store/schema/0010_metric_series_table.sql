-- Which series there were in each hour: keys and values of one metric are read from here, not from its points. A series
-- is written once an hour: the views leave out what stands here already. They look for it in the last hours only; what
-- arrives later is written once for each insert, until a merge. SeriesKey is of all columns here but the hour.
CREATE TABLE IF NOT EXISTS otel_metrics_series (
    MetricTable LowCardinality(String),
    MetricName LowCardinality(String),
    Hour DateTime CODEC(Delta(4), ZSTD(1)),
    SeriesKey UInt64 CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ResourceSchemaUrl String CODEC(ZSTD(1)),
    ScopeName String CODEC(ZSTD(1)),
    ScopeVersion String CODEC(ZSTD(1)),
    ScopeAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ScopeSchemaUrl String CODEC(ZSTD(1)),
    MetricDescription String CODEC(ZSTD(1)),
    MetricUnit String CODEC(ZSTD(1)),
    Attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    AggregationTemporality Int32 CODEC(ZSTD(1)),
    IsMonotonic Boolean CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(Hour)
ORDER BY (MetricTable, MetricName, Hour, SeriesKey)
TTL Hour + toIntervalDay(30)
SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

INSERT INTO otel_metrics_series (MetricTable, MetricName, Hour, SeriesKey, ServiceName, ResourceAttributes, ResourceSchemaUrl, ScopeName, ScopeVersion, ScopeAttributes, ScopeSchemaUrl, MetricDescription, MetricUnit, Attributes)
SELECT
    'otel_metrics_gauge', MetricName, Hour, SeriesKey, ServiceName,
    any(ResourceAttributes), any(ResourceSchemaUrl), any(ScopeName), any(ScopeVersion), any(ScopeAttributes), any(ScopeSchemaUrl), any(MetricDescription), any(MetricUnit), any(Attributes)
FROM (
    SELECT *, toStartOfHour(TimeUnix) AS Hour, bitXor(SeriesHash, cityHash64(MetricName, ServiceName, ResourceSchemaUrl, ScopeName, ScopeVersion, ScopeSchemaUrl, MetricDescription, MetricUnit)) AS SeriesKey
    FROM otel_metrics_gauge
)
GROUP BY ServiceName, MetricName, Hour, SeriesHash, SeriesKey
SETTINGS optimize_aggregation_in_order = 1, max_partitions_per_insert_block = 0;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel_metrics_gauge_series_mv TO otel_metrics_series AS
SELECT
    'otel_metrics_gauge' AS MetricTable, MetricName, Hour, SeriesKey,
    any(ServiceName) AS ServiceName, any(ResourceAttributes) AS ResourceAttributes, any(ResourceSchemaUrl) AS ResourceSchemaUrl, any(ScopeName) AS ScopeName, any(ScopeVersion) AS ScopeVersion, any(ScopeAttributes) AS ScopeAttributes, any(ScopeSchemaUrl) AS ScopeSchemaUrl, any(MetricDescription) AS MetricDescription, any(MetricUnit) AS MetricUnit, any(Attributes) AS Attributes
FROM (
    SELECT *, toStartOfHour(TimeUnix) AS Hour, bitXor(SeriesHash, cityHash64(MetricName, ServiceName, ResourceSchemaUrl, ScopeName, ScopeVersion, ScopeSchemaUrl, MetricDescription, MetricUnit)) AS SeriesKey
    FROM otel_metrics_gauge
    WHERE bitXor(SeriesKey, toUInt64(intDiv(toUnixTimestamp64Nano(TimeUnix), 3600000000000))) NOT IN (
        SELECT bitXor(SeriesKey, toUInt64(intDiv(toUnixTimestamp(Hour), 3600)))
        FROM otel_metrics_series
        WHERE MetricTable = 'otel_metrics_gauge' AND Hour >= now() - toIntervalHour(3)
    )
)
GROUP BY MetricName, Hour, SeriesKey;

INSERT INTO otel_metrics_series (MetricTable, MetricName, Hour, SeriesKey, ServiceName, ResourceAttributes, ResourceSchemaUrl, ScopeName, ScopeVersion, ScopeAttributes, ScopeSchemaUrl, MetricDescription, MetricUnit, Attributes, AggregationTemporality, IsMonotonic)
SELECT
    'otel_metrics_sum', MetricName, Hour, SeriesKey, ServiceName,
    any(ResourceAttributes), any(ResourceSchemaUrl), any(ScopeName), any(ScopeVersion), any(ScopeAttributes), any(ScopeSchemaUrl), any(MetricDescription), any(MetricUnit), any(Attributes), any(AggregationTemporality), any(IsMonotonic)
FROM (
    SELECT *, toStartOfHour(TimeUnix) AS Hour, bitXor(SeriesHash, cityHash64(MetricName, ServiceName, ResourceSchemaUrl, ScopeName, ScopeVersion, ScopeSchemaUrl, MetricDescription, MetricUnit, AggregationTemporality, IsMonotonic)) AS SeriesKey
    FROM otel_metrics_sum
)
GROUP BY ServiceName, MetricName, Hour, SeriesHash, SeriesKey
SETTINGS optimize_aggregation_in_order = 1, max_partitions_per_insert_block = 0;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel_metrics_sum_series_mv TO otel_metrics_series AS
SELECT
    'otel_metrics_sum' AS MetricTable, MetricName, Hour, SeriesKey,
    any(ServiceName) AS ServiceName, any(ResourceAttributes) AS ResourceAttributes, any(ResourceSchemaUrl) AS ResourceSchemaUrl, any(ScopeName) AS ScopeName, any(ScopeVersion) AS ScopeVersion, any(ScopeAttributes) AS ScopeAttributes, any(ScopeSchemaUrl) AS ScopeSchemaUrl, any(MetricDescription) AS MetricDescription, any(MetricUnit) AS MetricUnit, any(Attributes) AS Attributes, any(AggregationTemporality) AS AggregationTemporality, any(IsMonotonic) AS IsMonotonic
FROM (
    SELECT *, toStartOfHour(TimeUnix) AS Hour, bitXor(SeriesHash, cityHash64(MetricName, ServiceName, ResourceSchemaUrl, ScopeName, ScopeVersion, ScopeSchemaUrl, MetricDescription, MetricUnit, AggregationTemporality, IsMonotonic)) AS SeriesKey
    FROM otel_metrics_sum
    WHERE bitXor(SeriesKey, toUInt64(intDiv(toUnixTimestamp64Nano(TimeUnix), 3600000000000))) NOT IN (
        SELECT bitXor(SeriesKey, toUInt64(intDiv(toUnixTimestamp(Hour), 3600)))
        FROM otel_metrics_series
        WHERE MetricTable = 'otel_metrics_sum' AND Hour >= now() - toIntervalHour(3)
    )
)
GROUP BY MetricName, Hour, SeriesKey;

INSERT INTO otel_metrics_series (MetricTable, MetricName, Hour, SeriesKey, ServiceName, ResourceAttributes, ResourceSchemaUrl, ScopeName, ScopeVersion, ScopeAttributes, ScopeSchemaUrl, MetricDescription, MetricUnit, Attributes, AggregationTemporality)
SELECT
    'otel_metrics_histogram', MetricName, Hour, SeriesKey, ServiceName,
    any(ResourceAttributes), any(ResourceSchemaUrl), any(ScopeName), any(ScopeVersion), any(ScopeAttributes), any(ScopeSchemaUrl), any(MetricDescription), any(MetricUnit), any(Attributes), any(AggregationTemporality)
FROM (
    SELECT *, toStartOfHour(TimeUnix) AS Hour, bitXor(SeriesHash, cityHash64(MetricName, ServiceName, ResourceSchemaUrl, ScopeName, ScopeVersion, ScopeSchemaUrl, MetricDescription, MetricUnit, AggregationTemporality)) AS SeriesKey
    FROM otel_metrics_histogram
)
GROUP BY ServiceName, MetricName, Hour, SeriesHash, SeriesKey
SETTINGS optimize_aggregation_in_order = 1, max_partitions_per_insert_block = 0;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel_metrics_histogram_series_mv TO otel_metrics_series AS
SELECT
    'otel_metrics_histogram' AS MetricTable, MetricName, Hour, SeriesKey,
    any(ServiceName) AS ServiceName, any(ResourceAttributes) AS ResourceAttributes, any(ResourceSchemaUrl) AS ResourceSchemaUrl, any(ScopeName) AS ScopeName, any(ScopeVersion) AS ScopeVersion, any(ScopeAttributes) AS ScopeAttributes, any(ScopeSchemaUrl) AS ScopeSchemaUrl, any(MetricDescription) AS MetricDescription, any(MetricUnit) AS MetricUnit, any(Attributes) AS Attributes, any(AggregationTemporality) AS AggregationTemporality
FROM (
    SELECT *, toStartOfHour(TimeUnix) AS Hour, bitXor(SeriesHash, cityHash64(MetricName, ServiceName, ResourceSchemaUrl, ScopeName, ScopeVersion, ScopeSchemaUrl, MetricDescription, MetricUnit, AggregationTemporality)) AS SeriesKey
    FROM otel_metrics_histogram
    WHERE bitXor(SeriesKey, toUInt64(intDiv(toUnixTimestamp64Nano(TimeUnix), 3600000000000))) NOT IN (
        SELECT bitXor(SeriesKey, toUInt64(intDiv(toUnixTimestamp(Hour), 3600)))
        FROM otel_metrics_series
        WHERE MetricTable = 'otel_metrics_histogram' AND Hour >= now() - toIntervalHour(3)
    )
)
GROUP BY MetricName, Hour, SeriesKey;

INSERT INTO otel_metrics_series (MetricTable, MetricName, Hour, SeriesKey, ServiceName, ResourceAttributes, ResourceSchemaUrl, ScopeName, ScopeVersion, ScopeAttributes, ScopeSchemaUrl, MetricDescription, MetricUnit, Attributes, AggregationTemporality)
SELECT
    'otel_metrics_exponential_histogram', MetricName, Hour, SeriesKey, ServiceName,
    any(ResourceAttributes), any(ResourceSchemaUrl), any(ScopeName), any(ScopeVersion), any(ScopeAttributes), any(ScopeSchemaUrl), any(MetricDescription), any(MetricUnit), any(Attributes), any(AggregationTemporality)
FROM (
    SELECT *, toStartOfHour(TimeUnix) AS Hour, bitXor(SeriesHash, cityHash64(MetricName, ServiceName, ResourceSchemaUrl, ScopeName, ScopeVersion, ScopeSchemaUrl, MetricDescription, MetricUnit, AggregationTemporality)) AS SeriesKey
    FROM otel_metrics_exponential_histogram
)
GROUP BY ServiceName, MetricName, Hour, SeriesHash, SeriesKey
SETTINGS optimize_aggregation_in_order = 1, max_partitions_per_insert_block = 0;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel_metrics_exponential_histogram_series_mv TO otel_metrics_series AS
SELECT
    'otel_metrics_exponential_histogram' AS MetricTable, MetricName, Hour, SeriesKey,
    any(ServiceName) AS ServiceName, any(ResourceAttributes) AS ResourceAttributes, any(ResourceSchemaUrl) AS ResourceSchemaUrl, any(ScopeName) AS ScopeName, any(ScopeVersion) AS ScopeVersion, any(ScopeAttributes) AS ScopeAttributes, any(ScopeSchemaUrl) AS ScopeSchemaUrl, any(MetricDescription) AS MetricDescription, any(MetricUnit) AS MetricUnit, any(Attributes) AS Attributes, any(AggregationTemporality) AS AggregationTemporality
FROM (
    SELECT *, toStartOfHour(TimeUnix) AS Hour, bitXor(SeriesHash, cityHash64(MetricName, ServiceName, ResourceSchemaUrl, ScopeName, ScopeVersion, ScopeSchemaUrl, MetricDescription, MetricUnit, AggregationTemporality)) AS SeriesKey
    FROM otel_metrics_exponential_histogram
    WHERE bitXor(SeriesKey, toUInt64(intDiv(toUnixTimestamp64Nano(TimeUnix), 3600000000000))) NOT IN (
        SELECT bitXor(SeriesKey, toUInt64(intDiv(toUnixTimestamp(Hour), 3600)))
        FROM otel_metrics_series
        WHERE MetricTable = 'otel_metrics_exponential_histogram' AND Hour >= now() - toIntervalHour(3)
    )
)
GROUP BY MetricName, Hour, SeriesKey;

INSERT INTO otel_metrics_series (MetricTable, MetricName, Hour, SeriesKey, ServiceName, ResourceAttributes, ResourceSchemaUrl, ScopeName, ScopeVersion, ScopeAttributes, ScopeSchemaUrl, MetricDescription, MetricUnit, Attributes)
SELECT
    'otel_metrics_summary', MetricName, Hour, SeriesKey, ServiceName,
    any(ResourceAttributes), any(ResourceSchemaUrl), any(ScopeName), any(ScopeVersion), any(ScopeAttributes), any(ScopeSchemaUrl), any(MetricDescription), any(MetricUnit), any(Attributes)
FROM (
    SELECT *, toStartOfHour(TimeUnix) AS Hour, bitXor(SeriesHash, cityHash64(MetricName, ServiceName, ResourceSchemaUrl, ScopeName, ScopeVersion, ScopeSchemaUrl, MetricDescription, MetricUnit)) AS SeriesKey
    FROM otel_metrics_summary
)
GROUP BY ServiceName, MetricName, Hour, SeriesHash, SeriesKey
SETTINGS optimize_aggregation_in_order = 1, max_partitions_per_insert_block = 0;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel_metrics_summary_series_mv TO otel_metrics_series AS
SELECT
    'otel_metrics_summary' AS MetricTable, MetricName, Hour, SeriesKey,
    any(ServiceName) AS ServiceName, any(ResourceAttributes) AS ResourceAttributes, any(ResourceSchemaUrl) AS ResourceSchemaUrl, any(ScopeName) AS ScopeName, any(ScopeVersion) AS ScopeVersion, any(ScopeAttributes) AS ScopeAttributes, any(ScopeSchemaUrl) AS ScopeSchemaUrl, any(MetricDescription) AS MetricDescription, any(MetricUnit) AS MetricUnit, any(Attributes) AS Attributes
FROM (
    SELECT *, toStartOfHour(TimeUnix) AS Hour, bitXor(SeriesHash, cityHash64(MetricName, ServiceName, ResourceSchemaUrl, ScopeName, ScopeVersion, ScopeSchemaUrl, MetricDescription, MetricUnit)) AS SeriesKey
    FROM otel_metrics_summary
    WHERE bitXor(SeriesKey, toUInt64(intDiv(toUnixTimestamp64Nano(TimeUnix), 3600000000000))) NOT IN (
        SELECT bitXor(SeriesKey, toUInt64(intDiv(toUnixTimestamp(Hour), 3600)))
        FROM otel_metrics_series
        WHERE MetricTable = 'otel_metrics_summary' AND Hour >= now() - toIntervalHour(3)
    )
)
GROUP BY MetricName, Hour, SeriesKey;

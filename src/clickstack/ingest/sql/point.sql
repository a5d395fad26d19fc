-- The columns that all five metric tables begin with. Attributes are sorted by key, here and in metrics.sql: a series is a
-- set of them, and some senders write it in another order each time.
    ResourceAttributes,
    ResourceSchemaUrl,
    ScopeName,
    ScopeVersion,
    ScopeAttributes,
    ScopeDroppedAttrCount,
    ScopeSchemaUrl,
    ServiceName,
    MetricName,
    MetricDescription,
    MetricUnit,
    mapSort(attribute_map(point.attributes)) AS Attributes,
    cityHash64(scope_hash, Attributes) AS SeriesHash,
    moment_or(point.start_time_unix_nano, 0) AS StartTimeUnix,
    moment_or(point.time_unix_nano, received_unix_nano) AS TimeUnix

-- The roll-up of spans counts the attributes of scopes as well: few spans have any, so nothing else counts them. A span
-- without is counted under an empty key, which tells readers that the map is counted at all. Spans stored before are not
-- counted; for a range that has such spans readers take a sample, as they did.
ALTER TABLE otel_traces_kv_rollup_15m_mv MODIFY QUERY
SELECT Bucket AS Timestamp, pair.1 AS ColumnIdentifier, pair.2 AS Key, pair.3 AS Value, sum(occurrences) AS count
FROM (
    SELECT toStartOfFifteenMinutes(Timestamp) AS Bucket, ServiceName, SpanName, SpanKind, StatusCode, ScopeName, ScopeVersion, ScopeAttributes, count() AS occurrences
    FROM otel_traces
    GROUP BY Bucket, ServiceName, SpanName, SpanKind, StatusCode, ScopeName, ScopeVersion, ScopeAttributes
)
ARRAY JOIN arrayConcat([
    ('NativeColumn', 'ServiceName', toString(ServiceName)),
    ('NativeColumn', 'SpanName', toString(SpanName)),
    ('NativeColumn', 'SpanKind', toString(SpanKind)),
    ('NativeColumn', 'StatusCode', toString(StatusCode)),
    ('NativeColumn', 'ScopeName', toString(ScopeName)),
    ('NativeColumn', 'ScopeVersion', toString(ScopeVersion))
], if(empty(ScopeAttributes), [('ScopeAttributes', '', '')], arrayMap((k, v) -> ('ScopeAttributes', toString(k), v), mapKeys(ScopeAttributes), mapValues(ScopeAttributes)))) AS pair
GROUP BY Bucket, ColumnIdentifier, Key, Value;

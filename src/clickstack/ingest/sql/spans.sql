-- Spans → otel_traces (reference/ingestion.md §3.3, §3.10). A span that ends before it starts, or whose start or end is no
-- time, has no duration. An event without a time happened when its span started.
{expressions}
SELECT
    moment_or(span.start_time_unix_nano, received_unix_nano) AS Timestamp,
    id_text(span.trace_id, 16) AS TraceId,
    id_text(span.span_id, 8) AS SpanId,
    id_text(span.parent_span_id, 8) AS ParentSpanId,
    span.trace_state AS TraceState,
    span.name AS SpanName,
    transform(span.kind, [1, 2, 3, 4, 5], ['Internal', 'Server', 'Client', 'Producer', 'Consumer'], 'Unspecified') AS SpanKind,
    ServiceName,
    ResourceSchemaUrl,
    ResourceAttributes,
    ScopeSchemaUrl,
    ScopeName,
    ScopeVersion,
    ScopeAttributes,
    attribute_map(span.attributes) AS SpanAttributes,
    if(span.end_time_unix_nano > span.start_time_unix_nano AND is_time(span.start_time_unix_nano) AND is_time(span.end_time_unix_nano),
        span.end_time_unix_nano - span.start_time_unix_nano, 0) AS Duration,
    transform(span.status.code, [1, 2], ['Ok', 'Error'], 'Unset') AS StatusCode,
    span.status.message AS StatusMessage,
    span.flags AS Flags,
    span.dropped_attributes_count AS DroppedAttributesCount,
    span.dropped_events_count AS DroppedEventsCount,
    span.dropped_links_count AS DroppedLinksCount,
    arrayMap(nanos -> if(is_time(nanos), moment(nanos), Timestamp), span.events.time_unix_nano) AS `Events.Timestamp`,
    span.events.name AS `Events.Name`,
    arrayMap(attributes -> attribute_map(attributes), span.events.attributes) AS `Events.Attributes`,
    arrayMap(id -> id_text(id, 16), span.links.trace_id) AS `Links.TraceId`,
    arrayMap(id -> id_text(id, 8), span.links.span_id) AS `Links.SpanId`,
    span.links.trace_state AS `Links.TraceState`,
    arrayMap(attributes -> attribute_map(attributes), span.links.attributes) AS `Links.Attributes`
FROM (
    SELECT
        received_unix_nano, ServiceName, ResourceAttributes, ResourceSchemaUrl,
        ScopeName, ScopeVersion, ScopeSchemaUrl, ScopeAttributes, span
    FROM (
        SELECT
            received_unix_nano, ServiceName, ResourceAttributes, ResourceSchemaUrl,
            each_scope.schema_url AS ScopeSchemaUrl,
            each_scope.scope.name AS ScopeName,
            each_scope.scope.version AS ScopeVersion,
            shared_attribute_map(each_scope.scope.attributes) AS ScopeAttributes,
            each_scope.spans AS spans
        FROM (
            SELECT
                received_unix_nano,
                shared_attribute_map(each_resource.resource.attributes) AS ResourceAttributes,
                toLowCardinality(ResourceAttributes['service.name']) AS ServiceName,
                each_resource.schema_url AS ResourceSchemaUrl,
                each_resource.scope_spans AS scopes
            FROM {input}
            ARRAY JOIN resource_spans AS each_resource
        )
        ARRAY JOIN scopes AS each_scope
    )
    ARRAY JOIN spans AS span
)
{settings}

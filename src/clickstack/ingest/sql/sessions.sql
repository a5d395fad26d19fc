-- Session replay records → hyperdx_sessions: log records of browsers, stored as they came, without the transforms of
-- logs.sql (reference/ingestion.md §2.2).
{expressions},
{log_expressions}
SELECT
    moment(log_time_ns(received_unix_nano, record)) AS Timestamp,
    id_text(record.trace_id, 16) AS TraceId,
    id_text(record.span_id, 8) AS SpanId,
    toUInt8(bitAnd(record.flags, 255)) AS TraceFlags,
    record.severity_text AS SeverityText,
    severity_byte(record.severity_number) AS SeverityNumber,
    ServiceName,
    any_text(record.body) AS Body,
    ResourceSchemaUrl,
    ResourceAttributes,
    ScopeSchemaUrl,
    ScopeName,
    ScopeVersion,
    ScopeAttributes,
    attribute_map(record.attributes) AS LogAttributes
FROM {log_records}
WHERE is_session(record)
{settings}

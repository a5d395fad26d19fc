-- Log records → otel_logs. Session replay records go elsewhere (sessions.sql). The transforms are the letters of
-- reference/ingestion.md §2.3 to §2.6: A structured body to attributes, B severity from a level attribute, C severity
-- from the first words of the body, D lower case.
{expressions}
SELECT
    moment(time_ns) AS Timestamp,
    id_text(record.trace_id, 16) AS TraceId,
    id_text(record.span_id, 8) AS SpanId,
    toUInt8(bitAnd(record.flags, 255)) AS TraceFlags,
    lower(severity.1) AS SeverityText,
    severity.2 AS SeverityNumber,
    ResourceAttributes['service.name'] AS ServiceName,
    Body,
    ResourceSchemaUrl,
    ResourceAttributes,
    ScopeSchemaUrl,
    ScopeName,
    ScopeVersion,
    ScopeAttributes,
    LogAttributes,
    record.event_name AS EventName
FROM (
    SELECT
        *,
        -- B: the first level attribute that holds a word, or a number of pino and bunyan (10 trace … 60 fatal).
        if(has_severity, '', level_word(arrayFirst(
            word -> is_level(word), [
                LogAttributes['level'], LogAttributes['Level'], LogAttributes['LEVEL'], LogAttributes['severity'],
                LogAttributes['Severity'], LogAttributes['SEVERITY'], LogAttributes['log.level']]
        ))) AS level,
        -- C: keywords count at the start of a word; the first in the text wins.
        if(has_severity OR level != '', '', lower(extract(
            substring(Body, 1, 256), '(?i)\\b(alert|crit|emerg|fatal|error|err|warn|notice|debug|dbug|trace)'
        ))) AS keyword,
        multiIf(
            has_severity, (record.severity_text, severity_byte(record.severity_number)),
            level != '', (level, multiIf(
                match(level, '(?i)trace'), 1, match(level, '(?i)debug|dbug'), 5, match(level, '(?i)info'), 9,
                match(level, '(?i)warn|notice'), 13, match(level, '(?i)err'), 17,
                match(level, '(?i)alert|crit|emerg|fatal'), 21, 9)),
            keyword IN ('alert', 'crit', 'emerg', 'fatal'), ('fatal', 21),
            keyword IN ('error', 'err'), ('error', 17),
            keyword IN ('warn', 'notice'), ('warn', 13),
            keyword IN ('debug', 'dbug'), ('debug', 5),
            keyword = 'trace', ('trace', 1),
            ('info', 9)) AS severity
    FROM (
        SELECT
            *,
            if(empty(found), attributes, mapUpdate(attributes, mapFromArrays(found.1, arrayMap(raw -> json_text(raw), found.2)))) AS LogAttributes
        FROM (
            SELECT *, if(arrayExists(pair -> is_nested(pair.2), top), flat(top, json), top) AS found
            FROM (
                SELECT *, JSONExtractKeysAndValuesRaw(json) AS top
                FROM (
                    SELECT
                        *,
                        multiIf(
                            position(Body, '{') = 0, '',
                            isValidJSON(Body), Body,
                            extract(Body, '\\{[^\\n]*\\}')) AS json
                    FROM (
                        SELECT
                            record, ResourceAttributes, ResourceSchemaUrl, ScopeName, ScopeVersion, ScopeSchemaUrl, ScopeAttributes,
                            any_text(record.body) AS Body,
                            attribute_map(record.attributes) AS attributes,
                            record.severity_number != 0 OR record.severity_text != '' AS has_severity,
                            log_time_ns(received_unix_nano, record) AS time_ns
                        FROM {log_records}
                        WHERE NOT is_session(record)
                    )
                )
            )
        )
    )
)

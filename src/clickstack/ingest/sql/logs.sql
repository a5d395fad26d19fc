-- Log records → otel_logs. Session replay records go elsewhere (sessions.sql). The transforms are the letters of
-- reference/ingestion.md §2.3 to §2.6: A structured body to attributes, B severity from a level attribute, C severity
-- from the first words of the body, D lower case. One step is one subquery: the engine writes an alias out wherever it
-- is used, and planning would take longer than loading.
{expressions},
{log_expressions}
SELECT
    Timestamp,
    TraceId,
    SpanId,
    TraceFlags,
    lowerUTF8(multiIf(has_severity, severity_text, level != '', level, word)) AS SeverityText,
    multiIf(
        has_severity, severity_byte(severity_number),
        level != '', level_number(level),
        transform(word, ['fatal', 'error', 'warn', 'debug', 'trace'], [21, 17, 13, 5, 1], 9)) AS SeverityNumber,
    ServiceName,
    Body,
    ResourceSchemaUrl,
    ResourceAttributes,
    ScopeSchemaUrl,
    ScopeName,
    ScopeVersion,
    ScopeAttributes,
    LogAttributes,
    EventName
FROM (
    -- C: keywords count at the start of a word; the first in the text wins.
    SELECT *, if(has_severity OR level != '', '', transform(
        lower(extract(substring(Body, 1, 256), '(?i)\\b(alert|crit|emerg|fatal|error|err|warn|notice|debug|dbug|trace)')),
        ['alert', 'crit', 'emerg', 'err', 'notice', 'dbug', ''], ['fatal', 'fatal', 'fatal', 'error', 'warn', 'debug', 'info']
    )) AS word
    FROM (
        SELECT *, if(has_severity, '', level_word(arrayFirst(name -> is_level(name), levels))) AS level
        FROM (
            -- B: the attributes that may say the level, the more likely first.
            SELECT *, if(has_severity, [], [
                LogAttributes['level'], LogAttributes['Level'], LogAttributes['LEVEL'], LogAttributes['severity'],
                LogAttributes['Severity'], LogAttributes['SEVERITY'], LogAttributes['log.level']]) AS levels
            FROM (
                SELECT *, multiIf(
                    length(attributes) != arrayUniq(mapKeys(attributes)), mapUpdate(with_unique_keys(attributes), member_map(found)),
                    empty(found), attributes,
                    mapUpdate(attributes, member_map(found))) AS LogAttributes
                FROM (
                    SELECT *, last_of_each(leaves) AS found
                    FROM (
                        SELECT *, if(arrayExists(pair -> is_nested(pair.2), members), flat(members, json), members) AS leaves
                        FROM (
                            SELECT *, JSONExtractKeysAndValuesRaw(json) AS members
                            FROM (
                                -- A: the JSON in the body.
                                SELECT *, multiIf(
                                    position(Body, '{') = 0, '',
                                    match(Body, '\\\\u[dD][89a-fA-F]') AND NOT isValidJSON(Body), json_within(with_whole_characters(Body)),
                                    json_within(Body)) AS json
                                FROM (
                                    SELECT
                                        id_text(record.trace_id, 16) AS TraceId,
                                        id_text(record.span_id, 8) AS SpanId,
                                        toUInt8(bitAnd(record.flags, 255)) AS TraceFlags,
                                        record.event_name AS EventName,
                                        record.severity_number AS severity_number,
                                        record.severity_text AS severity_text,
                                        ServiceName, ResourceAttributes, ResourceSchemaUrl,
                                        ScopeName, ScopeVersion, ScopeSchemaUrl, ScopeAttributes,
                                        any_text(record.body) AS Body,
                                        attribute_map(record.attributes) AS attributes,
                                        record.severity_number != 0 OR record.severity_text != '' AS has_severity,
                                        moment(log_time_ns(received_unix_nano, record)) AS Timestamp
                                    FROM {log_records}
                                    WHERE NOT is_session(record)
                                )
                            )
                        )
                    )
                )
            )
        )
    )
)
{settings}

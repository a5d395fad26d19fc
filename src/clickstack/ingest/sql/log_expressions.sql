-- Expressions of log records (reference/ingestion.md §2.2 to §2.6), after those that all share.
    (received, record) -> multiIf(
        is_time(record.time_unix_nano), record.time_unix_nano,
        is_time(record.observed_time_unix_nano), record.observed_time_unix_nano,
        received) AS log_time_ns,
    (number) -> toUInt8(least(greatest(number, 0), 255)) AS severity_byte,
    -- A level is a word, or a number of pino and bunyan.
    (word) -> transform(word, ['10', '20', '30', '40', '50', '60'], ['trace', 'debug', 'info', 'warn', 'error', 'fatal'], word) AS level_word,
    (word) -> word != '' AND word NOT IN ('true', 'false') AND NOT is_nested(word)
        AND (NOT match(word, '^-?[0-9.]+$') OR level_word(word) != word) AS is_level,
    (level) -> multiIf(
        match(level, '(?i)trace'), 1, match(level, '(?i)debug|dbug'), 5, match(level, '(?i)info'), 9,
        match(level, '(?i)warn|notice'), 13, match(level, '(?i)err'), 17,
        match(level, '(?i)alert|crit|emerg|fatal'), 21, 9) AS level_number,
    (record) -> has(record.attributes.key, 'rr-web.event') AS is_session,
    -- A JSON value as attribute text. Raw integers keep all their digits.
    (raw) -> multiIf(
        startsWith(raw, '"'), JSONExtractString(raw),
        raw = 'null', '',
        position(raw, 'e') > 0 AND raw NOT IN ('true', 'false'), double_text(toFloat64OrZero(raw)),
        raw) AS json_text,
    (raw) -> startsWith(raw, '{') OR startsWith(raw, '[') AS is_nested,
    -- One level of nesting: `a: {b: 1}` is `a.b`, `k: [x]` is `k.0`; what is empty vanishes.
    (pair) -> multiIf(
        startsWith(pair.2, '{'), arrayMap(each -> (concat(pair.1, '.', each.1), each.2), JSONExtractKeysAndValuesRaw(pair.2)),
        startsWith(pair.2, '['), arrayMap(
            (each, position) -> (concat(pair.1, '.', toString(position - 1)), each),
            JSONExtractArrayRaw(pair.2), arrayEnumerate(JSONExtractArrayRaw(pair.2))),
        [pair]) AS unfolded,
    -- All levels, at most 32: no JSON text is deeper than it has opening brackets.
    (pairs, json) -> arrayFold(
        (all, level) -> arrayFlatten(arrayMap(pair -> unfolded(pair), all)),
        range(least(32, countSubstrings(json, '{') + countSubstrings(json, '['))), pairs) AS flat

-- Expressions that every projection shares (reference/ingestion.md §3.9, §3.10).
WITH
    -- The shortest text that reads back, as ECMAScript writes it: 1e21 is 1e+21, nan is NaN.
    (number) -> multiIf(
        isFinite(number) AND abs(number) < 1e21, toString(number),
        isFinite(number), replaceOne(toString(number), 'e', 'e+'),
        isNaN(number), 'NaN',
        number > 0, 'Infinity', '-Infinity') AS double_text,
    (any) -> multiIf(
        any.value = 'string_value', any.string_value,
        any.value = 'int_value', toString(any.int_value),
        any.value = 'bool_value', if(any.bool_value, 'true', 'false'),
        any.value = 'double_value', double_text(any.double_value),
        any.value = 'bytes_value', base64Encode(any.bytes_value),
        '') AS any_text,
    (attributes) -> mapFromArrays(attributes.key, arrayMap(each -> any_text(each), attributes.value)) AS attribute_map,
    -- An id of the wrong length, or of zeros only, is no id.
    (id, bytes) -> if(length(id) = bytes AND id != repeat('\0', bytes), lower(hex(id)), '') AS id_text,
    -- Times outside 1970 to 2106 are mistakes: day partitions and expiry cannot hold them.
    (nanos) -> nanos BETWEEN 1 AND 4294967294999999999 AS is_time,
    (nanos) -> fromUnixTimestamp64Nano(toInt64(nanos), 'UTC') AS moment,
    (nanos, fallback) -> moment(if(is_time(nanos), nanos, fallback)) AS moment_or,
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
    -- A point or exemplar is a double or an integer; without either it is 0. NO_RECORDED_VALUE points say nothing.
    (each) -> if(each.value = 'as_int', toFloat64(each.as_int), each.as_double) AS number,
    (point) -> bitAnd(point.flags, 1) = 0 AS is_recorded,
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

-- Expressions of log records (reference/ingestion.md §2.2 to §2.6), after those that all share.
    (received, record) -> multiIf(
        is_time(record.time_unix_nano), record.time_unix_nano,
        is_time(record.observed_time_unix_nano), record.observed_time_unix_nano,
        received) AS log_time_ns,
    (number) -> toUInt8(least(greatest(number, 0), 255)) AS severity_byte,
    -- A level is a word, or a number of pino and bunyan.
    (word) -> transform(word, ['10', '20', '30', '40', '50', '60'], ['trace', 'debug', 'info', 'warn', 'error', 'fatal'], word) AS level_word,
    (word) -> word != '' AND word NOT IN ('true', 'false')
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
    -- Each member repeats the keys around it: a long key over a long list would be gigabytes. What would grow to many times
    -- its size stays JSON text.
    (pair) -> length(pair.1) * countSubstrings(pair.2, ',') AS repeated_bytes,
    (pair) -> is_nested(pair.2) AND repeated_bytes(pair) <= 16 * length(pair.2) + 4096 AS may_unfold,
    -- One level of nesting: `a: {b: 1}` is `a.b`, `k: [x]` is `k.0`; what is empty vanishes.
    (pair) -> multiIf(
        NOT may_unfold(pair), [pair],
        startsWith(pair.2, '{'), arrayMap(each -> (concat(pair.1, '.', each.1), each.2), JSONExtractKeysAndValuesRaw(pair.2)),
        arrayMap(
            (each, position) -> (concat(pair.1, '.', toString(position - 1)), each),
            JSONExtractArrayRaw(pair.2), arrayEnumerate(JSONExtractArrayRaw(pair.2)))) AS unfolded,
    -- All levels, at most 32: no JSON text is deeper than it has opening brackets.
    (pairs, json) -> arrayFold(
        (all, level) -> if(
            arrayExists(pair -> is_nested(pair.2), all) AND arraySum(pair -> if(may_unfold(pair), repeated_bytes(pair), 0), all) <= 16 * length(json) + 16384,
            arrayFlatten(arrayMap(pair -> unfolded(pair), all)), all),
        range(least(32, countSubstrings(json, '{') + countSubstrings(json, '['))), pairs) AS flat,
    -- A later key wins over an equal earlier one.
    (pairs) -> if(length(pairs) = arrayUniq(pairs.1), pairs, arrayReverse(arrayFilter(
        (pair, nth) -> nth = 1, arrayReverse(pairs), arrayEnumerateUniq(arrayReverse(pairs.1))))) AS last_of_each,
    (attributes) -> CAST(last_of_each(arrayZip(mapKeys(attributes), mapValues(attributes))), 'Map(String, String)') AS with_unique_keys,
    (pairs) -> mapFromArrays(pairs.1, arrayMap(raw -> json_text(raw), pairs.2)) AS member_map,
    -- Half an emoji (`\ud83d` alone, where a sender cut a text) becomes U+FFFD: the engine reads no JSON that has one.
    (text) -> arrayStringConcat(arrayMap(
        part -> if(length(part) = 6 AND startsWith(part, '\\u'), '\\ufffd', part),
        extractAll(text, '(?s)\\\\u[dD][89abAB]..\\\\u[dD][c-fC-F]..|\\\\u[dD][89a-fA-F]..|\\\\.|[^\\\\]+'))) AS with_whole_characters,
    -- The text when it is JSON, else the longest {…} of its first line that has one.
    (text) -> if(isValidJSON(text), text, extract(text, '\\{[^\\n]*\\}')) AS json_within

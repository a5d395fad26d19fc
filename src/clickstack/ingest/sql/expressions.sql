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
    -- What is repeated for many rows gets the type of its column first: repeating numbers is cheaper than repeating keys.
    (attributes) -> CAST(attribute_map(attributes), 'Map(LowCardinality(String), String)') AS shared_attribute_map,
    -- An id of the wrong length, or of zeros only, is no id.
    (id, bytes) -> if(length(id) = bytes AND id != repeat('\0', bytes), lower(hex(id)), '') AS id_text,
    -- Times outside 1970 to 2106 are mistakes: day partitions and expiry cannot hold them.
    (nanos) -> nanos BETWEEN 1 AND 4294967294999999999 AS is_time,
    (nanos) -> fromUnixTimestamp64Nano(toInt64(nanos), 'UTC') AS moment,
    (nanos, fallback) -> moment(if(is_time(nanos), nanos, fallback)) AS moment_or

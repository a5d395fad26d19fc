-- The exemplar columns of all metric tables but summary.
    arrayMap(attributes -> attribute_map(attributes), point.exemplars.filtered_attributes) AS `Exemplars.FilteredAttributes`,
    arrayMap(nanos -> moment_or(nanos, 0), point.exemplars.time_unix_nano) AS `Exemplars.TimeUnix`,
    arrayMap(each -> number(each), point.exemplars) AS `Exemplars.Value`,
    arrayMap(id -> id_text(id, 8), point.exemplars.span_id) AS `Exemplars.SpanId`,
    arrayMap(id -> id_text(id, 16), point.exemplars.trace_id) AS `Exemplars.TraceId`

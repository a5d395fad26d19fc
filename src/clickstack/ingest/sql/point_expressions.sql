-- Expressions of metric points (reference/ingestion.md §3.10), after those that all share.
    -- A point or exemplar is a double or an integer; without either it is 0. NO_RECORDED_VALUE points say nothing.
    (each) -> if(each.value = 'as_int', toFloat64(each.as_int), each.as_double) AS number,
    (point) -> bitAnd(point.flags, 1) = 0 AS is_recorded

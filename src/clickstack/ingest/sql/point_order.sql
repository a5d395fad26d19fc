-- The tables' order. A block that is sorted before it is stored is not copied for it, nor are the index's expressions.
ORDER BY ServiceName, MetricName, toStartOfHour(TimeUnix), SeriesHash, TimeUnix

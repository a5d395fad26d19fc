-- Gauge points → otel_metrics_gauge (reference/ingestion.md §3.5, §3.10).
{expressions},
{point_expressions}
SELECT
    {point},
    number(point) AS Value,
    point.flags AS Flags,
    {exemplars}
FROM {metrics}
ARRAY JOIN metric.gauge.data_points AS point
WHERE is_recorded(point)
{point_order}
{settings}

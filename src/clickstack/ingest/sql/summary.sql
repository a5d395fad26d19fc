-- Summary points → otel_metrics_summary (reference/ingestion.md §3.5, §3.10).
{expressions},
{point_expressions}
SELECT
    {point},
    point.count AS Count,
    point.sum AS Sum,
    point.quantile_values.quantile AS `ValueAtQuantiles.Quantile`,
    point.quantile_values.value AS `ValueAtQuantiles.Value`,
    point.flags AS Flags
FROM {metrics}
ARRAY JOIN metric.summary.data_points AS point
WHERE is_recorded(point)
{point_order}
{settings}

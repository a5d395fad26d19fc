-- Sum points → otel_metrics_sum (reference/ingestion.md §3.5, §3.10).
{expressions},
{point_expressions}
SELECT
    {point},
    number(point) AS Value,
    point.flags AS Flags,
    {exemplars},
    AggregationTemporality,
    IsMonotonic
FROM (
    SELECT
        *,
        metric.sum.data_points AS points,
        metric.sum.aggregation_temporality AS AggregationTemporality,
        metric.sum.is_monotonic AS IsMonotonic
    FROM {metrics}
)
ARRAY JOIN points AS point
WHERE is_recorded(point)
{point_order}
{settings}

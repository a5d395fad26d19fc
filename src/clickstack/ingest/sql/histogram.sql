-- Histogram points → otel_metrics_histogram (reference/ingestion.md §3.5, §3.10). Absent sum, min and max are 0.
{expressions},
{point_expressions}
SELECT
    {point},
    point.count AS Count,
    point.sum AS Sum,
    point.bucket_counts AS BucketCounts,
    point.explicit_bounds AS ExplicitBounds,
    {exemplars},
    point.flags AS Flags,
    point.min AS Min,
    point.max AS Max,
    AggregationTemporality
FROM (
    SELECT
        *,
        metric.histogram.data_points AS points,
        metric.histogram.aggregation_temporality AS AggregationTemporality
    FROM {metrics}
)
ARRAY JOIN points AS point
WHERE is_recorded(point)
{point_order}
{settings}

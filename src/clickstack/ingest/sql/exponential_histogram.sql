-- Exponential histogram points → otel_metrics_exponential_histogram (reference/ingestion.md §3.5, §3.10).
{expressions},
{point_expressions}
SELECT
    {point},
    point.count AS Count,
    point.sum AS Sum,
    point.scale AS Scale,
    point.zero_count AS ZeroCount,
    point.positive.offset AS PositiveOffset,
    point.positive.bucket_counts AS PositiveBucketCounts,
    point.negative.offset AS NegativeOffset,
    point.negative.bucket_counts AS NegativeBucketCounts,
    {exemplars},
    point.flags AS Flags,
    point.min AS Min,
    point.max AS Max,
    AggregationTemporality
FROM (
    SELECT
        *,
        metric.exponential_histogram.data_points AS points,
        metric.exponential_histogram.aggregation_temporality AS AggregationTemporality
    FROM {metrics}
)
ARRAY JOIN points AS point
WHERE is_recorded(point)
{point_order}
{settings}

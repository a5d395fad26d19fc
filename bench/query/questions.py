"""What dashboards ask: each as a chart of ours and as the SQL a person would write for it."""

# ruff: noqa: E501  (one statement, one line)

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from generated_rows import DAY

from clickstack.core.chart import ChartConfig, Filter, Formula, Metric, Select
from clickstack.core.source import Source

_WITHIN = f"{{time}} >= fromUnixTimestamp64Milli({DAY.start_ms}, 'UTC') AND {{time}} < fromUnixTimestamp64Milli({DAY.end_ms}, 'UTC')"
IN_RANGE = _WITHIN.format(time="Timestamp")
METRIC_IN_RANGE = _WITHIN.format(time="TimeUnix")
HOUR = "toStartOfInterval(toDateTime(Timestamp), INTERVAL 1 HOUR) AS hour"
METRIC_HOUR = HOUR.replace("Timestamp", "TimeUnix")
GROUPED = "GROUP BY hour ORDER BY hour"


_COUNT = {"aggFn": "count", "mvColumn": "count"}
LOGS_1M = {
    "databaseName": "default",
    "tableName": "bench_logs_1m",
    "dimensionColumns": "ServiceName, SeverityText",
    "minGranularity": "1m",
    "timestampColumn": "Timestamp",
    "aggregatedColumns": [_COUNT],
}
TRACES_5M = {
    "databaseName": "default",
    "tableName": "bench_traces_5m",
    "dimensionColumns": "ServiceName, SpanName, StatusCode",
    "minGranularity": "5m",
    "timestampColumn": "Timestamp",
    "aggregatedColumns": [_COUNT, {"aggFn": "quantile", "sourceColumn": "Duration", "mvColumn": "quantile__Duration"}],
}


@dataclass(frozen=True)
class Question:
    name: str
    chart: ChartConfig
    by_hand: str


def questions(sources: Mapping[str, Source]) -> list[Question]:
    logs, traces, metrics = sources["log"], sources["trace"], sources["metric"]
    viewed_logs, viewed_traces = (
        replace(source, materialized_views=(view,)) for source, view in ((logs, LOGS_1M), (traces, TRACES_5M))
    )
    error = Filter('SeverityText:"error"')
    failed = Filter('StatusCode:"Error"')
    cpu, requests, latency = Metric("cpu", "gauge"), Metric("requests", "sum"), Metric("latency", "histogram")

    def over_logs(*select: Select, where: str = "", **rest: object) -> ChartConfig:
        return ChartConfig(logs, select or (Select("count"),), Filter(where), **{"granularity_s": 3600, **rest})  # type: ignore[arg-type]

    def over_traces(*select: Select, where: str = "", **rest: object) -> ChartConfig:
        return ChartConfig(traces, select, Filter(where), **{"granularity_s": 3600, **rest})  # type: ignore[arg-type]

    def over_metrics(*select: Select, **rest: object) -> ChartConfig:
        return ChartConfig(metrics, select, **{"granularity_s": 3600, **rest})  # type: ignore[arg-type]

    by_service = {"group_by": ("ServiceName",)}
    from_logs, from_traces = f"FROM otel_logs WHERE {IN_RANGE}", f"FROM otel_traces WHERE {IN_RANGE}"
    before = "OVER (PARTITION BY SeriesHash ORDER BY TimeUnix ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"
    return [
        Question("logs per hour", over_logs(), f"SELECT {HOUR}, count() {from_logs} {GROUPED}"),
        Question(
            "logs per hour by service",
            over_logs(**by_service),
            f"SELECT {HOUR}, ServiceName, count() {from_logs} GROUP BY hour, ServiceName ORDER BY hour, ServiceName",
        ),
        Question(
            "logs per hour by severity",
            over_logs(group_by=("SeverityText",)),
            f"SELECT {HOUR}, SeverityText, count() {from_logs} GROUP BY hour, SeverityText ORDER BY hour, SeverityText",
        ),
        Question(
            "errors per hour",
            over_logs(where='SeverityText:"error"'),
            f"SELECT {HOUR}, count() {from_logs} AND SeverityText = 'error' {GROUPED}",
        ),
        Question(
            "error ratio by service",
            over_logs(Select("count", where=error), Select("count"), ratio="per_group", display="table", **by_service),
            f"SELECT ServiceName, countIf(SeverityText = 'error') / count() {from_logs} GROUP BY ServiceName ORDER BY 1",
        ),
        Question(
            "error share formula per hour",
            over_logs(Select("count", where=error), Select("count"), formulas=(Formula("A / B * 100"),)),
            f"SELECT {HOUR}, countIf(SeverityText = 'error') AS a, count() AS b, a / b * 100 {from_logs} {GROUPED}",
        ),
        Question(
            "a rare word",
            over_logs(where="zebra"),
            f"SELECT {HOUR}, count() {from_logs} AND hasToken(lower(Body), 'zebra') {GROUPED}",
        ),
        Question(
            "two words",
            over_logs(where="payment declined"),
            f"SELECT {HOUR}, count() {from_logs} AND hasAllTokens(lower(Body), ['payment', 'declined']) {GROUPED}",
        ),
        Question(
            "status codes by route",
            over_logs(
                where='LogAttributes.http.status_code:"500"', group_by=("LogAttributes.http.route",), display="table"
            ),
            f"SELECT LogAttributes['http.route'] AS route, count() {from_logs} AND LogAttributes['http.status_code'] = '500' "
            "GROUP BY route ORDER BY route LIMIT 200",
        ),
        Question(
            "p95 of an attribute",
            over_logs(Select("quantile", "LogAttributes.duration_ms", 0.95)),
            f"SELECT {HOUR}, quantile(0.95)(toFloat64OrNull(LogAttributes['duration_ms'])) {from_logs} {GROUPED}",
        ),
        Question(
            "users per hour",
            over_logs(Select("count_distinct", "LogAttributes.user.id")),
            f"SELECT {HOUR}, uniqExact(LogAttributes['user.id']) {from_logs} {GROUPED}",
        ),
        Question(
            "top 5 hosts",
            over_logs(group_by=("ResourceAttributes.host.name",), series_limit=5),
            f"WITH top AS (SELECT ResourceAttributes['host.name'] AS host {from_logs} GROUP BY host ORDER BY count() DESC "
            f"LIMIT 5) SELECT {HOUR}, ResourceAttributes['host.name'] AS host, count() {from_logs} "
            "AND ResourceAttributes['host.name'] IN (SELECT host FROM top) GROUP BY hour, host ORDER BY hour, host",
        ),
        Question(
            "spans per hour by service",
            over_traces(Select("count"), **by_service),
            f"SELECT {HOUR}, ServiceName, count() {from_traces} GROUP BY hour, ServiceName ORDER BY hour, ServiceName",
        ),
        Question(
            "p95 by endpoint",
            over_traces(Select("quantile", "Duration", 0.95), group_by=("SpanName",), display="table"),
            f"SELECT SpanName, quantile(0.95)(Duration) {from_traces} GROUP BY SpanName ORDER BY SpanName LIMIT 200",
        ),
        Question(
            "p50, p95, p99 per hour",
            over_traces(*(Select("quantile", "Duration", level) for level in (0.5, 0.95, 0.99))),
            f"SELECT {HOUR}, quantile(0.5)(Duration), quantile(0.95)(Duration), quantile(0.99)(Duration) {from_traces} {GROUPED}",
        ),
        Question(
            "one service's latency",
            over_traces(Select("avg", "Duration"), Select("max", "Duration"), where='ServiceName:"payment"'),
            f"SELECT {HOUR}, avg(Duration), max(Duration) {from_traces} AND ServiceName = 'payment' {GROUPED}",
        ),
        Question(
            "failures by service",
            over_traces(Select("count", where=failed), Select("count"), display="table", **by_service),
            f"SELECT ServiceName, countIf(StatusCode = 'Error'), count() {from_traces} GROUP BY ServiceName ORDER BY 1",
        ),
        Question(
            "a gauge, mean of hosts",
            over_metrics(Select("avg", metric=cpu)),
            f"SELECT hour, avg(value) FROM (SELECT {METRIC_HOUR}, argMax(Value, TimeUnix) AS value FROM otel_metrics_gauge "
            f"WHERE {METRIC_IN_RANGE} AND MetricName = 'cpu' GROUP BY hour, SeriesHash) {GROUPED}",
        ),
        Question(
            "requests by service",
            over_metrics(Select("increase", metric=requests), **by_service),
            f"SELECT hour, ServiceName, sum(if(Value < before, Value, Value - before)) FROM (SELECT {METRIC_HOUR}, ServiceName, "
            f"Value, lagInFrame(Value, 1, Value) {before} AS before "
            f"FROM otel_metrics_sum WHERE {METRIC_IN_RANGE} AND MetricName = 'requests') "
            "GROUP BY hour, ServiceName ORDER BY hour, ServiceName",
        ),
        Question(
            "rate of one service",
            over_metrics(Select("rate", metric=requests, where=Filter('ServiceName:"cart"'))),
            f"SELECT hour, sum(if(Value < before, Value, Value - before)) / 3600 FROM (SELECT {METRIC_HOUR}, "
            f"Value, lagInFrame(Value, 1, Value) {before} AS before FROM otel_metrics_sum "
            f"WHERE {METRIC_IN_RANGE} AND MetricName = 'requests' AND ServiceName = 'cart') {GROUPED}",
        ),
        Question(
            "histogram p99",
            over_metrics(Select("quantile", level=0.99, metric=latency)),
            "SELECT hour, arrayFirst((b, c) -> c >= 0.99 * total[-1], arrayPushBack(bounds, bounds[-1]), total) FROM (SELECT hour, "
            "any(ExplicitBounds) AS bounds, arrayCumSum(sumForEach(if(Count < count_before, BucketCounts, "
            "arrayMap((now, earlier) -> toUInt64(now - earlier), BucketCounts, before)))) AS total "
            f"FROM (SELECT {METRIC_HOUR}, ExplicitBounds, BucketCounts, Count, lagInFrame(Count, 1, Count) {before} AS count_before, "
            f"lagInFrame(BucketCounts, 1, BucketCounts) {before} AS before "
            f"FROM otel_metrics_histogram WHERE {METRIC_IN_RANGE} AND MetricName = 'latency') GROUP BY hour) ORDER BY hour",
        ),
        Question(
            "histogram average",
            over_metrics(Select("avg", metric=latency)),
            f"SELECT hour, sum(Sum - sum_before) / sum(Count - count_before) FROM (SELECT {METRIC_HOUR}, Sum, Count, "
            f"lagInFrame(Sum, 1, Sum) {before} AS sum_before, lagInFrame(Count, 1, Count) {before} AS count_before "
            f"FROM otel_metrics_histogram WHERE {METRIC_IN_RANGE} AND MetricName = 'latency') {GROUPED}",
        ),
        Question(
            "logs by service, from a view",
            replace(over_logs(**by_service), source=viewed_logs),
            f"SELECT {HOUR}, ServiceName, sum(count) FROM bench_logs_1m WHERE {IN_RANGE} GROUP BY hour, ServiceName ORDER BY hour, ServiceName",
        ),
        Question(
            "p95 by endpoint, from a view",
            replace(
                over_traces(Select("quantile", "Duration", 0.95), group_by=("SpanName",), display="table"),
                source=viewed_traces,
            ),
            f"SELECT SpanName, quantileMerge(0.95)(quantile__Duration) FROM bench_traces_5m WHERE {IN_RANGE} GROUP BY SpanName ORDER BY SpanName LIMIT 200",
        ),
    ]

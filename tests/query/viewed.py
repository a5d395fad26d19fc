"""A table of spans and the materialized views of its source, fed by the engine as in a real set-up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clickstack.core.source import Source
from clickstack.store import Store
from query.seeds import source

T0_MS = 1_641_340_800_000  # 2022-01-05T00:00Z
HOUR_MS = 3_600_000

TABLES = (
    """CREATE TABLE viewed (Timestamp DateTime64(9), ServiceName LowCardinality(String), SpanName String,
    StatusCode LowCardinality(String), Duration UInt64, Delta Int32, Price Float64, UserId String,
    Maybe Nullable(UInt64), SpanAttributes Map(LowCardinality(String), String))
    ENGINE = MergeTree ORDER BY (ServiceName, Timestamp)""",
    """CREATE TABLE viewed_1m (Timestamp DateTime, ServiceName LowCardinality(String), SpanName String,
    StatusCode LowCardinality(String),
    count SimpleAggregateFunction(sum, UInt64), sum__Duration SimpleAggregateFunction(sum, UInt64),
    sum__Delta AggregateFunction(sum, Int32), min__Duration SimpleAggregateFunction(min, UInt64),
    max__Delta AggregateFunction(max, Int32), any__UserId SimpleAggregateFunction(anyLast, String),
    avg__Price AggregateFunction(avg, Float64), quantile__Duration AggregateFunction(quantiles(0.5, 0.9), UInt64),
    uniq__UserId AggregateFunction(uniqExact, String), digest__Price AggregateFunction(quantileTDigest(0.5), Float64))
    ENGINE = AggregatingMergeTree ORDER BY (ServiceName, SpanName, StatusCode, Timestamp)""",
    """CREATE MATERIALIZED VIEW viewed_1m_mv TO viewed_1m AS
    SELECT toStartOfMinute(Timestamp) AS Timestamp, ServiceName, SpanName, StatusCode, count() AS count,
    sum(Duration) AS sum__Duration, sumState(Delta) AS sum__Delta, min(Duration) AS min__Duration,
    maxState(Delta) AS max__Delta, anyLast(UserId) AS any__UserId, avgState(Price) AS avg__Price,
    quantilesState(0.5, 0.9)(Duration) AS quantile__Duration, uniqExactState(UserId) AS uniq__UserId,
    quantileTDigestState(0.5)(Price) AS digest__Price
    FROM viewed GROUP BY Timestamp, ServiceName, SpanName, StatusCode""",
    """CREATE TABLE viewed_10m (ts DateTime64(3), ServiceName String, n UInt64)
    ENGINE = SummingMergeTree ORDER BY (ServiceName, ts)""",
    """CREATE MATERIALIZED VIEW viewed_10m_mv TO viewed_10m AS
    SELECT toStartOfInterval(toDateTime(Timestamp), INTERVAL 10 MINUTE) AS ts, ServiceName, count() AS n
    FROM viewed GROUP BY ts, ServiceName""",
    """CREATE TABLE viewed_lossy (ts DateTime, n UInt64, sum__Duration SimpleAggregateFunction(sum, Float64))
    ENGINE = ReplacingMergeTree ORDER BY ts""",
)
DROPPED = ("viewed_1m_mv", "viewed_10m_mv", "viewed", "viewed_1m", "viewed_10m", "viewed_lossy")
READ = ("viewed", "viewed_1m", "viewed_10m")

ONE_MINUTE: dict[str, Any] = {
    "databaseName": "default",
    "tableName": "viewed_1m",
    "dimensionColumns": "ServiceName, SpanName, StatusCode",
    "minGranularity": "1m",
    "timestampColumn": "Timestamp",
    "aggregatedColumns": [
        {"aggFn": "count", "mvColumn": "count"},
        {"aggFn": "sum", "sourceColumn": "Duration", "mvColumn": "sum__Duration"},
        {"aggFn": "sum", "sourceColumn": "Delta", "mvColumn": "sum__Delta"},
        {"aggFn": "min", "sourceColumn": "Duration", "mvColumn": "min__Duration"},
        {"aggFn": "max", "sourceColumn": "Delta", "mvColumn": "max__Delta"},
        {"aggFn": "any", "sourceColumn": "UserId", "mvColumn": "any__UserId"},
        {"aggFn": "avg", "sourceColumn": "Price", "mvColumn": "avg__Price"},
        {"aggFn": "quantile", "sourceColumn": "Duration", "mvColumn": "quantile__Duration"},
        {"aggFn": "quantileTDigest", "sourceColumn": "Price", "mvColumn": "digest__Price"},
        {"aggFn": "uniq", "sourceColumn": "UserId", "mvColumn": "uniq__UserId"},
        {"aggFn": "sum", "sourceColumn": "Maybe", "mvColumn": "sum__Duration"},
    ],
}
TEN_MINUTES: dict[str, Any] = {
    "databaseName": "default",
    "tableName": "viewed_10m",
    "dimensionColumns": "ServiceName",
    "minGranularity": "10 minute",
    "timestampColumn": "ts",
    "aggregatedColumns": [{"aggFn": "count", "mvColumn": "n"}],
}
LOSSY: dict[str, Any] = {
    "databaseName": "default",
    "tableName": "viewed_lossy",
    "dimensionColumns": "",
    "minGranularity": "1m",
    "timestampColumn": "ts",
    "aggregatedColumns": [
        {"aggFn": "count", "mvColumn": "n"},
        {"aggFn": "sum", "sourceColumn": "Duration", "mvColumn": "sum__Duration"},
    ],
}
GONE: dict[str, Any] = {**TEN_MINUTES, "tableName": "viewed_gone"}


def viewed(*views: dict[str, Any]) -> Source:
    """The source of the table, with views."""
    return replace(source("trace"), table_name="viewed", materialized_views=views or None)


def create(store: Store) -> None:
    for statement in TABLES:
        store.command(statement)


def drop(store: Store) -> None:
    for table in DROPPED:
        store.command(f"DROP TABLE IF EXISTS {table}")


def empty(store: Store) -> None:
    for table in READ:
        store.command(f"TRUNCATE TABLE {table}")

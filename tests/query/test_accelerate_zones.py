"""Views whose steps follow the clock of another zone: they answer only where that clock cuts time as UTC does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from clickstack.core.chart import ChartConfig, Select
from clickstack.core.source import Source
from clickstack.core.timerange import TimeRange
from clickstack.query import Runner
from clickstack.store import Store
from query.seeds import source

T0_S = 1_641_340_800
HOURS = TimeRange((T0_S + 3_600) * 1000, (T0_S + 12 * 3_600) * 1000)
STEPS = {"1 hour": "toStartOfHour", "5 minute": "toStartOfFiveMinutes"}


@pytest.fixture(params=[("Asia/Kathmandu", "1 hour"), ("Asia/Kathmandu", "5 minute"), ("Etc/UTC", "1 hour")])
def viewed(request: pytest.FixtureRequest, store: Store) -> Iterator[tuple[Source, bool]]:
    """A source with a view of that zone and step, and whether the view fits."""
    zone, step = request.param
    table = f"zoned_view_{request.param_index}"
    columns = f"Timestamp DateTime('{zone}'), count SimpleAggregateFunction(sum, UInt64)"
    store.command(f"CREATE TABLE {table} ({columns}) ENGINE = AggregatingMergeTree ORDER BY Timestamp")
    began = f"{STEPS[step]}(toTimeZone(Timestamp, '{zone}')) AS Timestamp"
    counted = f"SELECT {began}, count() AS count FROM otel_logs GROUP BY Timestamp"
    store.command(f"CREATE MATERIALIZED VIEW {table}_mv TO {table} AS {counted}")
    moments = f"fromUnixTimestamp64Milli({T0_S}000 + number * number)"  # ever fewer in an hour
    store.command(f"INSERT INTO otel_logs (Timestamp) SELECT {moments} FROM numbers(8000)")
    view = {
        "databaseName": "default",
        "tableName": table,
        "dimensionColumns": "",
        "minGranularity": step,
        "timestampColumn": "Timestamp",
        "aggregatedColumns": [{"aggFn": "count", "mvColumn": "count"}],
    }
    yield replace(source("log"), materialized_views=(view,)), zone == "Etc/UTC" or step == "5 minute"
    store.command(f"DROP VIEW {table}_mv")
    store.command(f"DROP TABLE {table}")


@pytest.mark.parametrize("granularity_s", [None, 3_600])
def test_the_view_says_what_the_rows_say(store: Store, viewed: tuple[Source, bool], granularity_s: int | None) -> None:
    with_view, fits = viewed
    chart = ChartConfig(source("log"), (Select("count"),), granularity_s=granularity_s)
    found = Runner(store).run(replace(chart, source=with_view), HOURS)
    assert found.points == Runner(store).run(chart, HOURS).points
    assert found.acceleration is not None
    assert (found.acceleration.view is not None) == fits

"""Names of attributes that no text index knows: of scopes, which the roll-up of spans counts, and of metrics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from clickstack.core.chart import Metric
from clickstack.core.source import Source
from clickstack.core.timerange import TimeRange
from clickstack.query.events import Scope
from clickstack.query.keys import find_keys
from clickstack.query.values import Wanted, find_values
from clickstack.store import Store
from query.explore_seeds import source

DAY = TimeRange(1646352000000, 1646352000000 + 86_400_000)  # 2022-03-04
NOON_MS = DAY.start_ms + 43_200_000
GAUGE = Metric("load", "gauge")


@pytest.fixture
def spans(store: Store) -> Store:
    """30 spans from 12:00 on, every third of a scope with attributes."""
    store.command("TRUNCATE TABLE otel_traces_kv_rollup_15m")
    store.catalog.forget()
    store.command(
        "INSERT INTO otel_traces (Timestamp, ServiceName, ScopeAttributes) "
        "SELECT toDateTime('2022-03-04 12:00:00', 'UTC') + number, 'web', "
        "if(number % 3 = 0, map('team', concat('t', toString(number % 2)), 'empty', ''), map()) FROM numbers(30)"
    )
    return store


def scope_keys(store: Store, time_range: TimeRange = DAY) -> dict[str, int | None]:
    keys = find_keys(store, Scope(source("trace"), time_range)).keys
    return {key.attribute: key.count for key in keys if key.column == "ScopeAttributes" and key.attribute}


def test_the_roll_up_of_spans_counts_attributes_of_scopes(spans: Store) -> None:
    scope = Scope(source("trace"), DAY)
    assert scope_keys(spans) == {"team": 10, "empty": 10}
    found = find_values(spans, scope, "ScopeAttributes.team", 10)
    assert (found.method, found.values) == ("rollup", [("t0", 5), ("t1", 5)])
    assert find_values(spans, scope, "ScopeAttributes.team", 10, Wanted(prefix="T1")).values == [("t1", 5)]
    empty = find_values(spans, scope, "ScopeAttributes.empty", 10)
    assert (empty.method, empty.values) == ("rollup", [])


def test_where_no_scope_has_attributes_no_span_is_read(spans: Store) -> None:
    spans.command("TRUNCATE TABLE otel_traces_kv_rollup_15m")
    spans.command("TRUNCATE TABLE otel_traces")
    spans.command(
        "INSERT INTO otel_traces (Timestamp) SELECT toDateTime('2022-03-04 12:00:00', 'UTC') FROM numbers(9999)"
    )
    assert scope_keys(spans) == {}
    assert find_keys(spans, Scope(source("trace"), DAY)).statistics.rows_read < 100


def test_spans_from_before_the_roll_up_are_still_found(spans: Store) -> None:
    spans.command("TRUNCATE TABLE otel_traces_kv_rollup_15m")  # as if the spans had been there before it
    spans.command(
        "INSERT INTO otel_traces (Timestamp, ScopeAttributes) VALUES ('2022-03-04 14:00:00', map('new', '1'))"
    )
    assert scope_keys(spans) == {"team": 10, "empty": 10, "new": 1}
    later = TimeRange(NOON_MS + 7_200_000, NOON_MS + 10_800_000)
    assert scope_keys(spans, later) == {"new": 1}
    assert find_values(spans, Scope(source("trace"), later), "ScopeAttributes.new", 5).method == "rollup"


@pytest.fixture
def own_table(store: Store) -> Iterator[Source]:
    """Gauges in a table of an operator's own: nobody keeps its series."""
    store.command("CREATE TABLE own_gauges AS otel_metrics_gauge")
    yield replace(source("metric"), metric_tables={"gauge": "own_gauges"})
    store.command("DROP TABLE own_gauges")


def test_keys_of_a_metric_of_another_table_come_in_one_pass(
    store: Store, own_table: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.command(
        "INSERT INTO own_gauges (MetricName, TimeUnix, ResourceAttributes, Attributes) "
        "SELECT 'load', toDateTime('2022-03-04 12:00:00', 'UTC') + number % 3600, map('host', 'a'), "
        "mapConcat(map('core', toString(number % 100)), if(number % 4 = 0, map('mode', 'idle'), map())) "
        "FROM numbers(40000)"
    )
    scope = Scope(own_table, DAY, metric=GAUGE)
    expected = {"ResourceAttributes.host": 40_000, "Attributes.core": 40_000, "Attributes.mode": 10_000}
    monkeypatch.setattr("clickstack.query.events.KEYS_SAMPLE_ROWS", 40_000)
    found = find_keys(store, scope)
    assert {key.name: key.count for key in found.keys if key.attribute} == expected
    assert (found.truncated, found.estimated) == ([], False)
    for limit in ("KEYS_READ_ROWS_MAX", "METRIC_READ_ROWS_MAX"):
        monkeypatch.setattr(f"clickstack.query.events.{limit}", 20_000)
    found = find_keys(store, scope)
    assert {key.name for key in found.keys if key.attribute} == set(expected)
    assert found.estimated
    again = find_keys(store, Scope(own_table, TimeRange(DAY.start_ms + 1, DAY.end_ms + 1), metric=GAUGE))
    assert again.keys == found.keys
    assert again.statistics.rows_read < found.statistics.rows_read / 10  # remembered
    values = find_values(store, scope, "Attributes.mode", 5)
    assert values.estimated
    assert values.statistics.rows_read < 40_000

"""Suggestions and facets read what was counted beforehand, and never more events than a bound."""

from __future__ import annotations

import pytest

from clickstack.core.chart import Filter, Metric
from clickstack.core.ids import SequentialIds
from clickstack.core.timerange import TimeRange
from clickstack.metadata.defaults import default_sources
from clickstack.query.events import Scope
from clickstack.query.facets import find_facets
from clickstack.query.keys import find_keys
from clickstack.query.values import Wanted, find_values
from clickstack.store import Store

DAY = TimeRange(1_641_340_800_000, 1_641_340_800_000 + 86_400_000)
ODD_HOUR = TimeRange(DAY.start_ms + 3_723_456, DAY.start_ms + 7_323_456)
ROWS = 400_000
SOURCES = {source.kind: source for source in default_sources("t", "c", SequentialIds())}


@pytest.fixture(scope="module")
def day(_engine: Store) -> Store:
    """A day of logs of a new team's source: three services, two attributes, an event name that no roll-up counts."""
    for table in ("otel_logs", "otel_logs_kv_rollup_15m"):
        _engine.command(f"TRUNCATE TABLE {table}")
    _engine.command(
        "INSERT INTO otel_logs (Timestamp, ServiceName, SeverityText, EventName, LogAttributes) "
        "SELECT toDateTime64('2022-01-05 00:00:00', 9) + toIntervalMillisecond(number * 216), "
        "concat('svc', toString(number % 3)), 'info', if(number % 4 = 0, 'rare', 'usual'), "
        f"map('route', toString(number % 5), 'n', toString(number % 7)) FROM numbers({ROWS})"
    )
    return _engine


@pytest.mark.parametrize("time_range", [DAY, ODD_HOUR], ids=["a day", "an hour off the grid"])
def test_without_a_filter_no_event_is_read(day: Store, time_range: TimeRange) -> None:
    scope = Scope(SOURCES["log"], time_range)
    for key in ("ServiceName", "SeverityText", "LogAttributes.route"):
        found = find_values(day, scope, key, 10)
        assert found.method in ("rollup", "index")
        assert found.values
        assert found.statistics.rows_read < 20_000
    assert find_keys(day, scope).statistics.rows_read < 20_000


def test_an_estimate_of_part_of_a_day_is_near(day: Store) -> None:
    found = find_values(day, Scope(SOURCES["log"], ODD_HOUR), "LogAttributes.route", 10)
    assert found.estimated
    assert dict(found.values) == {str(n): pytest.approx(ROWS / 24 / 5, rel=0.1) for n in range(5)}


def test_what_nothing_counts_is_estimated_from_some_runs(day: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clickstack.query.events.EXPLORE_READ_ROWS_UNFILTERED_MAX", 50_000)
    found = find_values(day, Scope(SOURCES["log"], DAY), "EventName", 5)
    assert found.estimated
    assert found.statistics.rows_read < ROWS / 2
    assert dict(found.values) == {
        "usual": pytest.approx(ROWS * 3 / 4, rel=0.3),
        "rare": pytest.approx(ROWS / 4, rel=0.3),
    }
    assert find_values(day, Scope(SOURCES["log"], DAY), "EventName", 5).values == found.values


def test_facets_under_a_filter_read_within_their_bound(day: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clickstack.query.events.EXPLORE_READ_ROWS_MAX", 50_000)
    found = find_facets(day, Scope(SOURCES["log"], DAY, Filter("EventName:usual")), ["ServiceName"], 5)
    assert found.statistics.rows_read < ROWS / 2
    assert dict(found.facets[0].values) == {f"svc{n}": pytest.approx(ROWS / 4, rel=0.3) for n in range(3)}
    assert found.facets[0].estimated


def test_few_events_are_counted_exactly(day: Store) -> None:
    found = find_facets(day, Scope(SOURCES["log"], DAY, Filter("EventName:rare")), ["ServiceName"], 5).facets[0]
    assert not found.estimated
    assert sum(count for _, count in found.values) == ROWS / 4


@pytest.fixture(scope="module")
def points(_engine: Store) -> Store:
    """A day of two gauges of three services."""
    _engine.command("TRUNCATE TABLE otel_metrics_gauge")
    _engine.command(
        "INSERT INTO otel_metrics_gauge (TimeUnix, ServiceName, MetricName, Attributes, ResourceAttributes) "
        "SELECT toDateTime64('2022-01-05 00:00:00', 9) + toIntervalMillisecond(number * 216), "
        "concat('svc', toString(number % 3)), if(number % 4 = 0, 'cpu', 'memory'), "
        f"map('core', toString(number % 5)), map('host', 'h1') FROM numbers({ROWS})"
    )
    return _engine


def test_names_of_metrics_and_their_attributes_are_listed_without_reading_a_point(points: Store) -> None:
    scope = Scope(SOURCES["metric"], DAY, metric=Metric("", "gauge"))
    expected = {
        "MetricName": {"memory": ROWS * 3 // 4, "cpu": ROWS // 4},
        "ServiceName": {"svc0": ROWS // 3 + 1, "svc1": ROWS // 3, "svc2": ROWS // 3},
        "Attributes.core": {str(n): ROWS // 5 for n in range(5)},
        "ResourceAttributes.host": {"h1": ROWS},
    }
    for key, values in expected.items():
        found = find_values(points, scope, key, 10)
        assert (found.method, dict(found.values), found.truncated) == ("index", values, False), key
        assert found.statistics.rows_read < 100
    keys = find_keys(points, scope)
    assert {(key.column, key.attribute): key.count for key in keys.keys if key.attribute} == {
        ("Attributes", "core"): ROWS,
        ("ResourceAttributes", "host"): ROWS,
    }
    assert keys.statistics.rows_read < 100
    facets = find_facets(points, scope, ["ServiceName", "MetricName"], 10)
    assert [facet.method for facet in facets.facets] == ["index", "index"]
    assert facets.statistics.rows_read < 100
    assert dict(find_values(points, scope, "MetricName", 10, Wanted(prefix="CP")).values) == {"cpu": ROWS // 4}


def test_of_one_metric_a_bounded_number_of_points_is_read(points: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clickstack.query.events.METRIC_READ_ROWS_MAX", 50_000)
    found = find_values(points, Scope(SOURCES["metric"], DAY, metric=Metric("memory", "gauge")), "Attributes.core", 10)
    assert (found.method, found.estimated) == ("scan", True)
    assert found.statistics.rows_read < ROWS / 2
    assert {value for value, _ in found.values} == {str(n) for n in range(5)}

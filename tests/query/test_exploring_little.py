"""Suggestions and facets read what was counted beforehand, and never more events than a bound."""

from __future__ import annotations

from dataclasses import replace

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
    for table in ("otel_metrics_gauge", "otel_metrics_sum", "otel_metrics_series"):
        _engine.command(f"TRUNCATE TABLE {table}")
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


def test_of_one_metric_its_series_are_read_and_no_point(points: Store) -> None:
    """Of memory there are fifteen series (three services, five cores) in each of 24 hours."""
    scope = Scope(SOURCES["metric"], DAY, metric=Metric("memory", "gauge"))
    read = 24 * (15 + 15) + 10  # with those of the other metric, which lie beside them
    for key, values in {
        "Attributes.core": {str(n): 3 for n in range(5)},
        "ServiceName": {f"svc{n}": 5 for n in range(3)},
        "MetricName": {"memory": 15},
    }.items():
        found = find_values(points, scope, key, 10)
        assert (found.method, dict(found.values), found.truncated, found.estimated) == ("rollup", values, False, False)
        assert found.statistics.rows_read <= read
    assert dict(find_values(points, scope, "Attributes.core", 10, Wanted(prefix="3")).values) == {"3": 3}
    keys = find_keys(points, scope)
    assert {(key.column, key.attribute): key.count for key in keys.keys if key.attribute} == {
        ("Attributes", "core"): 15,
        ("ResourceAttributes", "host"): 15,
    }
    assert (keys.truncated, keys.estimated) == ([], False)
    facets = find_facets(points, scope, ["ServiceName", "Attributes.core"], 2)
    assert [(dict(each.values), each.method, each.truncated) for each in facets.facets] == [
        ({"svc0": 5, "svc1": 5}, "rollup", True),
        ({"0": 3, "1": 3}, "rollup", True),
    ]
    for asked in (keys, facets):
        assert asked.statistics.rows_read <= read


def test_a_series_counts_in_the_hours_that_a_range_touches(points: Store) -> None:
    points.command(
        "INSERT INTO otel_metrics_gauge (TimeUnix, ServiceName, MetricName, Attributes) "
        "SELECT '2022-01-07 10:30:00', 'svc', 'brief', map('at', 'ten') UNION ALL "
        "SELECT '2022-01-07 12:30:00', 'svc', 'brief', map('at', 'noon')"
    )
    half_past_nine = 1_641_547_800_000
    for minutes, seen in {30: [], 31: ["ten"], 150: ["ten"], 151: ["noon", "ten"]}.items():
        scope = Scope(
            SOURCES["metric"],
            TimeRange(half_past_nine, half_past_nine + minutes * 60_000),
            metric=Metric("brief", "gauge"),
        )
        assert [value for value, _ in find_values(points, scope, "Attributes.at", 10).values] == seen


def test_points_that_come_late_are_counted_once(points: Store) -> None:
    for _ in range(3):
        points.command(
            "INSERT INTO otel_metrics_gauge (TimeUnix, ServiceName, MetricName, Attributes) "
            "SELECT '2022-01-08 10:30:00', 'svc', 'late', map('n', toString(number)) FROM numbers(2)"
        )
    scope = Scope(SOURCES["metric"], TimeRange(DAY.end_ms, DAY.end_ms + 5 * 86_400_000), metric=Metric("late", "gauge"))
    assert find_values(points, scope, "Attributes.n", 10).values == [("0", 1), ("1", 1)]


def test_a_metric_of_the_same_name_and_another_kind_is_another(points: Store) -> None:
    points.command(
        "INSERT INTO otel_metrics_sum (TimeUnix, ServiceName, MetricName, Attributes) "
        "SELECT '2022-01-05 10:30:00', 'svc9', 'memory', map('core', '99')"
    )
    scope = Scope(SOURCES["metric"], DAY, metric=Metric("memory", "sum"))
    assert find_values(points, scope, "Attributes.core", 10).values == [("99", 1)]
    assert find_values(points, scope, "ServiceName", 10).values == [("svc9", 1)]


def test_what_series_do_not_say_is_read_from_a_bounded_number_of_points(
    points: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clickstack.query.events.METRIC_READ_ROWS_MAX", 50_000)
    scope = Scope(SOURCES["metric"], DAY, metric=Metric("memory", "gauge"))
    found = find_values(points, scope, "Flags", 10)
    assert (found.method, found.estimated) == ("scan", True)
    assert [value for value, _ in found.values] == ["0"]
    assert found.statistics.rows_read < ROWS / 2
    filtered = find_values(points, replace(scope, where=Filter("Value:0", "lucene")), "Attributes.core", 10)
    assert filtered.method == "scan"
    assert {value for value, _ in filtered.values} == {str(n) for n in range(5)}


def test_days_of_which_only_points_are_kept_are_read_from_these(points: Store) -> None:
    """As after an upgrade, when points were kept for longer than a new table is told to keep its rows."""
    points.command(
        "INSERT INTO otel_metrics_gauge (TimeUnix, ServiceName, MetricName, Attributes) "
        "SELECT toDateTime('2022-02-01 10:30:00') + toIntervalDay(number), 'svc', 'kept', map('day', toString(number)) "
        "FROM numbers(3)"
    )
    points.command("ALTER TABLE otel_metrics_series DROP PARTITION '2022-02-01'")
    first_of_february = 1_643_673_600_000
    for days, method, seen in ((0, "scan", ["0", "1", "2"]), (1, "rollup", ["1", "2"])):
        scope = Scope(
            SOURCES["metric"],
            TimeRange(first_of_february + days * 86_400_000, first_of_february + 4 * 86_400_000),
            metric=Metric("kept", "gauge"),
        )
        found = find_values(points, scope, "Attributes.day", 10)
        assert (found.method, sorted(value for value, _ in found.values)) == (method, seen)

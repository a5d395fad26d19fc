"""What the reference answers wrongly (reference/query-engine.md §9) and no other test names: ours, executed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from clickstack.core.chart import ChartConfig, Filter, Metric, Select
from clickstack.core.clock import FixedClock
from clickstack.core.errors import QueryTimeout
from clickstack.core.timerange import TimeRange
from clickstack.query import Runner, Search, SearchConfig, histogram
from clickstack.query.events import Scope
from clickstack.query.heatmap import find_heatmap
from clickstack.query.patterns import find_patterns
from clickstack.query.raw import RawChart, RawRunner
from clickstack.query.values import find_values
from clickstack.store import Catalog, Store
from query.cases import CASES_SOURCE
from query.seeds import source

MINUTE_MS = 60_000
T0_MS = 1_641_340_800_000
EVER = TimeRange(0, 1_800_000_000_000)
TWENTY_MINUTES = TimeRange(T0_MS, T0_MS + 20 * MINUTE_MS)
TEXTS = replace(
    CASES_SOURCE,
    table_name="texts",
    implicit_column_expression="s",
    body_expression="s",
    severity_text_expression=None,
    event_attributes_expression=None,
)
ENGINE = "ENGINE = MergeTree ORDER BY Timestamp"


@pytest.fixture
def texts(_engine: Store) -> Iterator[Store]:
    """A place for a table `texts(Timestamp, s, …)`, which the test makes as it needs it."""
    yield _engine
    _engine.command("DROP TABLE IF EXISTS texts")
    _engine.catalog.forget()


def counted(store: Store, where: Filter) -> int:
    chart = ChartConfig(TEXTS, (Select("count"),), where=where, display="number")
    return int(Runner(store).run(chart, EVER).points[0].values[0])


def test_w5_a_number_of_a_counter_has_its_baseline(seeded: Store) -> None:
    """All that D2 grew by from the point before the range: 42 + 84 623. The reference loses the first step."""
    chart = ChartConfig(source("metric"), (Select("increase", metric=Metric("test.users", "sum")),), display="number")
    assert [point.values for point in Runner(seeded).run(chart, TWENTY_MINUTES).points] == [(84_665,)]


@pytest.mark.parametrize("width_s", [7 * 60, 5 * 3600])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_w14_every_event_lies_in_a_bucket_that_is_drawn(texts: Store, width_s: int, zone: str) -> None:
    texts.command(f"CREATE TABLE texts (Timestamp DateTime64(9), s String) {ENGINE}")
    texts.command(f"INSERT INTO texts SELECT toDateTime64({T0_MS // 1000}, 9) + number * 61, '' FROM numbers(1000)")
    day = TimeRange(T0_MS + 90_000, T0_MS + 86_400_000)
    bars = histogram(Runner(texts), TEXTS, Filter(), day, width_s, None, zone)
    assert bars.total == 1000 - 2


def test_w20_points_of_one_second_keep_their_order(seeded: Store) -> None:
    """A counter at 1, 5 and 9 within a second, stored out of order, has grown by 8."""
    at = "toDateTime64('2022-01-05 00:05:00', 9, 'UTC')"
    points = ", ".join(
        f"('w20', {at} + toIntervalMillisecond({ms}), {value}, 2, true)" for ms, value in ((900, 9), (100, 1), (500, 5))
    )
    columns = "MetricName, TimeUnix, Value, AggregationTemporality, IsMonotonic"
    seeded.command(f"INSERT INTO otel_metrics_sum ({columns}) VALUES {points}")
    chart = ChartConfig(source("metric"), (Select("increase", metric=Metric("w20", "sum")),), display="number")
    assert [point.values for point in Runner(seeded).run(chart, TWENTY_MINUTES).points] == [(8,)]


def test_w31_a_pattern_s_filter_finds_its_events(texts: Store) -> None:
    texts.command(f"CREATE TABLE texts (Timestamp DateTime64(9), s String) {ENGINE}")
    texts.command(
        "INSERT INTO texts SELECT number, if(number < 30, concat('user u', toString(number), ' logged in'), "
        "concat('paid ', toString(number), '% of (order)')) FROM numbers(50)"
    )
    found = find_patterns(texts, Scope(TEXTS, EVER), 10).patterns
    assert {pattern.template: pattern.count for pattern in found} == {
        "user <*> logged in": 30,
        "paid <*> of (order)": 20,
    }
    assert [counted(texts, Filter(pattern.where, "sql")) for pattern in found] == [30, 20]


@pytest.mark.parametrize(
    ("index", "asked"),
    [
        ("", "hasTokenCaseInsensitive("),  # W36: twice as fast as a token of lower(s)
        (", INDEX i s TYPE text(tokenizer = 'splitByNonAlpha')", "hasTokenCaseInsensitive("),
        (", INDEX i lower(s) TYPE text(tokenizer = 'splitByNonAlpha')", "hasAllTokens(lower("),
        (", INDEX i lower(s) TYPE tokenbf_v1(1024, 3, 0)", "hasToken(lower("),
    ],
)
def test_w36_w46_words_ignore_case_whatever_the_index(texts: Store, index: str, asked: str) -> None:
    texts.command(f"CREATE TABLE texts (Timestamp DateTime64(9), s String{index}) {ENGINE}")
    texts.command("INSERT INTO texts VALUES (1, 'FOO bar'), (2, 'foo'), (3, 'foobar')")
    assert counted(texts, Filter("Foo")) == 2
    chart = ChartConfig(TEXTS, (Select("count"),), where=Filter("Foo"), display="number")
    assert asked in Runner(texts).run(chart, EVER).sql


def test_w34_numbers_are_added_as_they_are(texts: Store) -> None:
    texts.command(f"CREATE TABLE texts (Timestamp DateTime64(9), s String, n UInt32) {ENGINE}")
    chart = ChartConfig(TEXTS, tuple(Select(name, "n") for name in ("sum", "avg", "max")), display="number")  # type: ignore[arg-type]
    assert "toFloat64" not in Runner(texts).run(chart, EVER).sql


@pytest.mark.parametrize("scale", ["log", "linear"])
def test_w54_the_largest_value_has_a_cell(texts: Store, scale: str) -> None:
    texts.command(f"CREATE TABLE texts (Timestamp DateTime64(9), s String, n UInt32) {ENGINE}")
    texts.command("INSERT INTO texts SELECT number, '', 1 + number FROM numbers(100)")
    found = find_heatmap(texts, Scope(TEXTS, TimeRange(0, 100_000)), 80, scale, "n")  # type: ignore[arg-type]
    assert sum(count for _, _, count in found.cells) == found.total == 100
    assert max(row for _, row, _ in found.cells) == 79


def test_a_page_of_many_slow_windows_ends(texts: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """§6.2: a filter that finds nothing is asked window by window, and all of them share one limit of time."""
    texts.command(f"CREATE TABLE texts (Timestamp DateTime64(9), s String) {ENGINE}")
    config = SearchConfig(TEXTS, Filter("nothing"), TWENTY_MINUTES, 10)
    assert Search(texts).page(config).rows == []
    monkeypatch.setattr("clickstack.query.search.SEARCH_ENGINE_S_MAX", 0)
    with pytest.raises(QueryTimeout, match="Narrow the time range or the filter"):
        Search(texts).page(config)


def test_w15_a_number_of_a_gauge_is_of_the_newest_points_and_raw_sql_of_all(seeded: Store) -> None:
    """Two points in one inner bucket: the builder sees the newer. docs/charts.md says so, and how to ask for all."""
    at = f"fromUnixTimestamp64Milli({T0_MS} + "
    seeded.command(
        "INSERT INTO otel_metrics_gauge (MetricName, TimeUnix, Value) VALUES "
        f"('w15', {at}1000), 100), ('w15', {at}5000), 10), ('w15', {at}60000), 20)"
    )
    built = ChartConfig(source("metric"), (Select("max", metric=Metric("w15", "gauge")),), display="number")
    assert [point.values for point in Runner(seeded).run(built, TWENTY_MINUTES).points] == [(20,)]
    sql = "SELECT max(Value) FROM $__sourceTable(gauge) WHERE MetricName = 'w15' AND $__timeFilter(TimeUnix)"
    raw = RawChart(sql, "number", source=source("metric"), reachable=(source("metric"),))
    assert RawRunner(seeded).run(raw, TWENTY_MINUTES).number == 100


@pytest.mark.parametrize(
    ("kind", "name", "table"),
    [
        ("gauge", "test.cpu", "otel_metrics_gauge"),
        ("sum", "test.users", "otel_metrics_sum"),
        ("histogram", "test.send_latency", "otel_metrics_histogram"),
        ("exponential histogram", "exp.more", "otel_metrics_exponential_histogram"),
    ],
)
def test_w37_w41_values_of_one_metric_read_its_points_once(seeded: Store, kind: str, name: str, table: str) -> None:
    """Several quantiles of a histogram, or aggregates of a gauge: the same numbers as each alone."""
    metric = Metric(name, kind)  # type: ignore[arg-type]
    selects = [Select("quantile", level=level, metric=metric) for level in (0.5, 0.99, 0.1)]
    if kind in ("gauge", "sum"):
        selects += [Select("max", metric=metric), Select("avg", metric=metric)]
    base = ChartConfig(source("metric"), (), group_by=("ResourceAttributes.host",), granularity_s=300)
    together = Runner(seeded).run(replace(base, select=tuple(selects)), TWENTY_MINUTES)
    assert together.sql.count(f"FROM default.{table}\n") == 1
    alone = [Runner(seeded).run(replace(base, select=(each,)), TWENTY_MINUTES).points for each in selects]
    assert together.points
    assert [point.values for point in together.points] == [
        tuple(point.values[0] for point in same) for same in zip(*alone, strict=True)
    ]


def test_w37_values_of_two_metrics_read_each_once(seeded: Store) -> None:
    """Of one metric two values, of another one: joined, two scans."""
    one, two = (Metric(name, "gauge") for name in ("gap.one", "gap.two"))
    selects = (Select("avg", metric=one), Select("avg", metric=two), Select("max", metric=one))
    april = TimeRange(1_744_711_200_000, 1_744_711_500_000)
    found = Runner(seeded).run(ChartConfig(source("metric"), selects, granularity_s=60), april)
    assert found.sql.count("FROM default.otel_metrics_gauge\n") == 2
    assert [point.values for point in found.points] == [(10, None, 10), (20, 200, 20), (None, 300, None)]


def test_w40_top_groups_are_ranked_in_the_one_scan(seeded: Store) -> None:
    chart = ChartConfig(
        source("log"), (Select("count"),), group_by=("ServiceName",), granularity_s=60, series_limit=1, align=True
    )
    found = Runner(seeded).run(chart, TWENTY_MINUTES)
    assert len({point.group for point in found.points}) == 1
    assert found.sql.count("otel_logs") == 1


def test_w55_what_is_known_of_tables_grows_old_and_limits_are_their_own(texts: Store) -> None:
    texts.command(f"CREATE TABLE texts (Timestamp DateTime64(9), s String) {ENGINE}")
    texts.command("INSERT INTO texts VALUES (1, 'a'), (2, 'a'), (3, 'b')")
    asked = [find_values(texts, Scope(TEXTS, EVER), "s", limit) for limit in (1, 5, 1)]
    assert [(len(each.values), each.truncated) for each in asked] == [(1, True), (2, False), (1, True)]
    clock = FixedClock()
    catalog = Catalog(texts.query, clock)
    assert catalog.table("default", "texts").column("n") is None
    texts.command("ALTER TABLE texts ADD COLUMN n UInt8")
    clock.advance(61)
    assert catalog.table("default", "texts").column("n") is not None

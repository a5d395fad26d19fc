"""What the reference answers wrongly (reference/query-engine.md §9) and no other test names: ours, executed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from clickstack.core.chart import ChartConfig, Filter, Metric, Select
from clickstack.core.errors import QueryTimeout
from clickstack.core.timerange import TimeRange
from clickstack.query import Runner, Search, SearchConfig, histogram
from clickstack.query.events import Scope
from clickstack.query.heatmap import find_heatmap
from clickstack.query.patterns import find_patterns
from clickstack.store import Store
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

"""Golden numbers and faults of reference/query-engine.md (§9, §10) that no golden file holds, under their own names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from clickstack.core.chart import ChartConfig, Filter, Metric, Select
from clickstack.core.sql import Param, Sql
from clickstack.core.timerange import TimeRange, auto_granularity_seconds
from clickstack.query import Runner, Search, SearchConfig
from clickstack.query.drain import Drain
from clickstack.query.events import Scope
from clickstack.query.keys import find_keys
from clickstack.query.patterns import find_patterns
from clickstack.query.raw import RawChart, RawRunner, Variable, expand_lucene
from clickstack.query.search import windows
from clickstack.store import Store
from query.cases import CASES_SOURCE, Cases
from query.seeds import source

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
T0_MS = 1_641_340_800_000
EVER = TimeRange(0, 1_800_000_000_000)


@pytest.fixture
def one(_engine: Store) -> Iterator[Store]:
    """A table for one test: `t(Timestamp, v, n, s, j)`."""
    _engine.command(
        "CREATE TABLE one (Timestamp DateTime64(9), v Nullable(Int64), n Int64, w String, s String, j JSON) "
        "ENGINE = MergeTree ORDER BY Timestamp"
    )
    yield _engine
    _engine.command("DROP TABLE one")
    _engine.catalog.forget()


ONE = replace(CASES_SOURCE, table_name="one", implicit_column_expression="s", body_expression="s")


def values(store: Store, *selects: Select, **chart: Any) -> list[tuple[Any, ...]]:
    asked = ChartConfig(chart.pop("source", ONE), selects, display="table", **chart)
    return [(*point.group, *point.values) for point in Runner(store).run(asked, EVER).points]


def test_g59_w1_null_is_left_out_of_an_average(one: Store) -> None:
    one.command("INSERT INTO one (Timestamp, v) VALUES (1, 1), (2, NULL), (3, 5)")
    assert values(one, Select("avg", "v"), Select("min", "v"), Select("count")) == [(3, 1, 3)]


def test_w2_whole_numbers_keep_all_digits(one: Store) -> None:
    one.command("INSERT INTO one (Timestamp, n) VALUES (1, 9007199254740993), (2, 0)")
    assert values(one, Select("sum", "n"), Select("max", "n")) == [(9007199254740993, 9007199254740993)]


def test_w6_the_last_value_is_the_newest_whatever_was_stored_last(one: Store) -> None:
    one.command("INSERT INTO one (Timestamp, n) VALUES (10, 1000)")
    one.command("INSERT INTO one (Timestamp, n) VALUES (5, 1)")
    assert values(one, Select("last_value", "n")) == [(1000,)]


def test_w8_a_minimum_of_nothing_is_nothing(one: Store) -> None:
    one.command("INSERT INTO one (Timestamp, n) VALUES (1, 7)")
    none = Filter("n = 8", "sql")
    assert values(one, *(Select(name, "n", where=none) for name in ("min", "max", "avg", "any"))) == [(None,) * 4]  # type: ignore[arg-type]


def test_w18_weights_beyond_32_bits_are_the_largest_not_small(one: Store) -> None:
    one.command("INSERT INTO one (Timestamp, n, w) VALUES (1, 10, '4294967297'), (2, 99, '5')")
    weighed = replace(ONE, sample_rate_expression="w")
    assert values(one, Select("quantile", "n", 0.5), source=weighed) == [(10,)]


def test_w21_the_word_settings_in_a_filter(seeded: Store) -> None:
    two = tuple(Select("avg", metric=Metric(name, "gauge")) for name in ("gap.one", "gap.two"))
    chart = ChartConfig(source("metric"), two, where=Filter('ServiceName:"SETTINGS x=1"'), granularity_s=60)
    assert Runner(seeded).run(chart, TimeRange(T0_MS, T0_MS + HOUR_MS)).points == []


def test_w22_parameters_are_told_apart() -> None:
    text, params = Sql.of(Param("Aa", "String"), " ", Param("BB", "String")).render()
    assert (text, params) == ("{p1:String} {p2:String}", {"p1": "Aa", "p2": "BB"})


def test_w26_w28_names_are_ours_whatever_the_engine_calls_them(one: Store) -> None:
    chart = ChartConfig(ONE, (Select("avg", "n"), Select("none", "n")), group_by=("n",), display="table")
    assert Runner(one).run(chart, EVER).values == ("avg(n)", "n")
    unnamed = ChartConfig(source("metric"), (Select("none", metric=Metric("cpu", "gauge")),), display="table")
    assert Runner(one).run(unnamed, EVER).values == ("cpu",)


def test_w29_macros_stay_together_under_not(one: Store) -> None:
    one.command("INSERT INTO one (Timestamp, n) VALUES (100, 1), (5000, 2)")
    sql = "SELECT n FROM one WHERE NOT $__timeFilter(Timestamp) OR 0"
    found = RawRunner(one).run(RawChart(sql, reachable=(ONE,)), TimeRange(0, 1_000_000))
    assert found.rows == [[2]]


def test_w30_a_number_sign_in_lucene_is_text() -> None:
    assert expand_lucene("issue #42 $who", (Variable("who", ("ann",)),)) == 'issue #42 ("ann")'


def test_w33_keys_inside_json_are_found(one: Store) -> None:
    one.command("""INSERT INTO one (Timestamp, j) VALUES (1, '{"a": {"b": 1}}'), (2, '{"a": {"b": 2}, "c": 3}')""")
    keys = {key.name: key.count for key in find_keys(one, Scope(ONE, EVER)).keys if key.column == "j"}
    assert keys == {"j": None, "j.a.b": 2, "j.c": 1}


def test_w44_metrics_have_top_groups_and_no_hidden_limit(seeded: Store) -> None:
    users = Select("increase", metric=Metric("test.users", "sum"))
    base = ChartConfig(source("metric"), (users,), group_by=("ResourceAttributes.host",), granularity_s=300)
    twenty = TimeRange(T0_MS, T0_MS + 20 * 60_000)
    every = {point.group for point in Runner(seeded).run(base, twenty).points}
    top = {point.group for point in Runner(seeded).run(replace(base, series_limit=1), twenty).points}
    rest = {point.group for point in Runner(seeded).run(replace(base, series_limit=1, other=True), twenty).points}
    assert len(every) > 1
    assert len(top) == 1
    assert rest == {*top, ("Other",)}


def test_w45_a_row_on_the_edge_of_two_ranges_is_in_one(one: Store) -> None:
    one.command("INSERT INTO one (Timestamp, n) VALUES (100, 1)")
    for time_range, rows in ((TimeRange(0, 100_000), 0), (TimeRange(100_000, 200_000), 1)):
        page = Search(one).page(SearchConfig(ONE, Filter(), time_range, 10))
        assert len(page.rows) == rows
        assert len(Runner(one).run(ChartConfig(ONE, (Select("count"),), granularity_s=60), time_range).points) == rows


def test_w51_raw_and_built_charts_choose_the_same_buckets(one: Store) -> None:
    sql = "SELECT $__timeInterval(Timestamp) AS t, count() AS n FROM one GROUP BY t"
    for length_ms in (HOUR_MS, 6 * HOUR_MS, DAY_MS, 7 * DAY_MS, 30 * DAY_MS):
        time_range = TimeRange(T0_MS, T0_MS + length_ms)
        built = Runner(one).run(ChartConfig(ONE, (Select("count"),), granularity_s="auto"), time_range)
        raw = RawRunner(one).run(RawChart(sql, "line", reachable=(ONE,)), time_range)
        assert raw.granularity_s == built.width_s


def test_g70_windows_grow_from_the_newest_end() -> None:
    """The reference's are fixed (15 m, 6 h, 6 h, 12 h, 24 h …); ours begin smaller and follow what they find."""
    day = TimeRange(0, 3 * DAY_MS)
    nothing_found = list(windows(day, None, lambda: (0, 200)))
    assert [(each.end_ms - each.start_ms) // 60_000 for each in nothing_found] == [1, 20, 400, 3_899]
    assert nothing_found[0].end_ms == day.end_ms
    assert all(older.end_ms == newer.start_ms for newer, older in pairwise(nothing_found))


def test_g71_automatic_widths() -> None:
    """As the reference, but that a range of six hours has its ten minutes, which the reference forgets."""
    lengths_ms = (15 * 60_000, HOUR_MS, 6 * HOUR_MS, DAY_MS, 7 * DAY_MS, 30 * DAY_MS)
    found = [auto_granularity_seconds(TimeRange(0, length_ms)) for length_ms in lengths_ms]
    assert found == [15, 60, 600, 1800, 21_600, 43_200]


def test_g73_three_people_are_one_pattern() -> None:
    drain = Drain()
    for name in ("alice", "bob", "charlie"):
        drain.add(f"user {name} logged in")
    assert [(cluster.template, cluster.size) for cluster in drain.clusters] == [("user <*> logged in", 3)]


def test_g74_a_pattern_s_count_is_of_all_events(one: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    one.command("INSERT INTO one (Timestamp, s) SELECT number, concat('job ', toString(number)) FROM numbers(200)")
    monkeypatch.setattr("clickstack.query.patterns.PATTERN_SAMPLE_ROWS", 20)
    found = find_patterns(one, Scope(replace(ONE, severity_text_expression=None), EVER), 10)
    assert 0 < found.sampled < 200
    assert [(pattern.template, pattern.count) for pattern in found.patterns] == [("job <*>", 200)]
    assert found.weight == 200 / found.sampled


@pytest.mark.parametrize(("chosen", "rows"), [((), 3), (("a", "b"), 2)])
def test_g80_a_filter_of_a_variable(one: Store, chosen: tuple[str, ...], rows: int) -> None:
    one.command("INSERT INTO one (Timestamp, s) VALUES (1, 'a'), (2, 'b'), (3, 'c')")
    raw = RawChart("SELECT s FROM one WHERE $__filter(s, $v)", reachable=(ONE,), variables=(Variable("v", chosen),))
    assert len(RawRunner(one).run(raw, EVER).rows) == rows


@pytest.mark.parametrize("text", ["$__filter(s, $nope) = 1", "$nope = 1", "$__nope(1)"])
def test_g82_unknown_names_are_errors_with_their_place(one: Store, text: str) -> None:
    (issue,) = RawRunner(one).check(RawChart(f"SELECT {text}", reachable=(ONE,)), EVER)
    assert (issue.severity, "nope" in issue.message) == ("error", True)
    assert issue.position is not None


def test_g83_w11_numbers_in_attributes_are_compared_as_numbers(cases: Cases) -> None:
    """99, 500 and 503 (rows 1, 2, 3): the reference finds all three."""
    assert cases.ids(cases.conditions().read(Filter("LogAttributes.http.status:>=500")).sql) == [2, 3]


def test_g85_w12_an_empty_attribute_is_a_missing_one(cases: Cases) -> None:
    """k is 'v' in row 1, '' in row 2, 'b=c' in row 4, and nowhere else."""
    assert cases.ids(cases.conditions().read(Filter('LogAttributes.k:""')).sql) == [2, 3, 5, 6, 7, 8, 9]
    assert cases.ids(cases.conditions().read(Filter('-LogAttributes.k:""')).sql) == [1, 4]


def test_w13_not_x_includes_nothing(cases: Cases) -> None:
    with_x = cases.ids(cases.conditions().read(Filter("NS:x")).sql)
    without = cases.ids(cases.conditions().read(Filter("-NS:x")).sql)
    assert sorted(with_x + without) == list(range(1, 10))

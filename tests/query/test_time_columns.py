"""Times of a user's own tables: columns with a zone of their own, days instead of moments, rounded sorting keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from clickstack.core.chart import ChartConfig, Filter, Select
from clickstack.core.source import Source
from clickstack.core.timerange import TimeRange
from clickstack.query import Runner
from clickstack.query.histogram import histogram
from clickstack.query.search import Search, SearchConfig
from clickstack.store import Store
from query.cases import CASES_SOURCE

FIRST_S, HOURS = 1_700_000_000, 240  # a row every hour
TABLE = """
CREATE TABLE hourly (Local DateTime('{zone}'), Fine DateTime64(3, '{zone}'), Day Date)
ENGINE = MergeTree ORDER BY (toDate(Local), toStartOfDay(Fine), Local) SETTINGS index_granularity = 1
"""
ROWS = f"""
INSERT INTO hourly SELECT t, t, toDate(toDateTime(t, 'UTC')) FROM (
    SELECT {FIRST_S} + number * 3600 AS t FROM numbers({HOURS}))
"""
SOURCE = replace(
    CASES_SOURCE,
    table_name="hourly",
    implicit_column_expression=None,
    body_expression=None,
    service_name_expression=None,
    severity_text_expression=None,
    event_attributes_expression=None,
)


@pytest.fixture(params=["Asia/Tokyo", "America/St_Johns", "Africa/Monrovia"])
def hourly(_engine: Store, request: pytest.FixtureRequest) -> Iterator[Store]:
    _engine.command(TABLE.format(zone=request.param))
    _engine.command(ROWS)
    _engine.catalog.forget()
    yield _engine
    _engine.command("DROP TABLE hourly")
    _engine.catalog.forget()


def source(time: str) -> Source:
    return replace(SOURCE, timestamp_value_expression=time)


def count(store: Store, time: str, time_range: TimeRange) -> int:
    (point,) = Runner(store).run(ChartConfig(source(time), (Select("count"),), display="table"), time_range).points
    return int(point.values[0])


@pytest.mark.parametrize("time", ["Local", "Fine", "Local, Fine"])
def test_a_sorting_key_by_days_of_the_columns_zone_hides_no_rows(hourly: Store, time: str) -> None:
    for hour in range(1, 60, 7):
        start_ms = (FIRST_S + hour * 3600) * 1000
        assert count(hourly, time, TimeRange(start_ms, start_ms + 12 * 3600_000)) == 12


@pytest.mark.parametrize("time", ["toStartOfDay(Local)", "toDate(Fine)"])
def test_rounded_times_hold_every_row_of_the_range(hourly: Store, time: str) -> None:
    for hour in range(25, 80, 7):
        start_ms = (FIRST_S + hour * 3600) * 1000
        assert count(hourly, time, TimeRange(start_ms, start_ms + 12 * 3600_000)) in (24, 48)


@pytest.mark.parametrize("time", ["Local", "Fine"])
def test_buckets_in_utc_whatever_the_columns_zone(hourly: Store, time: str) -> None:
    for width_s in (420, 3_700, 18_000, 86_400, 172_800, 604_800):
        expected: dict[int, int] = {}
        for hour in range(HOURS):
            start_s = (FIRST_S + hour * 3600) // width_s * width_s
            expected[start_s * 1000] = expected.get(start_s * 1000, 0) + 1
        chart = ChartConfig(source(time), (Select("count"),), granularity_s=width_s)
        points = Runner(hourly).run(chart, TimeRange(FIRST_S * 1000, (FIRST_S + HOURS * 3600) * 1000)).points
        assert {point.bucket_ms: point.values[0] for point in points} == expected


def test_a_day_that_begins_with_the_end_of_the_range_is_not_in_it(hourly: Store) -> None:
    day = 86_400_000
    first, second, third = (FIRST_S * 1000 // day * day + at * day for at in (1, 2, 3))
    assert count(hourly, "Day", TimeRange(first, second)) == 24
    assert count(hourly, "Day", TimeRange(first, third)) == 48
    assert count(hourly, "Day", TimeRange(first, second + 1)) == 48  # of a day that is only touched, all rows
    chart = ChartConfig(source("Day"), (Select("count"),), granularity_s=86_400)
    assert [point.bucket_ms for point in Runner(hourly).run(chart, TimeRange(first, third)).points] == [first, second]


@pytest.mark.parametrize("time", ["Day", "toStartOfDay(Local)", "toStartOfHour(Fine)"])
@pytest.mark.parametrize("width_s", [60, 3_600, 86_400, None])
def test_what_begins_before_the_range_is_in_its_first_bucket(hourly: Store, time: str, width_s: int | None) -> None:
    start_ms = (FIRST_S + 30 * 3600 + 600) * 1000
    time_range = TimeRange(start_ms, start_ms + 300_000)
    all_rows = count(hourly, time, time_range)
    assert all_rows in (1, 24)
    found = histogram(Runner(hourly), source(time), Filter(), time_range, width_s, None)
    assert found.total == found.groups[0].counts[0] == all_rows
    chart = ChartConfig(source(time), (Select("count"),), granularity_s=width_s or "auto", fill=True)
    points = Runner(hourly).run(chart, time_range).points
    assert [point.values[0] for point in points] == [all_rows, *[0] * (len(points) - 1)]


@pytest.mark.parametrize(("time", "rows"), [("Day", 50), ("toStartOfDay(Local)", None), ("Local", 29)])
def test_a_search_shows_every_row_once(hourly: Store, time: str, rows: int | None) -> None:
    time_range = TimeRange((FIRST_S - 3600) * 1000, (FIRST_S + 29 * 3600) * 1000)
    seen, cursor = [], None
    for _ in range(10):
        config = SearchConfig(source(time), Filter(), time_range, limit=20, select="Local, Fine", cursor=cursor)
        page = Search(hourly).page(config)
        seen += [row[-1] for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == (count(hourly, time, time_range) if rows is None else rows)

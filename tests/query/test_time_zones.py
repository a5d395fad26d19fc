"""Buckets in a time zone, against a plain evaluator that asks for the wall clock of one moment at a time."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clickstack.core.chart import ChartConfig, Select
from clickstack.core.errors import BadRequest
from clickstack.core.sql import Sql
from clickstack.core.timerange import TimeRange, checked_zone
from clickstack.query import Runner
from clickstack.query.grid import Grid
from clickstack.store import Store
from query.seeds import source

# half hours, quarters, changes at midnight, by half an hour, in both hemispheres; and none
ZONES = (
    "UTC Europe/Berlin America/New_York Asia/Kolkata Asia/Kathmandu Australia/Lord_Howe America/Havana "
    "America/Santiago Atlantic/Azores Africa/Casablanca Asia/Beirut Pacific/Apia"
).split()
WIDTHS_S = [60, 420, 900, 3600, 7200, 18_000, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000]
FEW = settings(max_examples=40, deadline=None)
HOUR_S, DAY_S = 3600, 86_400

zones, widths = st.sampled_from(ZONES), st.sampled_from(WIDTHS_S)
moments = st.integers(1_577_836_800, 1_735_689_600)  # 2020 to 2024


def wall(moment_s: int, zone: str) -> int:
    """What the clocks show, as seconds since they showed 1970-01-01 00:00."""
    shown = datetime.fromtimestamp(moment_s, ZoneInfo(zone)).replace(tzinfo=UTC)
    return int(shown.timestamp())


def stamp(text: str, zone: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


@settings(max_examples=400, deadline=None)
@given(zones, st.sampled_from(["DAY", "HOUR6"]), moments)
def test_days_and_quarters_of_a_day_are_those_of_the_calendar(zone: str, unit: str, moment_s: int) -> None:
    """Two moments share a bucket exactly when the clocks show the same date, and the same quarter of the day."""
    width_s = DAY_S if unit == "DAY" else 6 * HOUR_S
    start_s = Grid(width_s, zone).start(moment_s)
    assert start_s <= moment_s
    assert wall(start_s, zone) // width_s == wall(moment_s, zone) // width_s
    assert wall(start_s - 1, zone) // width_s < wall(moment_s, zone) // width_s


@settings(max_examples=400, deadline=None)
@given(zones, widths, moments, st.integers(1, 40))
def test_buckets_cut_a_range_into_whole_pieces(zone: str, width_s: int, moment_s: int, count: int) -> None:
    grid = Grid(width_s, zone)
    whole = grid.aligned(TimeRange(moment_s * 1000 + 1, (moment_s + count * width_s) * 1000))
    edges = [*(ms // 1000 for ms in grid.starts_ms(whole)), whole.end_ms // 1000]
    for start_s, end_s in pairwise(edges):
        assert grid.start(start_s) == grid.start(end_s - 1) == start_s
        assert abs(end_s - start_s - width_s) <= HOUR_S + DAY_S * (zone == "Pacific/Apia")
    assert grid.aligned(whole) == whole
    assert whole.start_ms <= moment_s * 1000


@settings(max_examples=200, deadline=None)
@given(zones, widths, moments, st.integers(1, 20))
def test_the_period_before_ends_where_this_one_begins(zone: str, width_s: int, moment_s: int, count: int) -> None:
    grid = Grid(width_s, zone)
    now = grid.aligned(TimeRange(moment_s * 1000, (moment_s + count * width_s) * 1000))
    before = grid.before(now)
    assert before.start_ms < before.end_ms
    edges = [wall(ms // 1000, zone) - ms // 1000 for ms in (before.start_ms, now.start_ms, now.end_ms)]
    if len(set(edges)) == 1:  # the clocks are the same at all three
        assert before.end_ms == now.start_ms
        assert {grid.later_ms(ms, now) for ms in grid.starts_ms(before)} <= set(grid.starts_ms(now))


@FEW
@given(zones, widths, moments, st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(2, 30))
def test_the_engine_counts_in_the_same_buckets(
    _engine: Store,  # noqa: PT019
    zone: str,
    width_s: int,
    moment_s: int,
    places: list[float],
    count: int,
) -> None:
    _engine.command("TRUNCATE TABLE otel_logs")
    times = [moment_s + int(place * width_s * count) for place in places]
    _engine.command(f"INSERT INTO otel_logs (Timestamp) VALUES {','.join(f'({each})' for each in times)}")
    chart = ChartConfig(source("log"), (Select("count"),), granularity_s=width_s, time_zone=zone, align=True, fill=True)
    found = Runner(_engine).run(chart, TimeRange(moment_s * 1000, (moment_s + width_s * count + 1) * 1000))
    grid = Grid(width_s, zone)
    expected = Counter(grid.start(each) * 1000 for each in times)
    assert [point.bucket_ms for point in found.points] == grid.starts_ms(found.time_range)
    assert {point.bucket_ms: point.values[0] for point in found.points if point.values[0]} == expected


@pytest.mark.parametrize("time_range", [TimeRange(0, 1), TimeRange(0, 2**62), TimeRange(2**62, 2**62 + 10)])
@pytest.mark.parametrize("width_s", [999_999 * DAY_S, 400 * DAY_S])
def test_ranges_and_widths_beyond_any_calendar(time_range: TimeRange, width_s: int) -> None:
    grid = Grid(width_s, "Europe/Berlin")
    whole = grid.aligned(time_range)
    assert whole.start_ms <= time_range.start_ms < time_range.end_ms <= whole.end_ms
    assert grid.before(whole).end_ms <= whole.end_ms
    assert len(grid.sql(Sql.of("t"), TimeRange(0, 10**12)).render()[0]) < 20_000


def test_a_day_without_an_hour_and_one_with_one_more() -> None:
    zone, grid = "Europe/Berlin", Grid(DAY_S, "Europe/Berlin")
    for text, hours in (("2023-03-26", 23), ("2023-10-29", 25), ("2023-07-01", 24)):
        start_s = stamp(text, zone)
        whole = grid.aligned(TimeRange((start_s + HOUR_S) * 1000, (start_s + 2 * HOUR_S) * 1000))
        assert (whole.start_ms, whole.end_ms) == (start_s * 1000, (start_s + hours * HOUR_S) * 1000)


def test_two_hours_where_the_clocks_jump() -> None:
    """02:00 to 03:00 is missing in spring and there twice in autumn."""
    zone, grid = "Europe/Berlin", Grid(2 * HOUR_S, "Europe/Berlin")
    for midnight, shown in (
        ("2023-03-26", ["00:00", "03:00", "04:00", "06:00"]),
        ("2023-10-29", ["00:00", "02:00", "04:00"]),
    ):
        start_s = stamp(midnight, zone)
        starts = grid.starts_ms(TimeRange(start_s * 1000, (start_s + 6 * HOUR_S) * 1000))
        assert [datetime.fromtimestamp(ms // 1000, ZoneInfo(zone)).isoformat()[11:16] for ms in starts] == shown


def test_a_rate_knows_how_long_its_day_is(_engine: Store) -> None:  # noqa: PT019
    zone = "Europe/Berlin"
    grid, start_s = Grid(DAY_S, zone), stamp("2023-10-28", zone)
    text = grid.length_sql("b", TimeRange(start_s * 1000, (start_s + 4 * DAY_S) * 1000))
    autumn = stamp("2023-10-29", zone)
    assert text == f"transform(b, [{autumn}], [{25 * HOUR_S}], {DAY_S})"


def test_the_day_before_the_clocks_change_is_compared_by_the_clock(_engine: Store) -> None:  # noqa: PT019
    """Noon of the short Sunday lies on noon of the Saturday before, though 23 hours are between them."""
    zone = "Europe/Berlin"
    grid = Grid(HOUR_S, zone)
    sunday = TimeRange(stamp("2023-03-26", zone) * 1000, stamp("2023-03-27", zone) * 1000)
    assert grid.before(sunday) == TimeRange(stamp("2023-03-25", zone) * 1000, sunday.start_ms)
    noon_ms = stamp("2023-03-25T12:00", zone) * 1000
    assert grid.later_ms(noon_ms, sunday) == noon_ms + timedelta(hours=23) // timedelta(milliseconds=1)


@pytest.mark.parametrize("name", ["Mars/Phobos", "../etc/passwd", "Europe", "utc+2", "UTC\n"])
def test_zones_that_do_not_exist_are_refused(name: str) -> None:
    if name.strip() == "UTC":
        assert checked_zone(name) == "UTC"
        return
    with pytest.raises(BadRequest, match="timeZone: "):
        checked_zone(name)

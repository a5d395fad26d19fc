"""Buckets that begin at a moment of one's choice instead of 1970."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from clickstack.core.timerange import TimeRange
from clickstack.query.grid import Grid


def test_buckets_of_five_minutes_that_begin_two_minutes_past() -> None:
    grid = Grid(300, origin_s=120)
    assert [grid.start(at) for at in (119, 120, 419, 420)] == [-180, 120, 120, 420]
    assert grid.starts_ms(TimeRange(120_000, 720_000)) == [120_000, 420_000]
    assert grid.aligned(TimeRange(121_000, 421_000)) == TimeRange(120_000, 720_000)
    assert grid.divided_by(60, TimeRange(0, 1))
    assert grid.divided_by(30, TimeRange(0, 1))
    assert not grid.divided_by(300, TimeRange(0, 1))


@example(86_401, 1, 0)
@given(st.integers(1, 100_000), st.integers(0, 2_000_000_000), st.integers(0, 4_000_000_000))
def test_every_bucket_is_whole_and_begins_at_the_origin(width_s: int, origin_s: int, moment_s: int) -> None:
    start_s = Grid(width_s, origin_s=origin_s).start(moment_s)
    assert start_s <= moment_s < start_s + width_s
    assert (start_s - origin_s) % width_s == 0

"""Windows: aligned, half-open, touching, each judged once, and bounded after a downtime."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clickstack.alerts.window import Schedule, Window, catch_up_windows, due

MINUTE = 60_000


def at(text: str) -> int:
    return int(datetime.fromisoformat(f"2026-01-01T{text}").replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("schedule", "now", "end"),
    [
        (Schedule(5 * MINUTE), "12:13:45", "12:10:00"),
        (Schedule(5 * MINUTE), "12:10:00", "12:10:00"),
        (Schedule(5 * MINUTE, origin_ms=2 * MINUTE), "12:13:45", "12:12:00"),
        (Schedule(5 * MINUTE, origin_ms=2 * MINUTE), "12:11:59", "12:07:00"),
        (Schedule(5 * MINUTE, origin_ms=at("12:02:30"), anchored=True), "12:13:45", "12:12:30"),
        (Schedule(5 * MINUTE, delay_ms=30_000), "12:10:29", "12:05:00"),
        (Schedule(5 * MINUTE, delay_ms=30_000), "12:10:30", "12:10:00"),
        (Schedule(1440 * MINUTE), "12:13:45", "00:00:00"),
    ],
)
def test_the_newest_closed_window(schedule: Schedule, now: str, end: str) -> None:
    assert schedule.latest(at(now)) == Window(at(end) - schedule.interval_ms, at(end))


def test_nothing_is_judged_before_an_anchors_first_window_has_passed() -> None:
    schedule = Schedule(5 * MINUTE, origin_ms=at("12:02:30"), anchored=True)
    assert schedule.latest(at("12:07:29")) is None
    assert schedule.latest(at("12:07:30")) == Window(at("12:02:30"), at("12:07:30"))


def test_after_a_downtime_the_missed_windows_come_oldest_first() -> None:
    found = due(Schedule(5 * MINUTE), at("12:00:00"), at("12:16:00"))
    assert [window.end_ms for window in found.windows] == [at("12:05:00"), at("12:10:00"), at("12:15:00")]
    assert found.skipped == 0


def test_a_long_downtime_is_cut_and_says_so() -> None:
    found = due(Schedule(MINUTE), at("00:00:00"), at("12:00:00"))
    assert len(found.windows) == 50
    assert found.windows[-1].end_ms == at("12:00:00")
    assert found.skipped == 670


def test_a_clock_that_jumps_back_makes_nothing_due() -> None:
    assert not due(Schedule(MINUTE), at("12:00:00"), at("11:00:00"))


intervals = st.sampled_from([1, 5, 15, 30, 60, 360, 720, 1440]).map(lambda minutes: minutes * MINUTE)


@given(intervals, st.integers(0, 1439), st.integers(0, 120_000), st.lists(st.integers(-(10**6), 10**8), max_size=30))
def test_whatever_the_clock_does_no_window_is_judged_twice(
    interval_ms: int, offset: int, delay_ms: int, jumps: list[int]
) -> None:
    schedule = Schedule(interval_ms, origin_ms=offset * MINUTE, delay_ms=delay_ms)
    now, judged = at("00:00:00"), None
    seen: list[Window] = []
    for jump in jumps:
        now += jump
        found = due(schedule, judged, now)
        assert len(found.windows) <= catch_up_windows(interval_ms)
        if found:
            if judged is not None:
                gap = found.windows[0].start_ms - judged
                assert gap == found.skipped * interval_ms
            seen += found.windows
            judged = found.windows[-1].end_ms
            assert judged + delay_ms <= now < schedule.next_due_ms(judged)
    assert len({window.end_ms for window in seen}) == len(seen)
    assert all(window.end_ms - window.start_ms == interval_ms for window in seen)
    assert all(after.start_ms >= before.end_ms for before, after in pairwise(seen))

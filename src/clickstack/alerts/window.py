"""Windows: the half-open ranges of time an alert judges, one after another (reference/alerts-and-teams.md §1.7, §1.8).

All times are milliseconds since 1970 UTC.
"""

from __future__ import annotations

from dataclasses import dataclass

from clickstack.core.limits import (
    ALERT_CATCH_UP_LONG_S,
    ALERT_CATCH_UP_SHORT_S,
    ALERT_CATCH_UP_WINDOWS_MAX,
)

_SHORT_INTERVAL_MS = 15 * 60_000  # below it the shorter catch-up span counts


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end)."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """Windows of `interval_ms`, whose borders are `origin_ms` plus whole intervals.

    Aligned to the epoch the origin is the offset; with an anchor it is the anchor, and nothing before it is judged.
    `delay_ms` is how long a closed window waits for late data.
    """

    interval_ms: int
    origin_ms: int = 0
    anchored: bool = False
    delay_ms: int = 0

    def latest(self, now_ms: int) -> Window | None:
        """The newest window that has closed and waited; None before an anchor's first window."""
        end_ms = self._border(now_ms - self.delay_ms)
        start_ms = end_ms - self.interval_ms
        if self.anchored and start_ms < self.origin_ms:
            return None
        return Window(start_ms, end_ms)

    def next_due_ms(self, judged_end_ms: int) -> int:
        """When the window after the one that ended at `judged_end_ms` may be judged."""
        return self._border(judged_end_ms) + self.interval_ms + self.delay_ms

    def _border(self, at_ms: int) -> int:
        return (at_ms - self.origin_ms) // self.interval_ms * self.interval_ms + self.origin_ms


@dataclass(frozen=True, slots=True)
class Due:
    """Windows to judge now, oldest first and touching each other, and how many older ones are given up."""

    windows: tuple[Window, ...]
    skipped: int = 0

    def __bool__(self) -> bool:
        return bool(self.windows)


def due(schedule: Schedule, judged_end_ms: int | None, now_ms: int) -> Due:
    """What is due. `judged_end_ms` is the end of the last window judged under this schedule; None: judge the newest.

    After a downtime every missed window is judged, back to a bound; a clock that jumped back makes nothing due.
    """
    newest = schedule.latest(now_ms)
    if newest is None:
        return Due(())
    if judged_end_ms is None:
        return Due((newest,))
    missed = (newest.end_ms - judged_end_ms) // schedule.interval_ms
    if missed <= 0:
        return Due(())
    kept = min(missed, catch_up_windows(schedule.interval_ms))
    ends = range(newest.end_ms - (kept - 1) * schedule.interval_ms, newest.end_ms + 1, schedule.interval_ms)
    return Due(tuple(Window(end - schedule.interval_ms, end) for end in ends), missed - kept)


def catch_up_windows(interval_ms: int) -> int:
    """How many missed windows are judged late.

    >>> [catch_up_windows(minutes * 60_000) for minutes in (1, 5, 15, 30, 60, 360, 720, 1440)]
    [50, 50, 50, 48, 24, 4, 2, 1]
    """
    span_s = ALERT_CATCH_UP_SHORT_S if interval_ms < _SHORT_INTERVAL_MS else ALERT_CATCH_UP_LONG_S
    return max(1, min(ALERT_CATCH_UP_WINDOWS_MAX, span_s * 1000 // interval_ms))

"""The only place that asks the machine for the time."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """A source of wall-clock time (for records) and of monotonic time (for durations)."""

    def now_ns(self) -> int:
        """Nanoseconds since 1970-01-01 UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds since an arbitrary moment; never goes backwards."""
        ...


class SystemClock:
    def now_ns(self) -> int:
        return time.time_ns()

    def monotonic_s(self) -> float:
        return time.monotonic()


class FixedClock:
    """A clock that stands still until told to move. For tests and for deterministic data."""

    def __init__(self, now_ns: int = 1_767_225_600_000_000_000) -> None:  # 2026-01-01T00:00:00Z
        self._now_ns = now_ns
        self._monotonic_s = 0.0

    def now_ns(self) -> int:
        return self._now_ns

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def advance(self, seconds: float) -> None:
        self._now_ns += int(seconds * 1_000_000_000)
        self._monotonic_s += seconds


def utc_datetime(ns: int) -> datetime:
    """The aware UTC datetime of a moment in nanoseconds, cut to microseconds."""
    return datetime.fromtimestamp(ns // 1_000_000_000, tz=UTC).replace(microsecond=ns % 1_000_000_000 // 1000)


def iso_millis(moment: datetime) -> str:
    """ISO-8601 UTC with milliseconds and `Z`, as every reply writes times: `2026-11-22T22:22:12.088Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"

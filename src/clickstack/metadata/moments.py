"""Moments as the tables keep them: whole milliseconds since 1970 UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from clickstack.core.clock import Clock, utc_datetime


def now_ms(clock: Clock) -> int:
    return clock.now_ns() // 1_000_000


def moment(ms: int) -> datetime:
    """The aware UTC datetime of a stored moment."""
    return utc_datetime(ms * 1_000_000)


def moment_or_none(ms: int | None) -> datetime | None:
    return None if ms is None else moment(ms)


def ms_of(when: datetime) -> int:
    """The stored form of a moment, cut to milliseconds."""
    return (when - _EPOCH) // _MILLISECOND


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

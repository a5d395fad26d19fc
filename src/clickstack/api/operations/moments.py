"""Stored moments on the wire."""

from __future__ import annotations

from clickstack.core.clock import Clock, iso_millis, utc_datetime


def iso(ms: int) -> str:
    """Milliseconds since 1970 UTC as every reply writes a time.

    >>> iso(1_767_225_600_000)
    '2026-01-01T00:00:00.000Z'
    """
    return iso_millis(utc_datetime(ms * 1_000_000))


def now_ms(clock: Clock) -> int:
    return clock.now_ns() // 1_000_000

"""Half-open time ranges and bucket widths."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from zoneinfo import available_timezones

from .errors import BadRequest

UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_UNIT_NAMES = {"second": "s", "minute": "m", "hour": "h", "day": "d", "week": "w"}
_SHORT = re.compile(r"(\d{1,6})\s*([smhdw])")
_LONG = re.compile(r"(\d{1,6})\s*(second|minute|hour|day|week)s?")

# Bucket widths that `auto` may choose, in seconds (reference/api-v2.md §5.4, with its missing 10 m).
AUTO_STEPS_S = (
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    21_600,
    43_200,
    86_400,
    172_800,
    604_800,
    2_592_000,
)


BUCKETS_MAX = 60  # of a range that leaves its bucket width open


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Moments in milliseconds since 1970 UTC, start included, end excluded."""

    start_ms: int
    end_ms: int

    @property
    def seconds(self) -> float:
        return (self.end_ms - self.start_ms) / 1000

    @property
    def empty(self) -> bool:
        return self.end_ms <= self.start_ms


def granularity_seconds(text: str) -> int:
    """Seconds of `30s`, `5m`, `1h`, `2d`, `5 minute`. Raises BadRequest."""
    match = _SHORT.fullmatch(text.strip()) or _LONG.fullmatch(text.strip())
    if match is None or int(match[1]) == 0:
        raise BadRequest(f"granularity: {text!r} is not a bucket width such as 30s, 5m, 1h or 1d")
    return int(match[1]) * UNIT_SECONDS[_UNIT_NAMES.get(match[2], match[2])]


def checked_zone(text: str) -> str:
    """The name of a time zone; blank is UTC. Raises BadRequest for one that does not exist."""
    name = text.strip() or "UTC"
    if name not in _zones():
        raise BadRequest(f"timeZone: {text[:80]!r} is not a time zone such as UTC or Europe/Berlin")
    return name


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def auto_granularity_seconds(time_range: TimeRange, buckets_max: int = BUCKETS_MAX, step_min_s: int = 15) -> int:
    """The smallest step of AUTO_STEPS_S that cuts the range into at most `buckets_max` buckets.

    >>> auto_granularity_seconds(TimeRange(0, 3_600_000))
    60
    """
    wanted = max(step_min_s, math.ceil(time_range.seconds / buckets_max))
    return next((step for step in AUTO_STEPS_S if step >= wanted), AUTO_STEPS_S[-1])

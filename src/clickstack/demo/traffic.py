"""How busy the shop is, and where its chance comes from.

Traffic is a smooth wave over the day with a ripple in every hour, with mean 1 over a day, so that `rate` traces per
second is the average. Its integral is known in closed form: that is what lets a counter be computed for any moment
without replaying the past (see metrics.py).
"""

from __future__ import annotations

import hashlib
import math
import random

SECOND_NS = 1_000_000_000
_DAY_S, _HOUR_S = 86_400.0, 3_600.0
_DAY_SWING, _HOUR_SWING = 0.40, 0.12
_QUIETEST_HOUR = 3.0  # UTC; the busiest is twelve hours later
_DAY_PHASE = -math.pi / 2 - 2 * math.pi * _QUIETEST_HOUR / 24


def traffic(second: float) -> float:
    """The traffic at a moment (seconds since 1970), 1 being the average."""
    day = 2 * math.pi * (second % _DAY_S) / _DAY_S
    hour = 2 * math.pi * (second % _HOUR_S) / _HOUR_S
    return 1 + _DAY_SWING * math.sin(day + _DAY_PHASE) + _HOUR_SWING * math.sin(hour)


def traffic_between(start_s: float, end_s: float) -> float:
    """The integral of `traffic` from `start_s` to `end_s`, in average-seconds."""
    return _primitive(end_s) - _primitive(start_s) + (end_s - start_s)


def _primitive(second: float) -> float:
    day = 2 * math.pi * (second % _DAY_S) / _DAY_S
    hour = 2 * math.pi * (second % _HOUR_S) / _HOUR_S
    return -(
        _DAY_SWING * _DAY_S / (2 * math.pi) * math.cos(day + _DAY_PHASE)
        + _HOUR_SWING * _HOUR_S / (2 * math.pi) * math.cos(hour)
    )


def chance_of(*words: str | int) -> random.Random:
    """A stream of chance that depends on the words alone, the same on every machine."""
    return random.Random(digest_of(*words))  # noqa: S311  (demo data must be repeatable, not secret)


def digest_of(*words: str | int) -> int:
    """128 bits that depend on the words alone."""
    text = "/".join(map(str, words)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "big")


def unit_of(*words: str | int) -> float:
    """A number from 0 (included) to 1 (excluded) that depends on the words alone."""
    return (digest_of(*words) >> 75) / (1 << 53)

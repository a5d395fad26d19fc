"""How long telemetry is kept: a length of time as operators write it.

Whole days `30d`, or hours, minutes and seconds as Go writes durations: `720h`, `90m`, `1h30m`
(reference/ingestion.md §6.1). Days do not mix with the others, and there are no weeks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from .errors import BadRequest
from .limits import RETENTION_S_MAX

WANTED = "a time such as 30d, 720h or 1h30m"

_DAYS = re.compile(r"([0-9]{1,9})d")
_CLOCK = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?[hms])+")
_CLOCK_PART = re.compile(r"([0-9.]+)([hms])")
_SECONDS = {"h": 3600, "m": 60, "s": 1}
# Coarsest first: letter, word of ClickHouse's toInterval…, seconds.
_UNITS = (("d", "Day", 86_400), ("h", "Hour", 3600), ("m", "Minute", 60), ("s", "Second", 1))


@dataclass(frozen=True, slots=True)
class Lifetime:
    """A length of time in whole seconds, from 1 to RETENTION_S_MAX.

    >>> lifetime = parse_lifetime("720h")
    >>> lifetime.seconds, str(lifetime), lifetime.interval
    (2592000, '30d', 'toIntervalDay(30)')
    """

    seconds: int

    def __str__(self) -> str:
        letter, _, unit_s = self._unit()
        return f"{self.seconds // unit_s}{letter}"

    @property
    def interval(self) -> str:
        """As SQL, in the coarsest unit that is exact."""
        _, word, unit_s = self._unit()
        return f"toInterval{word}({self.seconds // unit_s})"

    def _unit(self) -> tuple[str, str, int]:
        return next(unit for unit in _UNITS if self.seconds % unit[2] == 0)


def parse_lifetime(text: str) -> Lifetime:
    """Raises BadRequest that says what is wrong and what is wanted.

    >>> str(parse_lifetime("1h30m")), str(parse_lifetime("0.5h"))
    ('90m', '30m')
    """
    seconds = _seconds(text.strip())
    if seconds is None:
        raise BadRequest(f"{text!r} is not {WANTED}.")
    if seconds.denominator != 1 or not 1 <= seconds <= RETENTION_S_MAX:
        raise BadRequest(f"{text!r} must be whole seconds, from 1s to {RETENTION_S_MAX // 86_400}d.")
    return Lifetime(int(seconds))


def _seconds(text: str) -> Fraction | None:
    if days := _DAYS.fullmatch(text):
        return Fraction(int(days[1]) * 86_400)
    if not _CLOCK.fullmatch(text):
        return None
    return sum((Fraction(number) * _SECONDS[unit] for number, unit in _CLOCK_PART.findall(text)), Fraction(0))

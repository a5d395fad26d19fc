"""Times as people write them in a query, in UTC unless they carry an offset."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from .predicate import Unmatchable

_TIME = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})"
    r"(?:[T ](?P<minute>\d{2}:\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d{1,9}))?)?)?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)
_EPOCH = re.compile(r"\d{10}|\d{13}|\d{16}|\d{19}")  # seconds, milli-, micro-, nanoseconds since 1970
_NS_MAX = 9_223_372_036_000_000_000  # 2262-04-11, the end of DateTime64(9)


def moment_range(text: str, name: str) -> tuple[str, str]:
    """The first moment a text names and the first after it, as `2026-11-23 01:02:03.000000000`.

    >>> moment_range("2026-11-23", "Timestamp")
    ('2026-11-23 00:00:00.000000000', '2026-11-24 00:00:00.000000000')

    Raises Unmatchable when the text is not a time.
    """
    text = text.strip()
    match = _TIME.fullmatch(text)
    if _EPOCH.fullmatch(text):
        unit_ns = 10 ** (19 - len(text))
        start_ns, width_ns = int(text) * unit_ns, unit_ns
    elif match:
        start_ns, width_ns = _written(match, name)
    else:
        raise Unmatchable(f"{name} is a time, never {text!r}; write 2026-11-23 or 2026-11-23T14:05:00.")
    if not 0 <= start_ns < _NS_MAX:
        raise Unmatchable(f"{name}: {text!r} is outside the years 1970 to 2262.")
    return _stamp(start_ns), _stamp(min(start_ns + width_ns, _NS_MAX))


def _written(match: re.Match[str], name: str) -> tuple[int, int]:
    """Nanoseconds since 1970 and the width of what is named: a day, minute, second or its last digit."""
    clock = f"{match['minute'] or '00:00'}:{match['second'] or '00'}"
    try:
        moment = datetime.fromisoformat(f"{match['date']}T{clock}").replace(tzinfo=_zone(match["zone"]))
    except ValueError:
        raise Unmatchable(f"{name}: {match[0]!r} is not a date of the calendar.") from None
    fraction = match["fraction"] or ""
    seconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    start_ns = seconds * 1_000_000_000 + int(fraction.ljust(9, "0"))
    if fraction:
        return start_ns, int(10 ** (9 - len(fraction)))
    width_s = 1 if match["second"] else 60 if match["minute"] else 86_400
    return start_ns, width_s * 1_000_000_000


def _zone(text: str | None) -> timezone:
    if text in (None, "Z"):
        return UTC
    assert text is not None
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=minutes if text[0] == "+" else -minutes))


def _stamp(ns: int) -> str:
    seconds, rest = divmod(ns, 1_000_000_000)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{rest:09d}"

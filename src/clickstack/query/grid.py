"""Buckets of time by the clock on the wall of a time zone.

A bucket begins where the wall clock shows a multiple of the width, counted from 1970-01-01 00:00 there: days begin at
midnight and have 23 or 25 hours when the clocks change. Where a change jumps over a beginning, the bucket
begins with the change; what the clocks show twice stays one bucket, unless it is whole buckets. Offsets come from the
time zone data of this program alone, never from the engine's, so that the buckets of a query and those that are filled
in beside it are the same. In UTC all of this is: multiples of the width since 1970.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from clickstack.core.chart import ChartConfig
from clickstack.core.sql import Sql
from clickstack.core.timerange import TimeRange

DAY_S = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Changes are looked for from 1970 to the end of DateTime64(9) in 2262; what a zone does beyond is nobody's plan.
_CHANGES_FROM_S, _CHANGES_UNTIL_S = 0, 9_223_372_036


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start_s` on, the wall clock is `offset_s` ahead of UTC. `first_s` is the bucket that the start lies in."""

    start_s: int
    offset_s: int
    first_s: int


@dataclass(frozen=True, slots=True)
class Grid:
    """All moments are seconds since 1970 UTC, ranges as everywhere in milliseconds.

    `origin_s` is where a bucket begins instead of at 1970; in UTC only.
    """

    width_s: int
    zone: str = "UTC"
    origin_s: int = 0

    @classmethod
    def of(cls, chart: ChartConfig, width_s: int) -> Grid:
        return cls(width_s, chart.time_zone, chart.origin_s)

    def aligned(self, time_range: TimeRange) -> TimeRange:
        """The range widened to whole buckets."""
        start_s = self.start(time_range.start_ms // 1000)
        end_s = -(-time_range.end_ms // 1000)
        if self.start(end_s) != end_s:
            end_s = next(self._beginnings(end_s, end_s + 2 * self.width_s + 2 * DAY_S))
        return TimeRange(start_s * 1000, end_s * 1000)

    def starts_ms(self, time_range: TimeRange) -> list[int]:
        """The beginnings of all buckets that hold a part of the range."""
        if time_range.empty:
            return []
        first_s = self.start(time_range.start_ms // 1000)
        rest = self._beginnings(first_s + 1, -(-time_range.end_ms // 1000))
        return [first_s * 1000, *(start_s * 1000 for start_s in rest)]

    def start(self, moment_s: int) -> int:
        """The beginning of a moment's bucket."""
        stretches = self._stretches(moment_s, moment_s)
        at = bisect_right([each.start_s for each in stretches], moment_s) - 1
        return _start(stretches[max(at, 0)], moment_s, self.width_s)

    def sql(self, seconds: Sql, time_range: TimeRange) -> Sql:
        """The beginning of the bucket of `seconds`, an integer expression; for moments in the range and before it."""
        stretches = self._of_range(time_range)
        parts: list[Sql | str] = []
        for this, following in zip(stretches, [*stretches[1:], None], strict=True):
            start = _regular(seconds, this, self.width_s)
            if this is not stretches[0]:
                start = Sql.of("if(", start, f" > {this.start_s}, ", start, f", {this.first_s})")
            parts += [seconds, f" < {following.start_s}, ", start, ", "] if following else [start]
        return Sql.of("multiIf(", *parts, ")") if len(stretches) > 1 else Sql.of(*parts)

    def length_sql(self, bucket: str, time_range: TimeRange) -> str:
        """How many seconds a bucket has, as SQL over its beginning."""
        odd: dict[int, int] = {}
        for change in self._of_range(time_range)[1:]:
            around_s = 2 * self.width_s + 2 * DAY_S
            near = TimeRange((change.start_s - around_s) * 1000, (change.start_s + around_s) * 1000)
            starts = [ms // 1000 for ms in self.starts_ms(near)]
            odd |= {start: end - start for start, end in pairwise(starts) if end - start != self.width_s}
        if not odd:
            return str(self.width_s)
        return f"transform({bucket}, {list(odd)}, {list(odd.values())}, {self.width_s})"

    def divided_by(self, step_s: int, time_range: TimeRange) -> bool:
        """Whether every bucket of the range begins at a multiple of the step since 1970 UTC."""
        if self.zone == "UTC":
            return self.width_s % step_s == self.origin_s % step_s == 0
        return all(start_ms // 1000 % step_s == 0 for start_ms in self.starts_ms(time_range))

    def before(self, time_range: TimeRange) -> TimeRange:
        """The range just before, as long by the clock; earlier by whole buckets, so that both lie on each other."""
        span_ms = self._span_ms(time_range)
        return TimeRange(self._moved(time_range.start_ms, -span_ms), self._moved(time_range.end_ms, -span_ms))

    def later_ms(self, moment_ms: int, time_range: TimeRange) -> int:
        """A bucket of the range before, moved into this one."""
        return self.start(self._moved(moment_ms, self._span_ms(time_range)) // 1000) * 1000

    def _span_ms(self, time_range: TimeRange) -> int:
        change_s = _offset_s(self.zone, time_range.end_ms // 1000) - _offset_s(self.zone, time_range.start_ms // 1000)
        step_ms = self.width_s * 1000
        return -(-(time_range.end_ms - time_range.start_ms + change_s * 1000) // step_ms) * step_ms

    def _moved(self, moment_ms: int, by_ms: int) -> int:
        """A moment later or earlier by the wall clock."""
        before_s = _offset_s(self.zone, moment_ms // 1000)
        after_s = _offset_s(self.zone, (moment_ms + by_ms) // 1000)
        return moment_ms + by_ms + (before_s - after_s) * 1000

    def _beginnings(self, from_s: int, until_s: int) -> Iterator[int]:
        """The beginnings of buckets, from ≤ beginning < until."""
        stretches = self._stretches(from_s, until_s)
        for this, following in zip(stretches, [*stretches[1:], None], strict=True):
            low_s = max(from_s, this.start_s)
            high_s = min(until_s, following.start_s) if following else until_s
            if this.first_s == this.start_s and from_s <= this.start_s < until_s:
                yield this.start_s
            rest = (low_s + this.offset_s) % self.width_s
            regular_s = low_s + (self.width_s - rest if rest else 0)
            if regular_s == this.start_s:
                regular_s += self.width_s
            yield from range(regular_s, high_s, self.width_s)

    def _of_range(self, time_range: TimeRange) -> tuple[Stretch, ...]:
        """Those that the range needs; the first begins so long before that its own beginning does not matter."""
        from_s, until_s = time_range.start_ms // 1000 - 2 * self.width_s, -(-time_range.end_ms // 1000)
        stretches = self._stretches(from_s, until_s)
        at = max(bisect_right([each.start_s for each in stretches], from_s) - 1, 0)
        return tuple(each for each in stretches[at:] if each.start_s < until_s)

    def _stretches(self, from_s: int, until_s: int) -> tuple[Stretch, ...]:
        if self.zone == "UTC":
            long_ago_s = -DAY_S - self.width_s  # before the first bucket that holds a moment since 1970
            return (Stretch(long_ago_s, -self.origin_s % self.width_s, long_ago_s - self.width_s),)
        first, last = from_s // _SPAN_S - 1, until_s // _SPAN_S + 1
        return _stretches(self.zone, self.width_s, first * _SPAN_S - 2 * self.width_s, (last + 1) * _SPAN_S)


_SPAN_S = 400 * DAY_S  # ranges are looked at in pieces of this length, so that near ones share what is known


def _start(stretch: Stretch, moment_s: int, width_s: int) -> int:
    regular_s = moment_s - (moment_s + stretch.offset_s) % width_s
    return regular_s if regular_s > stretch.start_s else stretch.first_s


def _regular(seconds: Sql, stretch: Stretch, width_s: int) -> Sql:
    ahead_s = stretch.offset_s % width_s
    shifted = Sql.of("(", seconds, f" + {ahead_s})") if ahead_s else seconds
    return Sql.of("(", seconds, " - ", shifted, f" % {width_s})")


@lru_cache(maxsize=256)
def _stretches(zone: str, width_s: int, from_s: int, until_s: int) -> tuple[Stretch, ...]:
    """The stretches of a time; one alone when the changes in it leave the grid as it is."""
    changes = list(_changes(zone, from_s, until_s))
    offset_s = _offset_s(zone, from_s)
    if all((after_s - offset_s) % width_s == 0 for _, after_s in changes):
        return (Stretch(from_s, offset_s, from_s - (from_s + offset_s) % width_s),)
    stretches = [Stretch(from_s, offset_s, from_s - (from_s + offset_s) % width_s)]
    for moment_s, after_s in changes:
        last = stretches[-1]
        same = (moment_s - 1 + last.offset_s) // width_s == (moment_s + after_s) // width_s
        first_s = _start(last, moment_s - 1, width_s) if same else moment_s
        stretches.append(Stretch(moment_s, after_s, first_s))
    return tuple(stretches)


def _changes(zone: str, from_s: int, until_s: int) -> Iterator[tuple[int, int]]:
    """When the clocks of a zone change, and how far they are ahead from then on. No two changes lie within a day."""
    low_s, until_s = max(from_s, _CHANGES_FROM_S), min(until_s, _CHANGES_UNTIL_S)
    before_s = _offset_s(zone, low_s)
    while low_s < until_s:
        high_s = min(low_s + DAY_S, until_s)
        after_s = _offset_s(zone, high_s)
        if after_s != before_s:
            under_s, over_s = low_s, high_s
            while over_s - under_s > 1:
                middle_s = (under_s + over_s) // 2
                if _offset_s(zone, middle_s) == before_s:
                    under_s = middle_s
                else:
                    over_s = middle_s
            yield over_s, after_s
        low_s, before_s = high_s, after_s


def _offset_s(zone: str, moment_s: int) -> int:
    moment = _EPOCH + timedelta(seconds=min(max(moment_s, _CHANGES_FROM_S), _CHANGES_UNTIL_S))
    offset = moment.astimezone(ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds()) if offset else 0

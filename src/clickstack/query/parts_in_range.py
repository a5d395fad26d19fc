"""Which parts of a table may hold rows of a time range, and which share of their rows lies in it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from clickstack.core.sql import Sql, literal
from clickstack.core.timerange import TimeRange
from clickstack.store import Part


@dataclass(frozen=True, slots=True)
class PartsInRange:
    """`share` of their `rows` lies in the range, taken as evenly spread over the time of each; the first is of
    `first_s` (seconds since 1970; infinite where nobody knows). The parts that cannot hold rows of the range are left
    out by name, a whole partition by its own: so a part that has come since is not missed."""

    rows: int
    share: float
    first_s: float
    left_out: tuple[str, ...]
    partitions_left_out: tuple[str, ...]

    def conditions(self) -> list[Sql]:
        """On `part_name`, as table functions over indexes have it; its first piece is the partition's name."""
        found = {"part_name": self.left_out, "substringIndex(part_name, '_', 1)": self.partitions_left_out}
        return [Sql.of(f"{of} NOT IN ({', '.join(map(literal, names))})") for of, names in found.items() if names]


def parts_in_range(parts: Iterable[Part], time_range: TimeRange) -> PartsInRange:
    """All parts are in the range whose partition knows no time."""
    start_s, end_s = time_range.start_ms // 1000, -(-time_range.end_ms // 1000)
    inside, outside = list[Part](), list[Part]()
    for part in parts:
        apart = part.last_s and (part.last_s < start_s or part.first_s >= end_s)
        (outside if apart else inside).append(part)
    rows = sum(part.rows for part in inside)
    rows_inside = sum(part.rows * _share(part, start_s, end_s) for part in inside)
    partitions = {part.partition for part in inside}
    return PartsInRange(
        rows=rows,
        share=min(1.0, rows_inside / rows) if rows else 1.0,
        first_s=min((part.first_s for part in inside if part.last_s), default=math.inf),
        left_out=tuple(part.name for part in outside if part.partition in partitions),
        partitions_left_out=tuple(sorted({part.partition for part in outside} - partitions)),
    )


def _share(part: Part, start_s: int, end_s: int) -> float:
    """Of a part's rows."""
    if not part.last_s:
        return 1.0
    seconds = min(part.last_s + 1, end_s) - max(part.first_s, start_s)
    return max(seconds, 0) / (part.last_s + 1 - part.first_s)

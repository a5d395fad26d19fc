"""What durations were like: quantiles out of counted buckets."""

from __future__ import annotations

from .durations import BOUNDS_S, DurationCounts


def quantile_s(counted: DurationCounts, level: float, since: DurationCounts | None = None) -> float | None:
    """The duration that the share `level` of them did not exceed, evenly spread inside its bucket; None without any.

    `since` leaves out what was counted before. What is longer than the last bound counts as that bound.
    """
    earlier = since.counts if since else (0,) * len(counted.counts)
    counts = [now - before for now, before in zip(counted.counts, earlier, strict=True)]
    rank = level * sum(counts)
    if rank <= 0:
        return None
    below, lower = 0, 0.0
    for count, upper in zip(counts, BOUNDS_S, strict=False):
        if count and below + count >= rank:
            return lower + (upper - lower) * (rank - below) / count
        below, lower = below + count, upper
    return BOUNDS_S[-1]

"""How long things take, as counts in fixed buckets: cheap to keep, and any percentile can be read off later."""

from __future__ import annotations

import bisect
import threading
from dataclasses import dataclass

# Upper bounds in seconds: an acknowledgement takes milliseconds, a load up to a few seconds.
BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class DurationCounts:
    """`counts[i]` durations of at most BOUNDS_S[i] and more than the bound before; the last count is of longer ones."""

    counts: tuple[int, ...]
    sum_s: float


class Durations:
    """Safe from many threads."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS_S) + 1)
        self._sum_s = 0.0
        self._lock = threading.Lock()

    def add(self, seconds: float) -> None:
        with self._lock:
            self._counts[bisect.bisect_left(BOUNDS_S, seconds)] += 1
            self._sum_s += seconds

    def read(self) -> DurationCounts:
        with self._lock:
            return DurationCounts(tuple(self._counts), self._sum_s)

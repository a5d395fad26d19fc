"""What the room has done since the process began, for who watches the watchman. Safe from any thread."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

LATE_BOUNDS_S = (1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)


@dataclass(frozen=True, slots=True)
class Lateness:
    """How long after their time windows were judged: how many up to each bound and above the last, and the sum."""

    counts: tuple[int, ...]
    sum_s: float


class AlertCounts:
    """Each count is by its labels: (state,), (error type,), (message kind,), (service, outcome)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: Counter[tuple[str, ...]] = Counter()
        self._failures: Counter[tuple[str, ...]] = Counter()
        self._messages: Counter[tuple[str, ...]] = Counter()
        self._deliveries: Counter[tuple[str, ...]] = Counter()
        self._late = [0] * (len(LATE_BOUNDS_S) + 1)
        self._late_s = 0.0

    def judged(self, state: str, late_s: float) -> None:
        with self._lock:
            self._windows[(state.lower(),)] += 1
            self._late[bisect_left(LATE_BOUNDS_S, late_s)] += 1
            self._late_s += late_s

    def failed(self, error_type: str) -> None:
        with self._lock:
            self._failures[(error_type.lower(),)] += 1

    def told(self, kind: str) -> None:
        with self._lock:
            self._messages[(kind,)] += 1

    def delivered(self, service: str, outcome: str) -> None:
        with self._lock:
            self._deliveries[(service, outcome)] += 1

    @property
    def windows(self) -> Mapping[tuple[str, ...], int]:
        return self._copy(self._windows)

    @property
    def failures(self) -> Mapping[tuple[str, ...], int]:
        return self._copy(self._failures)

    @property
    def messages(self) -> Mapping[tuple[str, ...], int]:
        return self._copy(self._messages)

    @property
    def deliveries(self) -> Mapping[tuple[str, ...], int]:
        return self._copy(self._deliveries)

    @property
    def lateness(self) -> Lateness:
        with self._lock:
            return Lateness(tuple(self._late), self._late_s)

    def _copy(self, counter: Counter[tuple[str, ...]]) -> Mapping[tuple[str, ...], int]:
        with self._lock:
            return dict(counter)

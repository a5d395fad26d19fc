"""What happened to records, per signal, since the start."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from .signals import SIGNAL_NAMES, SignalName

Event = Literal["accepted", "rejected", "loaded", "dead", "failed_loads"]


@dataclass(frozen=True, slots=True)
class SignalCounters:
    """Records, except where said: `rejected` are requests refused (an unreadable one has no count), `queued` is
    what is durable and not loaded, `dead` what lies in dead letters, `failed_loads` are attempts.
    """

    accepted: int
    rejected: int
    queued: int
    loaded: int
    dead: int
    failed_loads: int


class Counters:
    """Sums of events. Safe from many threads."""

    def __init__(self) -> None:
        self._sums: Counter[tuple[SignalName, Event]] = Counter()
        self._lock = threading.Lock()

    def add(self, signal: SignalName, event: Event, count: int) -> None:
        with self._lock:
            self._sums[signal, event] += count

    def snapshot(self, queued: dict[SignalName, int]) -> dict[SignalName, SignalCounters]:
        with self._lock:
            sums = dict(self._sums)
        return {
            name: SignalCounters(
                accepted=sums.get((name, "accepted"), 0),
                rejected=sums.get((name, "rejected"), 0),
                queued=queued[name],
                loaded=sums.get((name, "loaded"), 0),
                dead=sums.get((name, "dead"), 0),
                failed_loads=sums.get((name, "failed_loads"), 0),
            )
            for name in SIGNAL_NAMES
        }

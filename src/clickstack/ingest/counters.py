"""What happened to records, per signal, since the start."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from .durations import DurationCounts, Durations
from .signals import SIGNAL_NAMES, SignalName

Event = Literal["accepted", "bytes", "rejected", "rejected_records", "loaded", "dead", "failed_loads"]


@dataclass(frozen=True, slots=True)
class SignalCounters:
    """Records, except where said: `bytes` is the size of the accepted ones as protobuf, `rejected` are requests refused
    (an unreadable one has no count), `rejected_records` were left out of accepted requests, `queued` is what is durable
    and not loaded, `dead` what lies in dead letters, `failed_loads` are attempts. `acks` are the times from a request's
    bytes to its being durable, `loads` those of a segment's inserts.
    """

    accepted: int
    bytes: int
    rejected: int
    rejected_records: int
    queued: int
    loaded: int
    dead: int
    failed_loads: int
    acks: DurationCounts
    loads: DurationCounts


@dataclass(frozen=True, slots=True)
class KeyCounters:
    """What came with one ingestion key for one signal: accepted records, their size as protobuf, refused requests, and
    records left out of accepted ones.
    """

    key: str
    signal: SignalName
    accepted: int
    bytes: int
    rejected: int
    rejected_records: int = 0


class Counters:
    """Sums of events. Safe from many threads. `key` names an ingestion key; "" is telemetry that came without."""

    def __init__(self) -> None:
        self._sums: Counter[tuple[SignalName, Event]] = Counter()
        self._by_key: Counter[tuple[str, SignalName, Event]] = Counter()
        self._lock = threading.Lock()
        self.strays = 0  # requests to paths that are none of ours
        self.acks = {name: Durations() for name in SIGNAL_NAMES}
        self.loads = {name: Durations() for name in SIGNAL_NAMES}

    def add(self, signal: SignalName, event: Event, count: int, key: str = "") -> None:
        with self._lock:
            self._sums[signal, event] += count
            if key:
                self._by_key[key, signal, event] += count

    def stray(self) -> None:
        with self._lock:
            self.strays += 1

    def by_key(self) -> list[KeyCounters]:
        with self._lock:
            sums = Counter(self._by_key)
        pairs = sorted({(key, signal) for key, signal, _ in sums})
        return [
            KeyCounters(
                key=key,
                signal=signal,
                accepted=sums[key, signal, "accepted"],
                bytes=sums[key, signal, "bytes"],
                rejected=sums[key, signal, "rejected"],
                rejected_records=sums[key, signal, "rejected_records"],
            )
            for key, signal in pairs
        ]

    def snapshot(self, queued: dict[SignalName, int]) -> dict[SignalName, SignalCounters]:
        with self._lock:
            sums = dict(self._sums)
        return {
            name: SignalCounters(
                accepted=sums.get((name, "accepted"), 0),
                bytes=sums.get((name, "bytes"), 0),
                rejected=sums.get((name, "rejected"), 0),
                rejected_records=sums.get((name, "rejected_records"), 0),
                queued=queued[name],
                loaded=sums.get((name, "loaded"), 0),
                dead=sums.get((name, "dead"), 0),
                failed_loads=sums.get((name, "failed_loads"), 0),
                acks=self.acks[name].read(),
                loads=self.loads[name].read(),
            )
            for name in SIGNAL_NAMES
        }

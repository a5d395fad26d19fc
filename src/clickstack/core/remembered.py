"""Answers that are good for a while."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from .clock import Clock

T = TypeVar("T")


class Remembered:
    """At most `entries_max` answers, each for `age_s_max`. Safe from many threads; two may read the same at once."""

    def __init__(self, clock: Clock, age_s_max: float, entries_max: int) -> None:
        self._clock = clock
        self._age_s_max = age_s_max
        self._entries_max = entries_max
        self._lock = threading.Lock()
        self._known: dict[Hashable, tuple[float, Any]] = {}
        self._forgotten = 0  # times

    def answer(self, what: Hashable, read: Callable[[], T]) -> T:
        """What `read` says, or said a while ago; that there is nothing (None) is read each time.

        Raises what `read` raises.
        """
        now_s = self._clock.monotonic_s()
        with self._lock:
            known, forgotten = self._known.get(what), self._forgotten
        if known and now_s - known[0] < self._age_s_max:
            remembered: T = known[1]
            return remembered
        fresh = read()
        with self._lock:
            if fresh is None or forgotten != self._forgotten:  # it may be of before
                return fresh
            self._known.pop(what, None)
            self._known[what] = (now_s, fresh)
            while len(self._known) > self._entries_max:
                del self._known[next(iter(self._known))]
        return fresh

    def forget(self) -> None:
        """Read all anew from now on; what is being read at this moment is not remembered either."""
        with self._lock:
            self._forgotten += 1
            self._known.clear()

"""The disk the spool may take, shared by the three signals."""

from __future__ import annotations

import threading

from clickstack.core.errors import Busy, TooLarge

RETRY_AFTER_S = 5  # the engine needs seconds, not milliseconds, to work off a full spool


class Budget:
    """Bytes in use out of a limit. `take` refuses with Busy; what earlier runs left is counted by `force`."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def bytes(self) -> int:
        return self._bytes

    def take(self, count: int) -> None:
        """Raises Busy, and TooLarge for what will never have room: its sender must not come back for ever."""
        if count > self._bytes_max:
            raise TooLarge("The request is larger than the whole ingestion spool. Send less at once.")
        with self._lock:
            if self._bytes + count > self._bytes_max:
                raise Busy("The ingestion spool is full: the store is slow or away.", retry_after_s=RETRY_AFTER_S)
            self._bytes += count

    def force(self, count: int) -> None:
        with self._lock:
            self._bytes += count

    def release(self, count: int) -> None:
        with self._lock:
            self._bytes -= count

"""How many requests, and how many bytes of them, may be in memory at once."""

from __future__ import annotations

import threading
from types import TracebackType

from clickstack.core.errors import Busy
from clickstack.core.limits import INGEST_BYTES_IN_FLIGHT_MAX, INGEST_REQUESTS_IN_FLIGHT_MAX

_RETRY_AFTER_S = 1  # requests in flight end with the next commits


class Crowded(Busy):
    """Too many requests at this moment, whatever the state of the store."""

    status = 429


class Admission:
    """The bound. `enter()` is a place for one request; it grows as the body comes in."""

    def __init__(
        self, requests_max: int = INGEST_REQUESTS_IN_FLIGHT_MAX, bytes_max: int = INGEST_BYTES_IN_FLIGHT_MAX
    ) -> None:
        self._requests_max = requests_max
        self._bytes_max = bytes_max
        self._requests = 0
        self._bytes = 0
        self._lock = threading.Lock()

    def enter(self) -> Place:
        """Raises Crowded."""
        with self._lock:
            if self._requests >= self._requests_max:
                raise Crowded("Too many requests at once.", retry_after_s=_RETRY_AFTER_S)
            self._requests += 1
        return Place(self)

    def _grow(self, count: int) -> None:
        with self._lock:
            if self._bytes + count > self._bytes_max:
                raise Crowded("Too many bytes of requests at once.", retry_after_s=_RETRY_AFTER_S)
            self._bytes += count

    def _leave(self, count: int) -> None:
        with self._lock:
            self._requests -= 1
            self._bytes -= count


class Place:
    """One request's share, given back at the end of the `with` block."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._bytes = 0

    def grow(self, count: int) -> None:
        """Account for more bytes held. Raises Crowded."""
        self._admission._grow(count)
        self._bytes += count

    def __enter__(self) -> Place:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._admission._leave(self._bytes)

"""The queries that can be watched and stopped: which wait for a connection, and on which connection each one runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from clickstack.core.errors import Cancelled


class Running:
    """Safe from many threads. Queries without an id cannot be watched."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()  # from asking for a connection to the end
        self._marks: dict[str, str] = {}  # query id → mark of the connection it runs on
        self._cancelled: set[str] = set()

    @contextmanager
    def asked(self, query_id: str | None) -> Iterator[None]:
        """A query can be cancelled from the moment it asks for a connection."""
        if query_id is None:
            yield
            return
        with self._lock:
            self._known.add(query_id)
        try:
            yield
        finally:
            with self._lock:
                self._known.discard(query_id)
                self._cancelled.discard(query_id)

    @contextmanager
    def on(self, mark: str, query_id: str | None) -> Iterator[None]:
        """The query runs on the connection with this mark. Raises Cancelled when it must not begin any more."""
        if query_id is None:
            yield
            return
        with self._lock:
            if query_id in self._cancelled:
                raise Cancelled("The query was cancelled.")
            self._marks[query_id] = mark
        try:
            yield
        finally:
            with self._lock:
                self._marks.pop(query_id, None)

    def mark(self, query_id: str) -> str | None:
        return self._marks.get(query_id)

    def cancel(self, query_id: str, kill: Callable[[str], None]) -> bool:
        """Stop a query wherever it is. `kill(mark)` is called with the lock held: the connection cannot pass on."""
        with self._lock:
            if query_id not in self._known:
                return False
            self._cancelled.add(query_id)
            mark = self._marks.get(query_id)
            if mark is not None:
                kill(mark)
        return True

"""The queries that can be watched and stopped: which wait for a connection, and on which connection each one runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from clickstack.core.errors import Cancelled


@dataclass(slots=True)
class _Query:
    """`mark` is that of the connection it runs on. The lock is its own: stopping one query holds up no other."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    mark: str | None = None
    cancelled: bool = False


class Running:
    """Safe from many threads. Queries without an id cannot be watched."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, _Query] = {}  # from asking for a connection to the end

    @contextmanager
    def asked(self, query_id: str | None) -> Iterator[None]:
        """A query can be cancelled from the moment it asks for a connection."""
        if query_id is None:
            yield
            return
        with self._lock:
            self._known[query_id] = _Query()
        try:
            yield
        finally:
            with self._lock:
                self._known.pop(query_id, None)

    @contextmanager
    def on(self, mark: str, query_id: str | None) -> Iterator[None]:
        """The query, which has asked, runs on the connection with this mark.

        Raises Cancelled when it must not begin any more.
        """
        query = self._find(query_id) if query_id is not None else None
        if query is None:
            yield
            return
        with query.lock:
            if query.cancelled:
                raise Cancelled("The query was cancelled.")
            query.mark = mark
        try:
            yield
        finally:
            with query.lock:
                query.mark = None

    def mark(self, query_id: str) -> str | None:
        query = self._find(query_id)
        return query.mark if query else None

    def cancel(self, query_id: str, kill: Callable[[str], None]) -> bool:
        """Stop a query wherever it is. `kill(mark)` is called with its lock held: the connection cannot pass on."""
        query = self._find(query_id)
        if query is None:
            return False
        with query.lock:
            query.cancelled = True
            if query.mark is not None:
                kill(query.mark)
        return True

    def _find(self, query_id: str) -> _Query | None:
        with self._lock:
            return self._known.get(query_id)

"""The connections to the embedded engine: a few pools of them, each connection used by one thread at a time."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chdb._exceptions import ChdbError  # not chdb.ChdbError: that is another class, never raised by connections
from chdb.state.sqlitelike import Connection, connect

from clickstack.core.clock import SystemClock
from clickstack.core.errors import Busy, StartupError
from clickstack.core.limits import QUERIES_STUCK_MAX, QUERY_STUCK_S
from clickstack.core.sql import literal

from .engine import Pool, PoolName
from .failures import readable, translate
from .query_settings import NO_SETTINGS, Settings, with_settings

CLOSE_WAIT_S = 3.0  # a running query gets this long when the engine closes


@dataclass(frozen=True, slots=True)
class Handle:
    """A connection, and the mark by which system.processes knows its queries.

    The mark is the setting `log_comment`. A comment in the query's text would not do: with bound parameters the engine
    writes the text anew, without comments.
    """

    connection: Connection
    mark: str


class Connections:
    """Raises StartupError when the engine cannot be opened."""

    def __init__(self, directory: Path, config: Path, pools: Mapping[PoolName, Pool]) -> None:
        self._path = f"{directory}?config-file={config}"
        self._pools = pools
        self._opened_ever = itertools.count(1)
        self._free: dict[PoolName, queue.LifoQueue[Handle]] = {name: queue.LifoQueue() for name in pools}
        self._lock = threading.Lock()
        self._lent: dict[PoolName, dict[str, float]] = {name: {} for name in pools}  # mark → since when
        self._stuck: set[str] = set()  # marks of those that others were opened for
        try:
            for name, pool in pools.items():
                for _ in range(pool.connections):
                    self._free[name].put(self._open(pool))
        except RuntimeError as error:
            for free in self._free.values():
                while not free.empty():
                    free.get_nowait().connection.close()
            raise StartupError(f"The engine cannot open {directory}: {readable(str(error))}") from error

    @contextmanager
    def take(
        self, pool: PoolName, settings: Settings = NO_SETTINGS, ours: Mapping[str, int | float | str] | None = None
    ) -> Iterator[Handle]:
        """A connection for this thread. Engine failures inside leave as errors of ours; Busy when none comes free.

        `settings` are of this one use: a connection of its own is opened and closed again, in the place of a free one.
        So are `ours`, which no user chose and nothing bounds.
        """
        if settings or ours:
            with self.take(pool), self._own(pool, settings, ours or {}) as own:
                yield own
            return
        handle = self._borrow(pool)
        mark = handle.mark
        try:
            yield handle
        except ChdbError as error:
            # After a failure the connection may still hold part of the failed answer and prepend it to the next
            # one, which may be another user's. It is never used again (opening one takes 0.2 ms).
            handle.connection.close()
            handle = self._open(self._pools[pool])
            raise translate(str(error), reading=pool != "ingest") from error
        finally:
            with self._lock:
                self._stuck.discard(mark)
                lent = self._lent[pool].pop(mark, None) is not None
            if lent:
                self._free[pool].put(handle)
            else:
                handle.connection.close()

    def _borrow(self, name: PoolName) -> Handle:
        """A free connection. Some functions look at no limit while they work on one row, and hear no cancel; so that a
        few such queries do not close a pool to everybody, others are opened in their place."""
        now_s, pool = SystemClock().monotonic_s, self._pools[name]
        try:
            handle = self._free[name].get(timeout=pool.wait_s)
        except queue.Empty:
            if not self._give_up(name, now_s()):
                raise Busy("Too many queries are running. Try again in a moment.", retry_after_s=2) from None
            handle = self._open(pool)
        with self._lock:
            self._lent[name][handle.mark] = now_s()
        return handle

    def _give_up(self, name: PoolName, now_s: float) -> bool:
        """Whether a connection was lent for so long that it does not count any more."""
        limit_s = self._pools[name].settings.get("max_execution_time")
        if not isinstance(limit_s, int | float) or not limit_s:
            return False
        with self._lock:
            lent = self._lent[name]
            mark = next((mark for mark, since_s in lent.items() if now_s - since_s > limit_s + QUERY_STUCK_S), None)
            if mark is None or len(self._stuck) >= QUERIES_STUCK_MAX:
                return False
            del lent[mark]
            self._stuck.add(mark)
            return True

    @contextmanager
    def _own(self, pool: PoolName, settings: Settings, ours: Mapping[str, int | float | str]) -> Iterator[Handle]:
        limited = with_settings(self._pools[pool], settings)
        last = {name: limited.pop(name) for name in ("readonly",) if name in limited}
        limited |= {**ours, **last}
        handle = Handle(connect(self._path), f"clickstack-{next(self._opened_ever)}")
        try:
            self._prepare(handle, limited)
            yield handle
        except ChdbError as error:
            raise translate(str(error), reading=True) from error
        finally:
            handle.connection.close()

    def close(self) -> None:
        """Close every connection that comes back within a moment; the last one stops the engine."""
        for name, pool in self._pools.items():
            for _ in range(pool.connections):
                try:
                    self._free[name].get(timeout=CLOSE_WAIT_S).connection.close()
                except queue.Empty:
                    return  # a query outlived the drain; the process is about to end anyway

    def _open(self, pool: Pool) -> Handle:
        handle = Handle(connect(self._path), f"clickstack-{next(self._opened_ever)}")
        self._prepare(handle, pool.settings)
        return handle

    def _prepare(self, handle: Handle, settings: Mapping[str, int | float | str]) -> None:
        for name, value in {"log_comment": handle.mark, **settings}.items():
            handle.connection.query(f"SET {name} = {setting(value)}")


def setting(value: str | int | float) -> str:
    """A setting's value as SQL."""
    return literal(value) if isinstance(value, str) else str(value)

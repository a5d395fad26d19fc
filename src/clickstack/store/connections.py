"""The connections to the embedded engine: a few pools of them, each connection used by one thread at a time."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from chdb._exceptions import ChdbError  # not chdb.ChdbError: that is another class, never raised by connections
from chdb.state.sqlitelike import Connection, connect

from clickstack.core.clock import SystemClock
from clickstack.core.errors import Busy, StartupError, StoreFailed
from clickstack.core.limits import QUERIES_STUCK_MAX, QUERY_STUCK_S
from clickstack.core.sql import literal

from .engine import Pool, PoolName
from .failures import readable, translate
from .query_settings import NO_SETTINGS, Settings, with_settings

CLOSE_ROUNDS, CLOSE_ROUND_S = 60, 0.1  # how often, and how far apart, what runs is told to end when the engine closes
_MARK = "clickstack-"


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
        self._closing = False
        self._free: dict[PoolName, queue.LifoQueue[Handle | None]] = {  # None: a place whose connection is to be opened
            name: queue.LifoQueue() for name in pools
        }
        self._loans = itertools.count(1)
        self._lock = threading.Lock()
        self._lent: dict[PoolName, dict[int, float]] = {name: {} for name in pools}  # loan → since when
        self._stuck: set[int] = set()  # loans in whose place others were given
        try:
            for name, pool in pools.items():
                for _ in range(pool.connections):
                    self._free[name].put(self._open(pool))
        except RuntimeError as error:
            for free in self._free.values():
                while (handle := free.get_nowait() if not free.empty() else None) is not None:
                    handle.connection.close()
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
        loan, handle = self._borrow(pool)
        try:
            handle = handle or self._reopen(pool)
            yield handle
        except ChdbError as error:
            # After a failure the connection may still hold part of the failed answer and prepend it to the next
            # one, which may be another user's. It is never used again: who comes next opens one, in 0.2 ms.
            if handle is not None:
                handle.connection.close()
                handle = None
            raise translate(str(error), reading=pool != "ingest") from error
        finally:
            self._give_back(pool, loan, handle)

    def _borrow(self, name: PoolName) -> tuple[int, Handle | None]:
        """A place in the pool, with its connection if that is open. Raises Busy.

        Some functions look at no limit while they work on one row, and hear no cancel; so that a few such queries do
        not close a pool to everybody, their places are given to others.
        """
        handle = None
        try:
            handle = self._free[name].get(timeout=self._pools[name].wait_s)
        except queue.Empty:
            if not self._give_up(name):
                raise Busy("Too many queries are running. Try again in a moment.", retry_after_s=2) from None
        if self._closing:
            self._free[name].put(handle)
            raise Busy("The server is stopping.", retry_after_s=5)
        loan = next(self._loans)
        with self._lock:
            self._lent[name][loan] = _now_s()
        return loan, handle

    def _give_back(self, name: PoolName, loan: int, handle: Handle | None) -> None:
        with self._lock:
            self._stuck.discard(loan)
            has_place = self._lent[name].pop(loan, None) is not None
        if has_place:
            self._free[name].put(handle)
        elif handle is not None:
            handle.connection.close()

    def _give_up(self, name: PoolName) -> bool:
        """Whether a connection was lent for so long that it does not count any more."""
        limit_s = self._pools[name].settings.get("max_execution_time")
        if not isinstance(limit_s, int | float) or not limit_s:
            return False
        with self._lock:
            lent, latest_s = self._lent[name], _now_s() - limit_s - QUERY_STUCK_S
            loan = next((loan for loan, since_s in lent.items() if since_s < latest_s), None)
            if loan is None or len(self._stuck) >= QUERIES_STUCK_MAX:
                return False
            del lent[loan]
            self._stuck.add(loan)
            return True

    @contextmanager
    def _own(self, pool: PoolName, settings: Settings, ours: Mapping[str, int | float | str]) -> Iterator[Handle]:
        limited = with_settings(self._pools[pool], settings)
        last = {name: limited.pop(name) for name in ("readonly",) if name in limited}
        limited |= {**ours, **last}
        handle = Handle(connect(self._path), f"{_MARK}{next(self._opened_ever)}")
        try:
            self._prepare(handle, limited)
            yield handle
        except ChdbError as error:
            raise translate(str(error), reading=True) from error
        finally:
            handle.connection.close()

    def close(self) -> None:
        """Stop what runs and close every connection; the last one stops the engine.

        An engine that is torn down under a running query takes the process with it, and a query that nobody waits for
        any more would hold up the end of the process until its time is over. One that ignores us all is left to that.
        """
        self._closing = True
        killer = self._open(self._pools["admin"])
        wanted = [name for name, pool in self._pools.items() for _ in range(pool.connections)]
        pause = threading.Event()
        for _ in range(CLOSE_ROUNDS):
            wanted = [name for name in wanted if not self._close_free(name)]
            if not wanted:
                break
            with suppress(ChdbError):
                killer.connection.query(_kill_all_but(killer))
            pause.wait(CLOSE_ROUND_S)
        killer.connection.close()

    def _close_free(self, pool: PoolName) -> bool:
        try:
            handle = self._free[pool].get_nowait()
        except queue.Empty:
            return False
        if handle is not None:
            handle.connection.close()
        return True

    def _reopen(self, pool: PoolName) -> Handle:
        """Raises StoreFailed: the process may have too many files open, say, and later fewer."""
        try:
            return self._open(self._pools[pool])
        except RuntimeError as error:
            raise StoreFailed(f"The engine opens no connection: {readable(str(error))}") from error

    def _open(self, pool: Pool) -> Handle:
        handle = Handle(connect(self._path), f"{_MARK}{next(self._opened_ever)}")
        self._prepare(handle, pool.settings)
        return handle

    def _prepare(self, handle: Handle, settings: Mapping[str, int | float | str]) -> None:
        for name, value in {"log_comment": handle.mark, **settings}.items():
            handle.connection.query(f"SET {name} = {setting(value)}")


def _now_s() -> float:
    return SystemClock().monotonic_s()


def _kill_all_but(handle: Handle) -> str:
    mark = "Settings['log_comment']"
    return f"KILL QUERY WHERE startsWith({mark}, {literal(_MARK)}) AND {mark} != {literal(handle.mark)} ASYNC"


def setting(value: str | int | float) -> str:
    """A setting's value as SQL."""
    return literal(value) if isinstance(value, str) else str(value)

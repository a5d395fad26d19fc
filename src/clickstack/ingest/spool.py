"""The durable queue of one signal: what is accepted stays here until its rows are stored.

Writers hand over requests and get a future; one committer thread gathers them for SPOOL_COMMIT_DELAY_S, writes them
with one fsync and completes the futures. Segments close by size, or by age, later while a load is running, and not at
all while every loader has work: a quiet system is searchable at once, a busy one makes big batches.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from clickstack.core.clock import Clock
from clickstack.core.errors import Busy
from clickstack.core.ids import IdSource
from clickstack.core.limits import (
    SPOOL_COMMIT_DELAY_S,
    SPOOL_LOADERS,
    SPOOL_SEGMENT_AGE_BUSY_S,
    SPOOL_SEGMENT_AGE_S,
)
from clickstack.core.threads import join_within

from .budget import RETRY_AFTER_S, Budget
from .check import Checked
from .frame import frame_bytes, seal
from .segment import OpenSegment, Segment, recover

_GATHER_BYTES = 4 * 1024 * 1024  # enough company: commit without waiting out the delay


@dataclass(frozen=True, slots=True)
class _Waiting:
    request: Checked
    received_ns: int
    quiet: bool
    bytes: int
    durable: Future[None]


class Spool:
    """A directory of segments of about `segment_bytes`. Every method may be called from any thread."""

    def __init__(self, directory: Path, budget: Budget, segment_bytes: int, clock: Clock, ids: IdSource) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._budget = budget
        self._clock = clock
        self._ids = ids
        lock = threading.Lock()  # guards all that follows
        self._changed = threading.Condition(lock)  # for the loaders and for `drain`: a segment is there, or was loaded
        self._work = threading.Condition(lock)  # for the committer: requests wait, or there is another reason to look
        self._waiting: deque[_Waiting] = deque()
        self._waiting_bytes = 0
        self._committing = False
        self._open: OpenSegment | None = None
        self._closed: deque[Segment] = deque(recover(directory))
        self._loading: dict[str, Segment] = {}
        self._sealing = False
        self._stopping = False
        for segment in self._closed:
            budget.force(segment.bytes)
        self._committer = threading.Thread(target=self._run, name=f"spool-{directory.name}", daemon=True)
        self._committer.start()

    def append(self, request: Checked, *, quiet: bool) -> Future[None]:
        """Queue a request; the future completes when it is durable. Raises Busy when there is no room.

        The future fails with Busy when the disk refuses; a cancelled future's request is not written if there is time.
        """
        size = frame_bytes(len(request.body))
        self._budget.take(size)
        waiting = _Waiting(request, self._clock.now_ns(), quiet, size, Future())
        with self._changed:
            if self._stopping:
                self._budget.release(size)
                raise Busy("The server is stopping.", retry_after_s=RETRY_AFTER_S)
            self._waiting.append(waiting)
            self._waiting_bytes += size
            if len(self._waiting) == 1 or self._has_company():  # else the committer knows already
                self._work.notify()
        return waiting.durable

    def take(self) -> Segment | None:
        """Wait for the oldest closed segment; None when the spool stops."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._stopping)
            if self._stopping:
                return None
            segment = self._closed.popleft()
            self._loading[segment.id] = segment
            self._work.notify()
            return segment

    def done(self, segment: Segment) -> None:
        """Forget a taken segment: all its rows are stored."""
        segment.delete()
        self.forget(segment)

    def forget(self, segment: Segment) -> None:
        """Forget a taken segment whose file is gone."""
        self._budget.release(segment.bytes)
        with self._changed:
            del self._loading[segment.id]
            self._notify_all()

    def put_back(self, segment: Segment, *, first: bool) -> None:
        """Queue a taken segment again, before or behind the others."""
        with self._changed:
            del self._loading[segment.id]
            (self._closed.appendleft if first else self._closed.append)(segment)
            self._notify_all()

    def adopt(self, segment: Segment) -> None:
        """Queue a segment that somebody else wrote into the directory, whole and durable."""
        self._budget.force(segment.bytes)
        with self._changed:
            self._closed.append(segment)
            self._notify_all()

    def drain(self, timeout_s: float) -> bool:
        """Close what is open and wait until everything is loaded; False when the time ran out."""
        with self._changed:
            self._sealing = True
            self._work.notify()
            return self._changed.wait_for(self._is_empty, timeout_s)

    def queued(self) -> int:
        """Durable records whose rows are not stored yet."""
        with self._changed:
            open_records = self._open.records if self._open else 0
            return open_records + sum(segment.records for segment in (*self._closed, *self._loading.values()))

    def stop(self) -> None:
        """Commit what waits, close the open segment, end the thread. What is not loaded stays for the next run."""
        with self._changed:
            self._stopping = True
            self._notify_all()
        join_within([self._committer])

    def _notify_all(self) -> None:
        """Wake whoever waits for anything. The caller holds the lock."""
        self._changed.notify_all()
        self._work.notify()

    def _is_empty(self) -> bool:
        return not (self._waiting or self._committing or self._open or self._closed or self._loading)

    def _run(self) -> None:
        while True:
            batch, old = self._gather()
            self._commit(batch)
            with self._changed:
                self._committing = False
                stop = self._stopping and not self._waiting
                if self._open and (stop or self._sealing or old or self._seconds_to_seal() == 0):
                    self._close_segment()
                self._sealing = self._sealing and bool(self._waiting)
                if self._is_empty():
                    self._changed.notify_all()
                if stop:
                    return

    def _gather(self) -> tuple[list[_Waiting], bool]:
        """Wait for writers; the flag says that none came in the time the open segment had left."""
        with self._changed:
            old = False
            while not old and not self._has_work():
                left_s = self._seconds_to_seal()  # changes while we wait: loaders come and go
                old = left_s == 0 or not self._work.wait(left_s)
            if self._waiting and not self._stopping:
                self._work.wait_for(self._has_company, timeout=SPOOL_COMMIT_DELAY_S)
            batch = list(self._waiting)
            self._waiting.clear()
            self._waiting_bytes = 0
            self._committing = bool(batch)
            return batch, old

    def _has_work(self) -> bool:
        return bool(self._waiting) or self._stopping or self._sealing

    def _has_company(self) -> bool:
        return self._waiting_bytes >= _GATHER_BYTES or self._stopping

    def _seconds_to_seal(self) -> float | None:
        """How long the open segment may stay open; None without one, and while every loader has work."""
        if self._open is None or len(self._closed) + len(self._loading) >= SPOOL_LOADERS:
            return None
        age_s = SPOOL_SEGMENT_AGE_BUSY_S if self._loading else SPOOL_SEGMENT_AGE_S
        return max(0.0, self._open.opened_s + age_s - self._clock.monotonic_s())

    def _commit(self, batch: Sequence[_Waiting]) -> None:
        """Write a batch, in as many segments as it fills."""
        group: list[_Waiting] = []
        group_bytes = self._open.bytes if self._open else 0
        for waiting in batch:
            if not waiting.durable.set_running_or_notify_cancel():
                self._budget.release(waiting.bytes)
                continue
            group.append(waiting)
            group_bytes += waiting.bytes
            if group_bytes >= self._segment_bytes:
                self._commit_group(group)
                with self._changed:
                    self._close_segment()
                group, group_bytes = [], 0
        if group:
            self._commit_group(group)

    def _commit_group(self, group: Sequence[_Waiting]) -> None:
        try:
            if self._open is None:
                opened = OpenSegment(self._directory, self._ids.object_id(), self._clock.monotonic_s())
                with self._changed:
                    self._open = opened
            self._open.append([piece for waiting in group for piece in _frame(waiting, self._open.seed)])
        except (OSError, MemoryError) as error:
            reason = error.strerror if isinstance(error, OSError) else "out of memory"
            for waiting in group:
                self._budget.release(waiting.bytes)
                waiting.durable.set_exception(
                    Busy(f"The spool cannot be written: {reason}.", retry_after_s=RETRY_AFTER_S)
                )
            if self._open is not None and self._open.failed:
                with self._changed:
                    self._close_segment()
            return
        with self._changed:
            for waiting in group:
                self._open.add(waiting.request.records, waiting.request.kinds, waiting.quiet)
        for waiting in group:
            waiting.durable.set_result(None)

    def _close_segment(self) -> None:
        """Queue the open segment for the loader. The caller holds the lock."""
        if self._open is None:
            return
        segment = self._open.close()
        self._open = None
        if segment is not None:
            self._closed.append(segment)
        self._changed.notify_all()


def _frame(waiting: _Waiting, seed: int) -> list[bytes]:
    request = waiting.request
    return seal(request.body, seed=seed, received_ns=waiting.received_ns, kinds=request.kinds, records=request.records)

"""The threads that turn the segments of one signal into rows, oldest first.

segment ── every table takes it ──────────────────────────► done, file deleted
   │
   ├── the engine is away or busy ── wait, longer each time ── the same segment again, for ever
   │
   └── a table refuses it ── its halves, their halves, … ── single requests are refused:
          ├── the table took something else since: the fault is theirs ──► dead letters, the rest is stored
          └── it took nothing: the fault may be the table's ── behind the others, wait, again
"""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

from clickstack.core.clock import Clock
from clickstack.core.errors import BadQuery, StoreFailed
from clickstack.core.limits import SPOOL_LOAD_ATTEMPT_DELAY_S_MAX, SPOOL_LOADERS
from clickstack.core.log import fields, get_logger
from clickstack.core.threads import join_within
from clickstack.store import Load, Store

from .counters import Counters
from .dead_letters import DeadLetters
from .pieces import Piece, Pieces
from .projections import PROJECTIONS, Projection
from .segment import Segment
from .signals import SignalName
from .spool import Spool

_log = get_logger("ingest")
_ATTEMPT_DELAY_S_MIN = 0.2
_FAILURES_MAX = 5  # a failure of unknown cause that comes back this often is taken for a refusal


class _Refused(Exception):
    """A table does not take some requests."""


class _Unproven(Exception):
    """A table took nothing at all since it refused some requests: whose fault it is cannot be told."""


class Loader:
    """Loads a spool's segments until stopped."""

    def __init__(
        self,
        signal: SignalName,
        spool: Spool,
        store: Store,
        dead_letters: DeadLetters,
        counters: Counters,
        clock: Clock,
    ) -> None:
        self._signal = signal
        self._spool = spool
        self._store = store
        self._dead_letters = dead_letters
        self._counters = counters
        self._clock = clock
        self._stop = threading.Event()
        self._lock = threading.Lock()  # guards what is below
        self._taken: Counter[str] = Counter()  # table → inserts it took since the start
        self._taken_at_refusal: dict[tuple[str, str], int] = {}  # (segment, table) → `_taken` when first refused
        self._whole: set[tuple[str, str]] = set()  # (segment, table) stored whole, of segments not done yet
        self._failures: Counter[str] = Counter()  # token → failures of unknown cause
        self._threads = [
            threading.Thread(target=self._run, name=f"loader-{signal}-{number}", daemon=True)
            for number in range(SPOOL_LOADERS)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after the inserts that are running, or without the ones that last. The spool must have been stopped."""
        self._stop.set()
        join_within(self._threads)

    def _run(self) -> None:
        delay_s = _ATTEMPT_DELAY_S_MIN
        while (segment := self._spool.take()) is not None:
            started_s = self._clock.monotonic_s()
            try:
                dead = self._load(segment)
                self._spool.done(segment)
            except Exception as error:  # whatever it is: this thread must live, and the segment must stay
                if segment.is_gone():
                    _log.error("a segment was removed", extra=fields(signal=self._signal, segment=segment.id))
                    self._spool.forget(segment)
                    continue
                self._put_off(segment, error)
                self._stop.wait(delay_s)
                delay_s = min(2 * delay_s, SPOOL_LOAD_ATTEMPT_DELAY_S_MAX)
            else:
                self._count(segment, dead, self._clock.monotonic_s() - started_s)
                delay_s = _ATTEMPT_DELAY_S_MIN

    def _put_off(self, segment: Segment, error: Exception) -> None:
        self._counters.add(self._signal, "failed_loads", 1)
        _log.warning(
            "load failed, will be tried again",
            extra=fields(signal=self._signal, segment=segment.id, reason=f"{type(error).__name__}: {error}"),
        )
        self._spool.put_back(segment, first=not isinstance(error, _Unproven))

    def _count(self, segment: Segment, dead: int, seconds: float) -> None:
        self._counters.add(self._signal, "loaded", segment.records - dead)
        self._counters.loads[self._signal].add(seconds)
        if not segment.quiet:
            rows, ms = segment.records - dead, round(seconds * 1000, 1)
            _log.info("loaded", extra=fields(signal=self._signal, rows=rows, bytes=segment.bytes, ms=ms))

    def _load(self, segment: Segment) -> int:
        """Store a segment in every table it has rows for; returns the records given up.

        Raises _Unproven, and whatever says that the engine is away.
        """
        segment.trim()
        dead = 0
        for projection in PROJECTIONS[self._signal]:
            if not projection.kind & segment.kinds or (segment.id, projection.table) in self._whole:
                continue
            pieces = Pieces(segment, projection.table)
            if not pieces.begun:
                try:
                    self._insert(projection, segment.path, segment.id)
                    self._whole.add((segment.id, projection.table))
                    continue
                except _Refused:
                    pieces.begin()
            dead += self._load_pieces(projection, segment, pieces)
        self._store.sync()  # once for all tables; only now may the segment go
        self._whole.difference_update((segment.id, projection.table) for projection in PROJECTIONS[self._signal])
        return dead

    def _load_pieces(self, projection: Projection, segment: Segment, pieces: Pieces) -> int:
        """Store what the table takes; returns the records in dead letters. Raises _Unproven."""
        key = segment.id, projection.table
        with self._lock:
            taken_at_refusal = self._taken_at_refusal.setdefault(key, self._taken[projection.table])
        refused: list[tuple[Piece, str]] = []
        waiting = pieces.all()
        while waiting:
            piece = waiting.pop()
            reason = self._refusal(projection, pieces, piece)
            if reason is not None and piece.single:
                refused.append((piece, reason))
            elif reason is not None:
                pieces.settle(piece, "split")
            if pieces.verdict(piece) == "split":
                waiting.extend(reversed(piece.halves()))
        if refused and self._taken[projection.table] == taken_at_refusal:
            raise _Unproven(f"{projection.table} takes nothing: {refused[0][1]}")
        with self._lock:
            del self._taken_at_refusal[key]
        for piece, _ in refused:
            self._bury(projection, pieces, piece)
        return pieces.dead_records()

    def _refusal(self, projection: Projection, pieces: Pieces, piece: Piece) -> str | None:
        """Why the table does not take a piece; None when it did, or when nothing is to be done about it."""
        if pieces.verdict(piece) is not None:
            return None
        try:
            with pieces.file(piece) as path:
                self._insert(projection, path, pieces.token(piece))
        except _Refused as error:
            return str(error)
        self._store.sync()
        pieces.settle(piece, "stored")
        return None

    def _bury(self, projection: Projection, pieces: Pieces, piece: Piece) -> None:
        """A last try, now that the table is known to take others; then a dead letter."""
        reason = self._refusal(projection, pieces, piece)
        if reason is None:
            return
        frame, body = pieces.request(piece)
        name = f"{projection.table}-{pieces.token(piece)}"
        self._dead_letters.add(name, self._signal, projection.table, frame.records, body, reason)
        pieces.settle(piece, "dead")
        self._counters.add(self._signal, "dead", frame.records)
        _log.error("dead letter", extra=fields(signal=self._signal, name=name, rows=frame.records, reason=reason))

    def _insert(self, projection: Projection, path: Path, token: str) -> None:
        """One INSERT. Raises _Refused when the data is at fault, and whatever else the store raises."""
        load = Load(
            table=projection.table,
            columns=projection.columns,
            select=projection.select,
            structure=projection.structure,
            proto=projection.proto,
            message="Request",
            path=path.resolve(),
            token=token,
        )
        try:
            self._store.load(load)
        except BadQuery as error:
            raise _Refused(error.message) from error
        except StoreFailed as error:
            with self._lock:
                self._failures[token] += 1
                may_pass = self._failures[token] < _FAILURES_MAX
            if may_pass:
                raise
            raise _Refused(str(error)) from error
        with self._lock:
            self._taken[projection.table] += 1
            self._failures.pop(token, None)

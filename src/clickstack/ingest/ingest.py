"""The way of a request from checked bytes to durable ones, for every receiver and for the server's own telemetry."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from clickstack.core.clock import Clock
from clickstack.core.ids import IdSource
from clickstack.core.limits import SPOOL_SEGMENT_BYTES
from clickstack.core.log import fields, get_logger
from clickstack.core.settings import Settings
from clickstack.store import Store

from .admission import Admission
from .budget import Budget
from .check import Checked, check
from .counters import Counters, KeyCounters, SignalCounters
from .dead_letters import DeadLetters
from .loader import Loader
from .parts import turn_to_read
from .redrive import redrive
from .signals import SIGNAL_NAMES, SignalName
from .spool import Spool
from .spool_state import DeadLetter

_log = get_logger("ingest")


# Whether an ingestion key ("" when none was sent) may write; a name instead of True makes counters know the key.
# Raises WouldBlock on an event loop when it has to be asked in a thread.
KeyCheck = Callable[[str], bool | str | None]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request that is stored for good. `rejected` records of it were not taken, and `message` says why."""

    records: int
    rejected: int = 0
    message: str = ""


class Ingest:
    """Three spools and their loaders. Every method may be called from any thread."""

    def __init__(self, data_dir: Path, store: Store, settings: Settings, clock: Clock, ids: IdSource) -> None:
        self.admission = Admission()
        self._data_dir = data_dir
        self._clock = clock
        self._budget = Budget(settings.spool_mb * 1024 * 1024)
        self._counters = Counters()
        dead_letters = DeadLetters(data_dir / "dead-letters", clock)
        self._spools = {
            name: Spool(data_dir / "spool" / name, self._budget, SPOOL_SEGMENT_BYTES[name], clock, ids)
            for name in SIGNAL_NAMES
        }
        self._loaders = [
            Loader(name, self._spools[name], store, dead_letters, self._counters, clock) for name in SIGNAL_NAMES
        ]

    def accept(
        self, signal: SignalName, body: bytes, *, wait: bool = True, quiet: bool = False, key: str = ""
    ) -> Accepted:
        """Take a protobuf Export…ServiceRequest (inflated) and return when it is durable, or at once with wait=False.

        `quiet` requests leave no line in the log when they are loaded, so that logging the log does not go round.
        `key` names the ingestion key in counters. Raises BadRequest, and Busy when the spool is full or cannot be
        written.
        """
        accepted, durable = self.submit(signal, body, quiet=quiet, key=key)
        if wait:
            durable.result()
        return accepted

    def submit(
        self, signal: SignalName, body: bytes, *, quiet: bool = False, key: str = ""
    ) -> tuple[Accepted, Future[None]]:
        """As `accept`, for those who wait elsewhere: what may be answered once the future is done without error."""
        started_s = self._clock.monotonic_s()
        with turn_to_read(len(body)):
            request = check(signal, body)
        if request.records == 0:
            done: Future[None] = Future()
            done.set_result(None)
            self.left_out(signal, request.rejected, key)
            return Accepted(0, request.rejected, request.message), done
        durable = self._spools[signal].append(request, quiet=quiet)
        durable.add_done_callback(lambda future: self._count(signal, request, started_s, key, future))
        return Accepted(request.records, request.rejected, request.message), durable

    def refused(self, signal: SignalName, key: str = "") -> None:
        """Count a request that a receiver refused, for whatever reason."""
        self._counters.add(signal, "rejected", 1, key)

    def retry(self, letter: DeadLetter) -> None:
        """Put a dead letter back into the spool. Raises BadRequest, OSError."""
        if segment := redrive(self._data_dir, letter):
            self._spools[letter.signal].adopt(segment)

    def left_out(self, signal: SignalName, records: int, key: str = "") -> None:
        """Count records of an accepted request that cannot be stored."""
        if records:
            self._counters.add(signal, "rejected_records", records, key)

    def strayed(self) -> None:
        """Count a request to a path that is none of ours."""
        self._counters.stray()

    def stray_requests(self) -> int:
        """Requests to paths that are none of ours, since the start."""
        return self._counters.strays

    def counters(self) -> dict[SignalName, SignalCounters]:
        """What happened since the start, and what waits."""
        return self._counters.snapshot({name: spool.queued() for name, spool in self._spools.items()})

    def key_counters(self) -> list[KeyCounters]:
        """What came with each ingestion key since the start, by key and signal."""
        return self._counters.by_key()

    def spool_bytes(self) -> int:
        """Disk in use by requests that are not loaded yet."""
        return self._budget.bytes

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything accepted is loaded; False when the time ran out."""
        deadline_s = self._clock.monotonic_s() + timeout_s
        drained = [spool.drain(max(0.0, deadline_s - self._clock.monotonic_s())) for spool in self._spools.values()]
        return all(drained)

    def close(self, timeout_s: float) -> bool:
        """Load what there is within the time, then stop. What is left stays on disk for the next start."""
        empty = self.flush(timeout_s)
        for spool in self._spools.values():
            spool.stop()
        for loader in self._loaders:
            loader.stop()
        return empty

    def _count(self, signal: SignalName, request: Checked, started_s: float, key: str, durable: Future[None]) -> None:
        if not durable.cancelled() and durable.exception() is None:
            self._counters.add(signal, "accepted", request.records, key)
            self._counters.add(signal, "bytes", len(request.body), key)
            self._counters.acks[signal].add(self._clock.monotonic_s() - started_s)
            self.left_out(signal, request.rejected, key)


def log_request(
    signal: SignalName | None, protocol: str, status: int, accepted: Accepted | None, ms: float, reason: str | None
) -> None:
    """A receiver's one line about a request: what was taken is news to nobody, what was not is. No key, no body."""
    extra = {"signal": signal, "protocol": protocol, "status": status, "ms": ms}
    if accepted and accepted.rejected:
        _log.info("partly stored", extra=fields(**extra, rows=accepted.records, reason=accepted.message))
    elif accepted:
        _log.debug("accepted", extra=fields(**extra, rows=accepted.records))
    else:
        _log.info("refused", extra=fields(**extra, reason=reason))

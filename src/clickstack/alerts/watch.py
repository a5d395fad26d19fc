"""The clock's hand: takes the lease, runs rounds, empties the outbox, forgets what is old."""

from __future__ import annotations

import contextlib
import threading

from clickstack.core.clock import Clock
from clickstack.core.errors import ClickstackError, MetadataAway
from clickstack.core.limits import (
    ALERT_HISTORY_S,
    ALERT_LEASE_MS,
    ALERT_ROUND_EVERY_S,
    AUDIT_LOG_S,
    DELIVERY_LOG_S,
    DELIVERY_PAUSE_S,
    DELIVERY_ROUND_EVERY_S,
    PRUNE_EVERY_S,
    PRUNE_ROWS_MAX,
)
from clickstack.core.log import fields, get_logger
from clickstack.metadata import Lease, LostLease, Metadata

from .counts import AlertCounts
from .delivery import Deliverer
from .engine import AlertEngine, Round

_log = get_logger("alerts")
LEASE = "alerts"


class AlertWatch:
    """Two threads: one judges, one delivers and keeps the lease, so that a long round does not lose it.

    Every process of an installation may have one; who holds the lease works, and when it is gone another takes over
    within ALERT_LEASE_MS.
    """

    def __init__(
        self,
        metadata: Metadata,
        engine: AlertEngine,
        deliverer: Deliverer,
        clock: Clock,
        holder: str,
        counts: AlertCounts,
    ) -> None:
        self._metadata = metadata
        self._engine = engine
        self._deliverer = deliverer
        self._clock = clock
        self._holder = holder
        self.counts = counts
        self._stop = threading.Event()
        self._lease: Lease | None = None
        self._kept_s = 0.0
        self._pruned_s: float | None = None
        self.last_round: Round | None = None
        self._threads = (
            threading.Thread(target=self._judge, name="alerts-judge", daemon=True),
            threading.Thread(target=self._deliver, name="alerts-deliver", daemon=True),
        )

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def close(self, timeout_s: float) -> None:
        """Stop after what is being done; give the lease back, so that another process begins at once."""
        self._stop.set()
        self._deliverer.wake()
        for thread in self._threads:
            thread.join(timeout_s)
        self._deliverer.close()
        self._engine.close()
        if self._lease is not None:
            with contextlib.suppress(MetadataAway):  # then it ends by itself
                self._metadata.leases.give_back(self._lease)

    @property
    def leading(self) -> bool:
        return self._lease is not None

    def _judge(self) -> None:
        while not self._stop.wait(ALERT_ROUND_EVERY_S):
            lease = self._lease
            if lease is None:
                continue
            try:
                self.last_round = self._engine.round(lease)
                self._prune()
            except LostLease:
                self._lease = None
                _log.warning("another process evaluates the alerts now")
            except MetadataAway:
                continue  # said once by the database itself
            except Exception:
                _log.exception("a round of alerts failed")

    def _deliver(self) -> None:
        while not self._stop.is_set():
            try:
                self._keep_lease()
                if self._lease is not None:
                    self._deliverer.send_due()
            except MetadataAway:
                pass  # said once by the database itself
            except Exception:
                _log.exception("the outbox of alerts could not be emptied")
            if not self._stop.wait(DELIVERY_PAUSE_S):
                self._deliverer.rest(DELIVERY_ROUND_EVERY_S)

    def _keep_lease(self) -> None:
        now_s = self._clock.monotonic_s()
        if self._lease is not None and now_s - self._kept_s < DELIVERY_ROUND_EVERY_S:
            return
        self._kept_s = now_s
        lease = self._metadata.leases.take(LEASE, self._holder, ALERT_LEASE_MS)
        if (lease is None) != (self._lease is None):
            _log.info("alerts", extra=fields(evaluated_here=lease is not None))
        self._lease = lease

    def _prune(self) -> None:
        now_s = self._clock.monotonic_s()
        if self._pruned_s is not None and now_s - self._pruned_s < PRUNE_EVERY_S:
            return
        self._pruned_s = now_s
        now_ms = self._clock.now_ns() // 1_000_000
        try:
            self._metadata.judgements.prune(now_ms - ALERT_HISTORY_S * 1000, PRUNE_ROWS_MAX)
            self._metadata.notifications.prune(now_ms - DELIVERY_LOG_S * 1000)
            self._metadata.silences.prune(now_ms - ALERT_HISTORY_S * 1000)
            self._metadata.audit_log.prune(now_ms - AUDIT_LOG_S * 1000, PRUNE_ROWS_MAX)
        except ClickstackError:
            _log.exception("old findings of alerts could not be removed")

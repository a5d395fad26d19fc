"""Ingestion's counts among the server's own metrics, so that a chart or an alert can be made of them.

They count everything that came in, the server's own telemetry too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from clickstack.ingest import Ingest, SignalCounters

Read = Callable[[SignalCounters], int]
# name, unit, what it says, and where it is read
_COUNTERS: tuple[tuple[str, str, str, Read], ...] = (
    ("accepted", "{record}", "Records acknowledged.", lambda counts: counts.accepted),
    ("accepted.size", "By", "Size of the acknowledged records.", lambda counts: counts.bytes),
    ("loaded", "{record}", "Records whose rows are in the tables.", lambda counts: counts.loaded),
    ("rejected", "{request}", "Requests refused.", lambda counts: counts.rejected),
    ("dead_letters", "{record}", "Records the tables did not take.", lambda counts: counts.dead),
    ("failed_loads", "{attempt}", "Loads that failed and are made again.", lambda counts: counts.failed_loads),
)


def observe_ingest(meter: Meter, ingest: Ingest) -> None:
    """Register the metrics; they are read whenever the meter's reader asks."""

    def by_signal(read: Read) -> Callable[[CallbackOptions], Iterable[Observation]]:
        return lambda _: [Observation(read(counts), {"signal": name}) for name, counts in ingest.counters().items()]

    def spool_bytes(_: CallbackOptions) -> Iterable[Observation]:
        return [Observation(ingest.spool_bytes())]

    for name, unit, text, read in _COUNTERS:
        meter.create_observable_counter(f"clickstack.ingest.{name}", [by_signal(read)], unit, text)
    queued = by_signal(lambda counts: counts.queued)
    meter.create_observable_gauge("clickstack.ingest.queued", [queued], "{record}", "Records that wait to be loaded.")
    meter.create_observable_gauge("clickstack.ingest.spool.size", [spool_bytes], "By", "Disk in use by the spool.")

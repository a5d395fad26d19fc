"""Ingestion's counts among the server's own metrics, so that a chart or an alert can be made of them.

They count everything that came in, the server's own telemetry too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from clickstack.ingest import DurationCounts, Ingest, SignalCounters, quantile_s

Read = Callable[[SignalCounters], int]
Durations = Callable[[SignalCounters], DurationCounts]
# name, unit, what it says, and where it is read
_COUNTERS: tuple[tuple[str, str, str, Read], ...] = (
    ("accepted", "{record}", "Records acknowledged.", lambda counts: counts.accepted),
    ("accepted.size", "By", "Size of the acknowledged records.", lambda counts: counts.bytes),
    ("loaded", "{record}", "Records whose rows are in the tables.", lambda counts: counts.loaded),
    ("rejected", "{request}", "Requests refused.", lambda counts: counts.rejected),
    ("rejected.records", "{record}", "Records left out of requests.", lambda counts: counts.rejected_records),
    ("dead_letters", "{record}", "Records the tables did not take.", lambda counts: counts.dead),
    ("failed_loads", "{attempt}", "Loads that failed and are made again.", lambda counts: counts.failed_loads),
)


_LEVELS = (0.5, 0.99)


def observe_ingest(meter: Meter, ingest: Ingest) -> None:
    """Register the metrics; they are read whenever the meter's reader asks."""

    def by_signal(read: Read) -> Callable[[CallbackOptions], Iterable[Observation]]:
        return lambda _: [Observation(read(counts), {"signal": name}) for name, counts in ingest.counters().items()]

    def spool_bytes(_: CallbackOptions) -> Iterable[Observation]:
        return [Observation(ingest.spool_bytes())]

    def latency(read: Durations) -> Callable[[CallbackOptions], Iterable[Observation]]:
        """Quantiles of what ended since the last look; none where nothing did."""
        before: dict[str, DurationCounts] = {}

        def observe(_: CallbackOptions) -> Iterable[Observation]:
            for name, counts in ingest.counters().items():
                now, earlier = read(counts), before.get(name)
                before[name] = now
                for level in _LEVELS:
                    if (seconds := quantile_s(now, level, since=earlier)) is not None:
                        yield Observation(seconds, {"signal": name, "quantile": str(level)})

        return observe

    for name, read_durations, text in (
        ("ack", lambda counts: counts.acks, "From a request's bytes to its being on disk."),
        ("load", lambda counts: counts.loads, "From a closed segment to its rows in the tables."),
    ):
        meter.create_observable_gauge(f"clickstack.ingest.{name}.duration", [latency(read_durations)], "s", text)
    for name, unit, text, read in _COUNTERS:
        meter.create_observable_counter(f"clickstack.ingest.{name}", [by_signal(read)], unit, text)
    queued = by_signal(lambda counts: counts.queued)
    meter.create_observable_gauge("clickstack.ingest.queued", [queued], "{record}", "Records that wait to be loaded.")
    meter.create_observable_gauge("clickstack.ingest.spool.size", [spool_bytes], "By", "Disk in use by the spool.")

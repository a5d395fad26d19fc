"""`GET /metrics`: what this server does, in the text format of Prometheus (Exposition formats, 0.0.4).

On the API port only, without a key, as scrapers expect it: so it holds counts and ids, and no name anybody chose.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import Response

from clickstack.alerts import LATE_BOUNDS_S, AlertCounts
from clickstack.core.errors import MetadataFailed, NotFound
from clickstack.ingest import BOUNDS_S, DurationCounts, KeyCounters, SignalCounters

from .app_port import THROUGH_APP_PORT
from .context import Services, services

router = APIRouter()

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Samples = Iterable[tuple[str, dict[str, str], float]]  # (end of the name, labels, value)


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its name, kind and help, and where its samples come from."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    read: Callable[[Services], Samples]


@router.get("/metrics")
def metrics(request: Request) -> Response:
    if request.scope.get(THROUGH_APP_PORT):
        raise NotFound("Metrics are on the API port.")
    return Response(metrics_text(services(request)), media_type=CONTENT_TYPE)


def metrics_text(server: Services) -> str:
    """Every family of FAMILIES that has samples. One that cannot be read now, as the metadata database is away, costs
    no other: that is when people look at them."""
    lines: list[str] = []
    for family in FAMILIES:
        samples: list[str] = []
        with contextlib.suppress(MetadataFailed):
            samples += [
                f"{family.name}{end}{_labels(labels)} {_number(value)}" for end, labels, value in family.read(server)
            ]
        if samples:
            lines += [f"# HELP {family.name} {family.help}", f"# TYPE {family.name} {family.kind}", *samples]
    return "\n".join(lines) + "\n"


def _by_signal(read: Callable[[SignalCounters], int]) -> Callable[[Services], Samples]:
    return lambda server: [("", {"signal": name}, read(counts)) for name, counts in server.ingest.counters().items()]


def _durations(read: Callable[[SignalCounters], DurationCounts]) -> Callable[[Services], Samples]:
    def samples(server: Services) -> Samples:
        for name, counters in server.ingest.counters().items():
            durations = read(counters)
            signal: dict[str, str] = {"signal": name}
            below = list(itertools.accumulate(durations.counts))
            for bound, count in zip((*map(str, BOUNDS_S), "+Inf"), below, strict=True):
                yield "_bucket", {**signal, "le": bound}, count
            yield "_sum", signal, durations.sum_s
            yield "_count", signal, below[-1]

    return samples


def _one(read: Callable[[Services], float | None]) -> Callable[[Services], Samples]:
    def samples(server: Services) -> Samples:
        value = read(server)
        return [] if value is None else [("", {}, value)]

    return samples


def _by_key(read: Callable[[KeyCounters], int]) -> Callable[[Services], Samples]:
    return lambda server: [
        ("", {"key": counts.key, "signal": counts.signal}, read(counts)) for counts in server.ingest.key_counters()
    ]


def _of_alerts(
    read: Callable[[AlertCounts], Mapping[tuple[str, ...], int]], *names: str
) -> Callable[[Services], Samples]:
    def samples(server: Services) -> Samples:
        counts = read(server.alert_watch.counts) if server.alert_watch else {}
        return [("", dict(zip(names, labels, strict=True)), count) for labels, count in sorted(counts.items())]

    return samples


def _alert_lateness(server: Services) -> Samples:
    if server.alert_watch is None:
        return
    lateness = server.alert_watch.counts.lateness
    below = list(itertools.accumulate(lateness.counts))
    for bound, count in zip((*map(str, LATE_BOUNDS_S), "+Inf"), below, strict=True):
        yield "_bucket", {"le": bound}, count
    yield "_sum", {}, lateness.sum_s
    yield "_count", {}, below[-1]


def _resident_bytes(_: Services) -> float | None:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return None  # not Linux
    return pages * os.sysconf("SC_PAGE_SIZE")


def _open_files(_: Services) -> float | None:
    try:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())
    except OSError:
        return None


FAMILIES: tuple[Family, ...] = (
    Family("clickstack_info", "gauge", "The version.", lambda server: [("", {"version": server.version}, 1)]),
    Family(
        "clickstack_ingest_accepted_records_total",
        "counter",
        "Records that were acknowledged: they are on disk.",
        _by_signal(lambda counts: counts.accepted),
    ),
    Family(
        "clickstack_ingest_accepted_bytes_total",
        "counter",
        "Size of the acknowledged records as protobuf.",
        _by_signal(lambda counts: counts.bytes),
    ),
    Family(
        "clickstack_ingest_loaded_records_total",
        "counter",
        "Records whose rows are in the tables.",
        _by_signal(lambda counts: counts.loaded),
    ),
    Family(
        "clickstack_ingest_queued_records",
        "gauge",
        "Records on disk whose rows are not in the tables yet.",
        _by_signal(lambda counts: counts.queued),
    ),
    Family(
        "clickstack_ingest_rejected_requests_total",
        "counter",
        "Requests that were refused.",
        _by_signal(lambda counts: counts.rejected),
    ),
    Family(
        "clickstack_ingest_rejected_records_total",
        "counter",
        "Records left out of acknowledged requests because they cannot be stored.",
        _by_signal(lambda counts: counts.rejected_records),
    ),
    Family(
        "clickstack_ingest_stray_requests_total",
        "counter",
        "Requests to paths and methods of the OTLP ports that do not exist.",
        _one(lambda server: server.ingest.stray_requests()),
    ),
    Family(
        "clickstack_ingest_dead_letter_records_total",
        "counter",
        "Records the tables did not take, kept as dead letters.",
        _by_signal(lambda counts: counts.dead),
    ),
    Family(
        "clickstack_ingest_failed_loads_total",
        "counter",
        "Attempts to load that failed and are made again.",
        _by_signal(lambda counts: counts.failed_loads),
    ),
    Family(
        "clickstack_ingest_ack_duration_seconds",
        "histogram",
        "From a request's bytes to its being on disk for good.",
        _durations(lambda counts: counts.acks),
    ),
    Family(
        "clickstack_ingest_load_duration_seconds",
        "histogram",
        "From a closed segment to its rows in the tables.",
        _durations(lambda counts: counts.loads),
    ),
    Family(
        "clickstack_ingest_key_accepted_records_total",
        "counter",
        "Acknowledged records by ingestion key: the id of a named key, team for the classic key, or setting.",
        _by_key(lambda counts: counts.accepted),
    ),
    Family(
        "clickstack_ingest_key_accepted_bytes_total",
        "counter",
        "Size of the acknowledged records by ingestion key, as protobuf.",
        _by_key(lambda counts: counts.bytes),
    ),
    Family(
        "clickstack_ingest_key_rejected_requests_total",
        "counter",
        "Requests with a good key that were refused all the same, by ingestion key.",
        _by_key(lambda counts: counts.rejected),
    ),
    Family(
        "clickstack_ingest_key_rejected_records_total",
        "counter",
        "Records left out of acknowledged requests, by ingestion key.",
        _by_key(lambda counts: counts.rejected_records),
    ),
    Family(
        "clickstack_ingest_spool_bytes",
        "gauge",
        "Disk in use by what is not loaded yet.",
        _one(lambda server: server.ingest.spool_bytes()),
    ),
    Family(
        "clickstack_ingest_spool_bytes_max",
        "gauge",
        "Disk the spool may use; at this, senders are told to retry.",
        _one(lambda server: server.settings.spool_mb * 1024 * 1024),
    ),
    Family(
        "clickstack_alerts_windows_total",
        "counter",
        "Windows of alerts that were judged, by the worst state found.",
        _of_alerts(lambda counts: counts.windows, "state"),
    ),
    Family(
        "clickstack_alerts_failures_total",
        "counter",
        "Attempts to judge an alert that failed and are made again.",
        _of_alerts(lambda counts: counts.failures, "type"),
    ),
    Family(
        "clickstack_alerts_messages_total",
        "counter",
        "Messages about a group of an alert: fire, again, resolve.",
        _of_alerts(lambda counts: counts.messages, "kind"),
    ),
    Family(
        "clickstack_alerts_deliveries_total",
        "counter",
        "Attempts to deliver a message, by service and outcome: sent, retried, failed for good.",
        _of_alerts(lambda counts: counts.deliveries, "service", "outcome"),
    ),
    Family(
        "clickstack_alerts_lateness_seconds",
        "histogram",
        "From when a window may be judged to when it was.",
        _alert_lateness,
    ),
    Family(
        "clickstack_alerts_queued_messages",
        "gauge",
        "Messages that wait for their delivery, of the whole installation.",
        _one(lambda server: server.metadata.notifications.waiting() if server.alert_watch else None),
    ),
    Family(
        "clickstack_alerts_leading",
        "gauge",
        "1 in the process that judges the alerts of the installation.",
        _one(lambda server: int(server.alert_watch.leading) if server.alert_watch else None),
    ),
    Family(
        "process_cpu_seconds_total",
        "counter",
        "CPU time of the process.",
        _one(lambda _: os.times().user + os.times().system),
    ),
    Family("process_resident_memory_bytes", "gauge", "Memory the process has in RAM.", _one(_resident_bytes)),
    Family("process_open_fds", "gauge", "Open files.", _one(_open_files)),
    Family("process_threads", "gauge", "Python threads.", _one(lambda _: threading.active_count())),
)


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escape(value)}"' for name, value in labels.items()) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return repr(value) if value % 1 else str(int(value))

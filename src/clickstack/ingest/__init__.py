"""Telemetry in: bytes from a client → checked → durable on disk → rows in the store.

Enters: OTLP requests over HTTP (`OtlpHttp`, an ASGI app, which also takes Prometheus remote write and Loki's push) and
gRPC (`OtlpGrpc`), Fluent Forward over TCP (`FluentForward`), or OTLP from inside (`Ingest.accept`).
Leaves: rows, through `store.Load`s; errors of `core.errors`; counters. An accepted request survives kill -9 and power
loss, and its rows are stored once.

Do not add here: who may send (a function is passed in), what rows mean to a reader, routes that are not receivers.
"""

from __future__ import annotations

from pathlib import Path

from clickstack.core.clock import Clock
from clickstack.core.errors import StartupError
from clickstack.core.ids import IdSource
from clickstack.core.settings import Settings
from clickstack.store import Store

from .counters import KeyCounters, SignalCounters
from .durations import BOUNDS_S, DurationCounts
from .fluent_forward import FluentForward
from .ingest import Accepted, Ingest
from .latency import quantile_s
from .otlp_grpc import OtlpGrpc
from .otlp_http import OtlpHttp
from .signals import SignalName

__all__ = [
    "BOUNDS_S",
    "Accepted",
    "DurationCounts",
    "FluentForward",
    "Ingest",
    "KeyCounters",
    "OtlpGrpc",
    "OtlpHttp",
    "SignalCounters",
    "SignalName",
    "open_ingest",
    "quantile_s",
]


def open_ingest(data_dir: Path, store: Store, settings: Settings, clock: Clock, ids: IdSource) -> Ingest:
    """Start ingestion over a directory: what an earlier run left is loaded first. Close it before the store.

    Ids name segments and must never repeat for one store: they are what keeps rows from being stored twice. Raises
    StartupError.
    """
    try:
        return Ingest(data_dir, store, settings, clock, ids)
    except OSError as error:
        where = error.filename or data_dir / "spool"
        raise StartupError(f"The spool cannot be opened: {where}: {error.strerror or error}.") from error

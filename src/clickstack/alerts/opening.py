"""The room, built from settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from clickstack.core.clock import Clock
from clickstack.core.ids import IdSource
from clickstack.core.limits import ALERT_SCANS_AT_ONCE
from clickstack.core.settings import Settings
from clickstack.core.source import Source
from clickstack.metadata import Metadata
from clickstack.query import Reader

from .counts import AlertCounts
from .delivery import Deliverer
from .engine import AlertEngine
from .mail import mail_server
from .policy import Defaults
from .sending import CheckAddress, HttpSender
from .watch import AlertWatch
from .workers import Workers

Sources = Callable[[], Iterable[Source]]


def open_alerts(
    settings: Settings,
    metadata: Metadata,
    reader_of: Callable[[Sources], Reader],
    check_address: CheckAddress,
    clock: Clock,
    ids: IdSource,
) -> AlertWatch:
    """Ready to start. `reader_of(sources)` reads for the team with these sources, in the background."""
    counts = AlertCounts()
    engine = AlertEngine(
        metadata,
        reader_of,
        clock,
        ids,
        settings.public_url,
        Defaults.of(settings),
        Workers(ALERT_SCANS_AT_ONCE, "alerts-scan"),
        counts,
    )
    deliverer = Deliverer(metadata, HttpSender(check_address, clock), mail_server(settings), clock, counts)
    return AlertWatch(metadata, engine, deliverer, clock, ids.uuid(), counts)

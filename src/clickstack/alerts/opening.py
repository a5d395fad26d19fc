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

from .delivery import Deliverer
from .engine import AlertEngine
from .mail import MailServer
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
    engine = AlertEngine(
        metadata,
        reader_of,
        clock,
        ids,
        settings.public_url,
        Defaults(int(settings.alert_delay_s * 1000), settings.alert_repeat == "every-window"),
        Workers(ALERT_SCANS_AT_ONCE, "alerts-scan"),
    )
    deliverer = Deliverer(metadata, HttpSender(check_address, clock), _mail_server(settings), clock)
    return AlertWatch(metadata, engine, deliverer, clock, ids.uuid())


def _mail_server(settings: Settings) -> MailServer | None:
    if not settings.smtp_host:
        return None
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.smtp_sender,
        encryption=settings.smtp_encryption,  # type: ignore[arg-type]  # one of the setting's choices
        username=settings.smtp_username,
        password=settings.smtp_password,
    )

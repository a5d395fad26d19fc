"""Addresses that people give the server to ask: checked against core.address when they are stored or tried."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from clickstack.core.address import Destination, check_address
from clickstack.core.settings import Settings

from ..context import Services

POSTGRESQL_PORT = 5432


def check_outside(services: Services, url: str, subject: str) -> Destination:
    """Raises BadRequest when the address is none the server may be sent to. Names are resolved, which may block."""
    return destination_of(services.settings, url, subject)


def destination_of(settings: Settings, url: str, subject: str = "URL") -> Destination:
    """The same, for who has no request."""
    return check_address(
        url,
        addresses_of,
        settings.webhook_allowed_hosts,
        forbidden=_forbidden(settings.metadata_url),
        subject=subject,
    )


def addresses_of(host: str) -> list[str]:
    """What a name stands for now; nothing when nobody knows it."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _forbidden(metadata_url: str) -> list[tuple[str, int]]:
    parts = urlsplit(metadata_url)
    return [(parts.hostname, parts.port or POSTGRESQL_PORT)] if parts.hostname else []

"""A webhook: an address that alerts are sent to, with what is secret about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

WebhookService = Literal[
    "slack",
    "incidentio",
    "generic",
    "pagerduty",
    "opsgenie",
    "microsoft_teams",
    "discord",
    "telegram",
    "google_chat",
]


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook. `headers` and `query_params` are secrets; the address often carries one too.

    `body` is the template of the request's body; None means the default of the service.
    """

    id: str
    team_id: str
    name: str
    service: WebhookService
    url: str | None = field(repr=False)
    description: str | None = None
    body: str | None = None
    headers: Mapping[str, str] | None = field(default=None, repr=False)
    query_params: Mapping[str, str] | None = field(default=None, repr=False)
    revision: int = 1
    created_ms: int = 0
    updated_ms: int = 0

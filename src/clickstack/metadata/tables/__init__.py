"""The tables of the metadata database, one screen each. Migrations make them; a test holds the two together.

Moments are whole milliseconds since 1970 UTC (`…_ms`), the precision every reply shows, so both databases keep them
exactly. Ids are 24 hex digits.
"""

from .access import access_keys, api_keys, idempotency_keys, identities, invites, organizations
from .accounts import ingestion_keys, installation, sessions, teams, users
from .alerting import alert_evaluations, alert_runs, alert_transitions, leases, notifications, silences
from .audit import audit_log
from .base import metadata
from .objects import (
    alert_webhooks,
    alerts,
    connections,
    dashboards,
    favorites,
    pinned_filters,
    saved_searches,
    sources,
    webhooks,
)
from .roles import member_roles, roles
from .team import preset_filters, team_settings

__all__ = [
    "access_keys",
    "alert_evaluations",
    "alert_runs",
    "alert_transitions",
    "alert_webhooks",
    "alerts",
    "api_keys",
    "audit_log",
    "connections",
    "dashboards",
    "favorites",
    "idempotency_keys",
    "identities",
    "ingestion_keys",
    "installation",
    "invites",
    "leases",
    "member_roles",
    "metadata",
    "notifications",
    "organizations",
    "pinned_filters",
    "preset_filters",
    "roles",
    "saved_searches",
    "sessions",
    "silences",
    "sources",
    "team_settings",
    "teams",
    "users",
    "webhooks",
]

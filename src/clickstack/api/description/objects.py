"""Saved searches, webhooks and connections (reference/api-v2.md §6, §8, §12)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from .operation import (
    ABSENT,
    SOURCE_ID,
    Empty,
    Id,
    Moment,
    Operation,
    Operations,
    Reply,
    many,
    one,
    page,
)


class _Stored(Reply):
    id: Id
    name: str
    created_at: Moment
    updated_at: Moment


# --- saved searches ---------------------------------------------------------------------------------------------


class SavedSearchFilterShown(Reply):
    type: Literal["sql", "lucene", "sql_ast"]
    condition: str = ABSENT
    operator: str = ABSENT
    left: str = ABSENT
    right: str = ABSENT


class SavedSearch(_Stored):
    source_id: Id
    select: str
    where: str
    where_language: Literal["lucene", "sql"]
    order_by: str
    tags: list[str]
    filters: list[SavedSearchFilterShown]
    team_id: Id


SavedSearchEnvelope, SavedSearchPage = one("SavedSearchEnvelope", SavedSearch), page("SavedSearchPage", SavedSearch)

SEARCH = {
    "name": "Errors at the checkout",
    "sourceId": SOURCE_ID,
    "where": "SeverityText:error",
    "select": "Timestamp, ServiceName, Body",
    "orderBy": "Timestamp DESC",
    "tags": ["shop"],
    "filters": [{"type": "sql", "condition": "ServiceName IN ('checkout', 'payment')"}],
}
_TAG_OF_SEARCHES = "Saved Searches"

# --- webhooks ---------------------------------------------------------------------------------------------------


class _Webhook(_Stored):
    url: str = ABSENT
    description: str = ABSENT


class SlackWebhook(_Webhook):
    service: Literal["slack"]


class IncidentIOWebhook(_Webhook):
    service: Literal["incidentio"]


class GenericWebhook(_Webhook):
    service: Literal["generic"]
    body: str = ABSENT


class OtherWebhook(_Webhook):
    """Services beyond the published API."""

    service: Literal["pagerduty", "opsgenie", "microsoft_teams", "discord", "telegram", "google_chat"]


Webhook = Annotated[SlackWebhook | IncidentIOWebhook | GenericWebhook | OtherWebhook, Field(discriminator="service")]
WebhookEnvelope, WebhookPage = one("WebhookEnvelope", Webhook), page("WebhookPage", Webhook)

HOOK = {
    "name": "Pager",
    "service": "generic",
    "url": "https://pager.example.com/hooks/17",
    "headers": {"X-Pager-Key": "secret"},
    "body": '{"text": "{{title}}: {{body}}"}',
}
_HOOKS = {
    "a channel of Slack": {"name": "On call", "service": "slack", "url": "https://hooks.slack.com/services/T0/B0/XXXX"},
    "any address": HOOK,
    "PagerDuty": {
        "name": "Night shift",
        "service": "pagerduty",
        "url": "https://events.pagerduty.com/v2/enqueue",
        "queryParams": {"routing_key": "R0123456789012345678901234567890"},
    },
}

# --- connections ------------------------------------------------------------------------------------------------


class Connection(_Stored):
    host: str
    username: str
    hyperdx_setting_prefix: str | None = ABSENT
    is_prometheus_endpoint: bool = ABSENT


ConnectionEnvelope, ConnectionList = one("ConnectionEnvelope", Connection), many("ConnectionList", Connection)

CONNECTION = {
    "name": "Production",
    "host": "https://clickhouse.example.com:8443",
    "username": "reader",
    "password": "a good password",
}


def _operations(
    path: str, nouns: tuple[str, str], phrase: str, tag: str, models: tuple[Any, Any], examples: dict[str, Any]
) -> dict[tuple[str, str], Operation]:
    """Create, list, get, update and delete of one noun."""
    singular, plural = nouns
    renamed = {name: {**body, "name": f"{body['name']} (renamed)"} for name, body in examples.items()}
    whole, listed = models
    return {
        ("GET", path): Operation(f"list{plural}", tag, f"The team's {phrase}s", listed),
        ("POST", path): Operation(f"create{singular}", tag, f"Add a {phrase}", whole, examples=examples),
        ("GET", f"{path}/{{id}}"): Operation(f"get{singular}", tag, f"One {phrase}", whole, errors=(404,)),
        ("PUT", f"{path}/{{id}}"): Operation(
            f"update{singular}", tag, f"Replace a {phrase}", whole, examples=renamed, errors=(404,), conditional=True
        ),
        ("DELETE", f"{path}/{{id}}"): Operation(
            f"delete{singular}", tag, f"Remove a {phrase}", Empty, errors=(404, 409), conditional=True
        ),
    }


OPERATIONS: Operations = {
    **_operations(
        "/saved-searches", ("SavedSearch", "SavedSearches"), "saved search", _TAG_OF_SEARCHES,
        (SavedSearchEnvelope, SavedSearchPage), {"errors of two services": SEARCH},
    ),
    **_operations("/webhooks", ("Webhook", "Webhooks"), "webhook", "Webhooks", (WebhookEnvelope, WebhookPage), _HOOKS),
    **_operations(
        "/connections", ("Connection", "Connections"), "connection", "Connections",
        (ConnectionEnvelope, ConnectionList), {"a ClickHouse server": CONNECTION},
    ),
}  # fmt: skip

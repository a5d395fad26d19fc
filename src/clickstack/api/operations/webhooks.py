"""Webhooks: bodies, rules, operations (reference/api-v2.md §12). Headers and query parameters are never shown."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from clickstack.alerts import lack_of
from clickstack.core.address import is_url
from clickstack.core.custom_role import permits
from clickstack.core.errors import BadRequest, NotFound
from clickstack.core.limits import (
    NAME_LONG_CHARS_MAX,
    WEBHOOK_BODY_CHARS_MAX,
    WEBHOOK_HEADER_NAME_CHARS_MAX,
    WEBHOOK_MAP_ENTRIES_MAX,
    WEBHOOK_PARAM_NAME_CHARS_MAX,
    WEBHOOK_URL_CHARS_MAX,
    WEBHOOK_VALUE_CHARS_MAX,
)
from clickstack.core.pinned_http import FRAMING
from clickstack.core.records import Actor
from clickstack.core.webhook import Webhook, WebhookService

from ..context import Services
from .dashboard_grammar import Broken, Items, RuledModel, Wire, wrong
from .moments import iso
from .outside import check_outside
from .tile_fields import STORABLE

SUBJECT = "Webhook URL"
MASK = "****"
SLACK_DOMAIN = "slack.com"
PUBLISHED_SERVICES = ("slack", "incidentio", "generic")
_SECRETS = ("headers", "queryParams", "body")  # what a Slack webhook cannot have

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # a tab is none (RFC 9110 §5.5)
_ANY_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _header_rules(wire: Wire) -> Iterable[Broken]:
    if len(wire) > WEBHOOK_MAP_ENTRIES_MAX:
        yield (), f"A webhook cannot have more than {WEBHOOK_MAP_ENTRIES_MAX} headers"
    for name, value in wire.items():
        if not name:
            yield (name,), "Header name cannot be empty"
        if len(name) > WEBHOOK_HEADER_NAME_CHARS_MAX:
            yield (name,), f"String must contain at most {WEBHOOK_HEADER_NAME_CHARS_MAX} character(s)"
        if not _TOKEN.fullmatch(name):
            yield (name,), "Invalid header name"
        if name[:1].isdigit():
            yield (name,), "Header name cannot start with a number"
        if name.lower() in FRAMING:
            yield (name,), "This header belongs to the connection and is set by the server"
        yield from _value_rules(name, value, _CONTROL, "Header values cannot contain control characters")
        if not value.isascii():
            yield (name,), "Header values can contain only ASCII characters"


def _param_rules(wire: Wire) -> Iterable[Broken]:
    if len(wire) > WEBHOOK_MAP_ENTRIES_MAX:
        yield (), f"A webhook cannot have more than {WEBHOOK_MAP_ENTRIES_MAX} query parameters"
    for name, value in wire.items():
        if not name:
            yield (name,), "Query parameter name cannot be empty"
        if len(name) > WEBHOOK_PARAM_NAME_CHARS_MAX:
            yield (name,), f"String must contain at most {WEBHOOK_PARAM_NAME_CHARS_MAX} character(s)"
        if _ANY_CONTROL.search(name) or not _encodable(name):
            yield (name,), "Query parameter names cannot contain control characters"
        yield from _value_rules(name, value, _ANY_CONTROL, "Query parameter values cannot contain control characters")


def _value_rules(name: str, value: str, control: re.Pattern[str], text: str) -> Iterable[Broken]:
    if len(value) > WEBHOOK_VALUE_CHARS_MAX:
        yield (name,), f"String must contain at most {WEBHOOK_VALUE_CHARS_MAX} character(s)"
    if control.search(value) or not _encodable(value):
        yield (name,), text


def _encodable(text: str) -> bool:
    return not re.search(r"[\ud800-\udfff]", text)


def _url(text: str) -> str:
    if not is_url(text):
        raise wrong("Invalid url")
    return text


Name = Annotated[
    str, StringConstraints(strip_whitespace=True), Field(min_length=1, max_length=NAME_LONG_CHARS_MAX), STORABLE
]
Address = Annotated[str, Field(max_length=WEBHOOK_URL_CHARS_MAX), STORABLE, AfterValidator(_url)]


class WebhookBody(RuledModel):
    name: Name
    service: WebhookService
    url: Address
    description: Annotated[str, Field(max_length=WEBHOOK_URL_CHARS_MAX), STORABLE] = ""
    query_params: Annotated[dict[str, str], Items(rules=_param_rules)] = Field(default_factory=dict)
    headers: Annotated[dict[str, str], Items(rules=_header_rules)] = Field(default_factory=dict)
    body: Annotated[str, Field(max_length=WEBHOOK_BODY_CHARS_MAX), STORABLE] = ""

    @classmethod
    def broken_rules(cls, wire: Wire) -> Iterable[Broken]:
        if wire["service"] == "slack":
            for field in _SECRETS:
                if field in wire:
                    yield (field,), f"{field} is not supported for the slack webhook service"

    def given(self, field: str) -> Any:
        """The value that was sent; None when the field was left out."""
        return getattr(self, field) if field in self.model_fields_set else None


def list_webhooks(
    services: Services, actor: Actor, *, limit: int | None = None, offset: int = 0
) -> tuple[list[Webhook], int]:
    """One page, oldest first, and how many there are."""
    kept = services.metadata.webhooks
    return kept.list(actor.team.id, limit, offset), kept.count(actor.team.id)


def get_webhook(services: Services, actor: Actor, id: str) -> Webhook:
    webhook = services.metadata.webhooks.get(actor.team.id, id)
    if webhook is None:
        raise NotFound("Webhook not found")
    return webhook


def create_webhook(services: Services, actor: Actor, body: WebhookBody, *, request_id: str | None) -> Webhook:
    check_url(services, body.service, body.url)
    webhook = Webhook(
        id=services.ids.object_id(),
        team_id=actor.team.id,
        **_readable(body),
        headers=body.given("headers"),
        query_params=body.given("query_params"),
    )
    _check_complete(webhook)
    return services.metadata.webhooks.insert(webhook, actor.author, request_id)


def update_webhook(
    services: Services,
    actor: Actor,
    id: str,
    body: WebhookBody,
    *,
    request_id: str | None,
    expected_revision: int | None = None,
    prepare: Callable[[Webhook, WebhookBody], WebhookBody] | None = None,
) -> Webhook:
    """What can be read is replaced. Secrets that are left out stay, unless the destination changes: then they go.

    The rule is applied to the newest state, in the transaction that writes: no secret reaches an address it was not
    given for. `prepare` completes a body that stands for what is stored.
    """
    before = get_webhook(services, actor, id)
    check_url(services, body.service, (prepare(before, body) if prepare else body).url)

    def edit(stored: Webhook) -> Webhook:
        whole = prepare(stored, body) if prepare else body
        same = (stored.url, stored.service) == (whole.url, whole.service)
        headers, query_params = whole.given("headers"), whole.given("query_params")
        webhook = dataclasses.replace(
            stored,
            **_readable(whole),
            headers=stored.headers if headers is None and same else headers,
            query_params=stored.query_params if query_params is None and same else query_params,
        )
        _check_complete(webhook)
        return webhook

    return services.metadata.webhooks.update(
        actor.team.id, id, edit, actor.author, request_id, expected_revision=expected_revision
    )


def delete_webhook(
    services: Services, actor: Actor, id: str, *, request_id: str | None, expected_revision: int | None = None
) -> None:
    """Raises Conflict while an alert notifies it."""
    gone = services.metadata.webhooks.delete(
        actor.team.id, id, actor.author, request_id, expected_revision=expected_revision
    )
    if not gone:
        raise NotFound("Webhook not found")


def webhook_wire(webhook: Webhook) -> dict[str, Any]:
    wire: dict[str, Any] = {"id": webhook.id, "name": webhook.name, "service": webhook.service}
    if webhook.url is not None:
        wire["url"] = webhook.url
    if webhook.description is not None:
        wire["description"] = webhook.description
    if webhook.service == "generic" and webhook.body is not None:
        wire["body"] = webhook.body
    return {**wire, "createdAt": iso(webhook.created_ms), "updatedAt": iso(webhook.updated_ms)}


def webhook_wires(services: Services, actor: Actor, webhooks: Iterable[Webhook]) -> list[dict[str, Any]]:
    """As the caller may see them: the address is often the secret, so who may not change it sees its origin only."""
    wires = [webhook_wire(each) for each in webhooks]
    if not _may_change(services, actor):
        for wire in wires:
            if "url" in wire:
                wire["url"] = masked_url(wire["url"])
    return wires


def masked_url(url: str) -> str:
    """The origin, which tells webhooks apart; the path is often the secret."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}{port}/{MASK}"


def _may_change(services: Services, actor: Actor) -> bool:
    """A role of the team's own is stored as a viewer's."""
    if actor.role != "viewer":
        return True
    own = services.metadata.roles.of_user(actor.user_id) if actor.user_id else None
    return own is not None and permits(own.permissions, "update", "Webhook")


def check_url(services: Services, service: str, url: str) -> None:
    """Raises BadRequest for an address that a webhook of this service must not have."""
    destination = check_outside(services, url, SUBJECT)
    if service == "slack" and destination.host.split(".")[-2:] != SLACK_DOMAIN.split("."):
        raise BadRequest(f"{SUBJECT} does not have hostname that ends in '{SLACK_DOMAIN}'")


def _check_complete(webhook: Webhook) -> None:
    """A service of ours tells at once what it lacks; those of the published API tell when they are used."""
    if webhook.service not in PUBLISHED_SERVICES and (lack := lack_of(webhook)):
        raise BadRequest(lack)


def _readable(body: WebhookBody) -> dict[str, Any]:
    return {
        "name": body.name,
        "service": body.service,
        "url": body.url,
        "description": body.given("description"),
        "body": body.given("body"),
    }

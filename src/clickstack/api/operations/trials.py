"""Test messages: to an address that is being entered, to a stored webhook, to people by e-mail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from clickstack.alerts import Trial, lack_of, target_of
from clickstack.core.errors import BadRequest
from clickstack.core.records import Actor
from clickstack.core.webhook import Webhook

from ..context import Services
from ..validation import ObjectId
from .outside import destination_of
from .webhooks import WebhookBody, check_url, get_webhook


class TrialBody(WebhookBody):
    """A webhook that is not stored; with `webhookId` its masks stand for what that one has stored."""

    name: str = ""
    webhook_id: ObjectId | None = None


def try_body(
    services: Services, actor: Actor, body: TrialBody, prepare: Callable[[Webhook, WebhookBody], WebhookBody]
) -> None:
    """Raises BadRequest for what must not be sent to and for what was not taken, NotFound, TooManyRequests."""
    whole: WebhookBody = body
    if body.webhook_id is not None:
        whole = prepare(get_webhook(services, actor, body.webhook_id), body)
    _send(
        services,
        Webhook(
            id="",
            team_id=actor.team.id,
            name="",
            service=whole.service,
            url=whole.url,
            body=whole.given("body"),
            headers=whole.given("headers"),
            query_params=whole.given("query_params"),
        ),
    )


def try_webhook(services: Services, actor: Actor, id: str) -> None:
    """The same for a stored one, with what is secret about it."""
    _send(services, get_webhook(services, actor, id))


def try_mail(services: Services, actor: Actor, recipients: Sequence[str]) -> None:
    services.trial_budget.spend(actor.team.id)
    _raise(_trial(services).mail(recipients).problem)


def _send(services: Services, webhook: Webhook) -> None:
    check_url(services, webhook.service, webhook.url or "")
    if lack := lack_of(webhook):
        raise BadRequest(lack)
    services.trial_budget.spend(webhook.team_id)
    _raise(_trial(services).webhook(target_of(webhook)).problem)


def _trial(services: Services) -> Trial:
    return Trial(services.settings, partial(destination_of, services.settings), services.clock, services.ids)


def _raise(problem: str | None) -> None:
    if problem is not None:
        raise BadRequest(f"The test message was not taken. {problem}")

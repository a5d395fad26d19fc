"""A message about a group → one notification for each target, in the words of the target's channel."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson

from clickstack.core.alert import SEVERITY, Alert, Severity
from clickstack.core.ids import IdSource
from clickstack.core.limits import ALERT_TARGETS_MAX
from clickstack.core.mention import fixed_mentions, mentioned
from clickstack.core.webhook import Webhook
from clickstack.metadata import Notification

from .channels import Words, escape_of
from .judge import Told
from .notice import Notice, Rendered, broken_templates, render, view
from .policy import Policy
from .question import Question

Samples = Callable[[Told], str]


@dataclass(frozen=True, slots=True)
class Addressee:
    """Where a message goes: `{"type": "webhook", "webhookId"}` or `{"type": "email", "emailRecipients"}`."""

    target: Mapping[str, Any]
    service: str
    severity: Severity | None = None  # instead of the alert's

    @property
    def key(self) -> str:
        return orjson.dumps(self.target, option=orjson.OPT_SORT_KEYS).decode()


def notice_of(alert: Alert, policy: Policy, question: Question, told: Told, samples: Samples) -> Notice:
    message = told.message
    fires_search = question.subject.kind == "saved_search" and message.kind != "resolve"
    return Notice(
        alert_id=alert.id,
        team_id=alert.team_id,
        kind=message.kind,
        subject=question.subject,
        threshold=policy.rule.threshold,
        interval_ms=question.interval_ms,
        window=message.window,
        opened_ms=message.opened_ms,
        value=message.value,
        title=alert.name,
        message=alert.message,
        note=alert.note,
        severity=alert.extra.get(SEVERITY),
        group=told.group,
        grouped=question.grouped and told.group != "",
        attributes=told.attributes,
        samples=samples(told) if fires_search else "",
        channels=len(alert.channels),
    )


def notifications_of(
    alert: Alert, notice: Notice, webhooks: Sequence[Webhook], app_url: str, ids: IdSource, now_ms: int
) -> tuple[list[Notification], list[str]]:
    """The notifications, and what people must be told went wrong with them."""
    plain = render(notice, app_url)
    addressees, faults = addressees_of(alert, plain, webhooks)
    queued = []
    for each in addressees:
        told = replace(notice, severity=each.severity) if each.severity else notice
        words = _words(told, render(told, app_url, escape_of(each.service)), each, app_url)
        queued.append(
            Notification(
                id=ids.object_id(),
                team_id=alert.team_id,
                alert_id=alert.id,
                group=notice.group,
                lane=digest(alert.id, notice.group, each.key),
                target=each.target,
                target_key=digest(alert.team_id, each.key),
                kind=notice.kind,
                words=asdict(words),
                created_ms=now_ms,
                next_ms=now_ms,
            )
        )
    return queued, [*plain.faults, *faults]


def lasting_faults(alert: Alert, webhooks: Sequence[Webhook]) -> list[str]:
    """What people must be told before they need it: broken templates, webhooks that are named and not there."""
    lost = [_nobody(name) for name in fixed_mentions(alert.message or "") if mentioned(name, webhooks) is None]
    return [*broken_templates(alert.name, alert.message), *lost]


def farewell(fire: Words) -> Words:
    """The end of a fire whose alert is gone, made of the fire's own words."""
    return replace(
        fire,
        title="✅ " + fire.title.removeprefix("🚨 "),
        body="Nobody watches this any more: the alert was removed, was switched off, or tells others now.",
        state="OK",
        idempotency_key=digest(fire.event_id, "farewell", fire.idempotency_key),
        values={**fire.values, "state": "OK"},
    )


def addressees_of(alert: Alert, plain: Rendered, webhooks: Sequence[Webhook]) -> tuple[list[Addressee], list[str]]:
    """The alert's channels, then the webhooks its text mentions; each once."""
    found: dict[str, Addressee] = {}
    faults = []
    by_id = {webhook.id: webhook for webhook in webhooks}
    for channel in alert.channels:
        if channel.webhook_id is None:
            mail = Addressee({"type": "email", "emailRecipients": list(channel.recipients)}, "email")
            found[mail.key] = mail
            continue
        wanted = by_id.get(channel.webhook_id)
        if wanted is None:
            faults.append(f"The webhook {channel.webhook_id} of this alert does not exist any more.")
        else:
            found[wanted.id] = replace(_to_webhook(wanted), severity=channel.severity)
    for mention in plain.mentions:
        named = mentioned(mention, webhooks)
        if named is None:
            faults.append(_nobody(mention))
        else:
            found.setdefault(named.id, _to_webhook(named))
    if len(found) > ALERT_TARGETS_MAX:
        faults.append(f"The message has {len(found)} targets; {ALERT_TARGETS_MAX} of them were notified.")
    return list(found.values())[:ALERT_TARGETS_MAX], faults


def _nobody(mention: str) -> str:
    return f"The message mentions @webhook-{mention}, but no webhook has that id or a name that begins so."


def _to_webhook(webhook: Webhook) -> Addressee:
    return Addressee({"type": "webhook", "webhookId": webhook.id}, webhook.service)


def _words(notice: Notice, rendered: Rendered, addressee: Addressee, app_url: str) -> Words:
    event_id = digest(notice.alert_id, notice.group, addressee.key)
    return Words(
        title=rendered.title,
        body=rendered.body,
        link=rendered.link,
        state=notice.state,
        event_id=event_id,
        idempotency_key=digest(event_id, notice.kind, str(notice.window.start_ms), str(notice.window.end_ms)),
        start_ms=notice.window.start_ms,
        end_ms=notice.window.end_ms,
        values=view(notice, app_url),
    )


def digest(*parts: str) -> str:
    return hashlib.sha1(orjson.dumps(parts), usedforsecurity=False).hexdigest()

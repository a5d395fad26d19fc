"""A message that says nothing, sent to see whether a target takes it (reference/alerts-and-teams.md §3.11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from clickstack.core.clock import Clock
from clickstack.core.ids import IdSource
from clickstack.core.limits import TRIAL_TIMEOUT_S
from clickstack.core.settings import Settings
from clickstack.core.webhook import Webhook

from .channels import BUILDERS, BadTarget, Target, Words
from .channels.email import email
from .delivery import send_to
from .mail import NO_MAIL_SERVER, MailServer, mail_server, send_mail
from .sending import Attempt, CheckAddress, HttpSender

_EVENT_ID = "test-event-id"  # the one the reference's test messages carry
_WINDOW_MS = 300_000
# Whoever is on call gets an incident that is over at once; a message of no state would open one for good.
_OPENED_AND_CLOSED = frozenset({"pagerduty", "opsgenie", "incidentio"})


class Trial:
    """Sends at once, from the caller's thread, and once: what is tried is tried by somebody who waits."""

    def __init__(self, settings: Settings, check_address: CheckAddress, clock: Clock, ids: IdSource) -> None:
        self._app_url = settings.public_url
        self._mail: MailServer | None = mail_server(settings)
        self._check_address = check_address
        self._clock = clock
        self._ids = ids

    def webhook(self, target: Target) -> Attempt:
        sender = HttpSender(self._check_address, self._clock, TRIAL_TIMEOUT_S)
        attempt = Attempt()
        for words in self._messages(target.service):
            attempt = send_to(sender, target, words)
            if attempt.problem is not None:
                break
        return attempt

    def mail(self, recipients: Sequence[str]) -> Attempt:
        if self._mail is None:
            return Attempt(NO_MAIL_SERVER)
        (words,) = self._messages("email")
        now_ms = self._clock.now_ns() // 1_000_000
        message = email(words, self._mail.sender, recipients, self._mail.domain, now_ms)
        return send_mail(self._mail, message, recipients)

    def _messages(self, service: str) -> Iterable[Words]:
        states = ("ALERT", "OK") if service in _OPENED_AND_CLOSED else ("INSUFFICIENT_DATA",)
        end_ms = self._clock.now_ns() // 1_000_000
        for state in states:
            yield Words(
                title="Test message from ClickStack",
                body="If you can read this, alerts can be sent here. Nothing is wrong.",
                link=self._app_url,
                state=state,  # type: ignore[arg-type]  # one of the literals above
                event_id=_EVENT_ID,
                idempotency_key=self._ids.object_id(),
                start_ms=end_ms - _WINDOW_MS,
                end_ms=end_ms,
                values=_VALUES,
            )


def target_of(webhook: Webhook) -> Target:
    return Target(webhook.service, webhook.url or "", webhook.headers or {}, webhook.query_params or {}, webhook.body)


def lack_of(webhook: Webhook) -> str | None:
    """What the webhook lacks to be sent to, in words for the person who made it; None when it is complete."""
    try:
        BUILDERS[webhook.service](Words("", "", "", "ALERT", _EVENT_ID, "", 0, _WINDOW_MS), target_of(webhook))
    except BadTarget as error:
        return str(error)
    return None


_VALUES: Mapping[str, object] = {"severity": "info", "value": 0, "threshold": 0, "group": "", "samples": ""}

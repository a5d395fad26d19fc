"""The outbox, emptied: in order for each lane, each target for itself, again and again until it is taken or too old."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from clickstack.core.clock import Clock
from clickstack.core.errors import MetadataFailed
from clickstack.core.limits import CLOCK_AHEAD_MS, DELIVERY_LIFE_S, DELIVERY_PER_TARGET_MAX, DELIVERY_WORKERS
from clickstack.core.log import fields, get_logger
from clickstack.metadata import FAREWELL, Metadata, Notification

from .channels import BUILDERS, BadBody, BadTarget, Target, Words
from .channels.email import email
from .counts import AlertCounts
from .errors import execution_error
from .mail import NO_MAIL_SERVER, MailServer, send_mail
from .queueing import farewell
from .sending import Attempt, HttpSender
from .workers import Workers

_log = get_logger("alerts")
_WAITS_S = (2, 5, 15, 30, 60, 120, 300, 600)  # after each failed attempt; the last one is repeated
_NOTE_AGAIN_MS = 5_000
_WORDS = {each.name for each in dataclass_fields(Words)}


class Deliverer:
    """Sends what is queued. One process at a time may do this (the lease), or messages would go out twice."""

    def __init__(
        self,
        metadata: Metadata,
        http: HttpSender,
        mail: MailServer | None,
        clock: Clock,
        counts: AlertCounts | None = None,
    ) -> None:
        self._metadata = metadata
        self._http = http
        self._mail = mail
        self._clock = clock
        self._counts = counts or AlertCounts()
        self._workers = Workers(DELIVERY_WORKERS, "alerts-deliver")
        self._lock = threading.Lock()
        self._freed = threading.Event()  # a worker has become free
        self._on_their_way: dict[str, str] = {}  # notification → its target
        self._unnoted: dict[str, tuple[str, Attempt]] = {}  # notification → how it went, which is not stored yet
        self._resting_ms: dict[str, int] = {}  # target → until when it is left alone

    def send_due(self) -> list[Future[None]]:
        """Hand what is due to the workers; returns at once. What is on its way already is left alone."""
        now_ms = self._now_ms()
        with self._lock:
            free = DELIVERY_WORKERS - len(self._on_their_way)
            load = Counter(self._on_their_way.values())
            self._resting_ms = {
                key: until for key, until in self._resting_ms.items() if now_ms < until <= now_ms + CLOCK_AHEAD_MS
            }
            busy = {key for key, count in load.items() if count >= DELIVERY_PER_TARGET_MAX} | set(self._resting_ms)
            known = set(self._on_their_way)
        if free <= 0:
            return []
        started: list[Future[None]] = []
        for each in self._metadata.notifications.due(free + len(known), DELIVERY_PER_TARGET_MAX, busy):
            if len(started) >= free or each.id in known or load[each.target_key] >= DELIVERY_PER_TARGET_MAX:
                continue
            load[each.target_key] += 1
            with self._lock:
                self._on_their_way[each.id] = each.target_key
            started.append(self._workers.submit(partial(self._deliver, each)))
        return started

    def wake(self) -> None:
        """End a rest."""
        self._freed.set()

    def rest(self, timeout_s: float) -> None:
        """Wait until a worker has become free, or so long."""
        self._freed.wait(timeout_s)
        self._freed.clear()

    def close(self) -> None:
        """Send no more. What is on its way and unanswered by then is sent again after the next start."""
        self._workers.close()

    def _deliver(self, each: Notification) -> None:
        try:
            made = self._unnoted.get(each.id) or self._made(each)
            self._unnoted[each.id] = made
            service, attempt = made
            outcome = self._note(each, attempt)
            del self._unnoted[each.id]
            self._counts.delivered(service, outcome)
        except Exception:
            # It went as it went: what is tried again is noting it, or a full disk would send it every second.
            self._rest(each.target_key, self._now_ms() + _NOTE_AGAIN_MS)
            _log.exception("a message could not be noted", extra=fields(notification=each.id))
        finally:
            with self._lock:
                self._on_their_way.pop(each.id, None)
            self._freed.set()

    def _made(self, each: Notification) -> tuple[str, Attempt]:
        """The service that was asked, and how it went. Raises MetadataFailed, before anything is sent."""
        try:
            words = Words(**{name: value for name, value in each.words.items() if name in _WORDS})
            if each.kind == FAREWELL:
                words = farewell(words)
            return self._attempt(each.target, each.team_id, words)
        except MetadataFailed:
            raise
        except Exception:
            # Whatever it was: it must not come back at once, nor hold up its lane for ever.
            _log.exception("a message could not be delivered", extra=fields(notification=each.id))
            return "unknown", Attempt("Making or sending the message failed; the server's log says why.", again=True)

    def _attempt(self, target: Mapping[str, Any], team_id: str, words: Words) -> tuple[str, Attempt]:
        """The service that was asked, and how it went."""
        if target["type"] == "email":
            return "email", self._mail_to(target["emailRecipients"], words)
        webhook = self._metadata.webhooks.get(team_id, target["webhookId"])
        if webhook is None or webhook.url is None:
            return "unknown", Attempt("The webhook does not exist any more.")
        to = Target(webhook.service, webhook.url, webhook.headers or {}, webhook.query_params or {}, webhook.body)
        return webhook.service, _sent_somehow(self._http, to, words)

    def _mail_to(self, recipients: list[str], words: Words) -> Attempt:
        if self._mail is None:
            return Attempt(NO_MAIL_SERVER)
        message = email(words, self._mail.sender, recipients, self._mail.domain, self._now_ms())
        return send_mail(self._mail, message, recipients)

    def _note(self, each: Notification, attempt: Attempt) -> Literal["sent", "retried", "failed"]:
        now_ms = self._now_ms()
        if attempt.problem is None:
            self._metadata.notifications.note_sent(each.id, attempt.fault)
            if attempt.fault is not None:
                self._metadata.alerts.add_error(each.alert_id, execution_error("WEBHOOK_ERROR", attempt.fault, now_ms))
            return "sent"
        problem = " ".join(filter(None, (attempt.problem, attempt.fault)))
        wait_s = attempt.wait_s or _WAITS_S[min(each.attempts, len(_WAITS_S) - 1)]
        again_ms = int(now_ms + wait_s * 1000)
        if not attempt.again or again_ms > each.created_ms + DELIVERY_LIFE_S * 1000:
            again_ms = 0
        self._metadata.notifications.note_failed(each.id, problem, again_ms=again_ms or None)
        if again_ms:
            self._rest(each.target_key, again_ms)
        else:
            error = execution_error("WEBHOOK_ERROR", problem, now_ms)
            self._metadata.alerts.add_error(each.alert_id, error)
        _log.warning(
            "a message was not taken",
            extra=fields(notification=each.id, alert=each.alert_id, again=bool(again_ms), problem=problem),
        )
        return "retried" if again_ms else "failed"

    def _rest(self, target_key: str, until_ms: int) -> None:
        with self._lock:
            self._resting_ms[target_key] = until_ms

    def _now_ms(self) -> int:
        return self._clock.now_ns() // 1_000_000


def _sent_somehow(http: HttpSender, target: Target, words: Words) -> Attempt:
    """As `send_to`; a template that cannot be used gives way to the default body: nobody sleeps on for a bracket."""
    try:
        outgoing = BUILDERS[target.service](words, target)
    except BadBody as error:
        fault = f"{error}. The default body was sent instead."
        return replace(send_to(http, replace(target, body=None), words), fault=fault)
    except BadTarget as error:
        return Attempt(str(error))
    return http.send(outgoing)


def send_to(http: HttpSender, target: Target, words: Words) -> Attempt:
    """One attempt at a webhook."""
    try:
        outgoing = BUILDERS[target.service](words, target)
    except BadTarget as error:
        return Attempt(str(error))
    return http.send(outgoing)

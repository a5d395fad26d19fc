"""The outbox: in order, again after failures, each target for itself, and after a restart."""

from __future__ import annotations

import email.policy
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import wait
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from alerts.house import SYSTEM, House, house
from alerts.receiver import Answer, Receiver, receiver
from clickstack.alerts.delivery import Deliverer
from clickstack.alerts.mail import MailServer
from clickstack.core.alert import Alert, Channel
from clickstack.core.errors import MetadataFailed
from clickstack.core.webhook import Webhook
from clickstack.metadata import Notification
from clickstack.store import Store


@pytest.fixture
def home(tmp_path: Path, store: Store) -> Iterator[House]:
    with house(tmp_path, store) as opened:
        yield opened


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as held:
        yield held


def point(home: House, url: str) -> None:
    home.webhook = home.metadata.webhooks.replace(replace(home.webhook, url=url), SYSTEM, None)


def send(sender: Deliverer) -> None:
    """Empty the outbox as far as it goes now."""
    while started := sender.send_due():
        wait(started)


def spike(home: House) -> Alert:
    """An alert that fires at 00:01 and resolves at 00:02."""
    alert = home.alert(saved_search_id=home.search("SeverityText:error").id)
    home.write("00:00:10", "api", "error", 5)
    home.round("00:01:00")
    return alert


def outbox(home: House, alert: Alert) -> list[Notification]:
    return home.metadata.notifications.of_alert(home.team_id, alert.id, 100)[::-1]


def test_fire_and_resolve_arrive_in_order_with_one_event_id(home: House, there: Receiver) -> None:
    point(home, there.url)
    alert = spike(home)
    home.round("00:02:00")
    send(home.deliverer())
    assert [text[0] for text in there.texts()] == ["🚨", "✅"]
    fire, resolve = (each.json["text"].split(" | ") for each in there.received)
    assert fire[-1] == resolve[-1]
    keys = {each.headers["idempotency-key"] for each in there.received}
    assert len(keys) == 2
    assert [each.state for each in outbox(home, alert)] == ["sent", "sent"]


def test_the_sample_rows_are_in_the_message(home: House, there: Receiver) -> None:
    point(home, there.url)
    spike(home)
    send(home.deliverer())
    body = there.received[0].json["text"].split(" | ")[1]
    assert body.count("it happened") == 5


def test_a_failing_receiver_is_tried_again_and_the_resolve_waits_for_the_fire(home: House, there: Receiver) -> None:
    point(home, there.url)
    there.answers = [Answer(500), Answer(429, {"Retry-After": "40"}), Answer(200)]
    alert = spike(home)
    home.round("00:02:00")
    sender = home.deliverer()
    send(sender)
    assert len(there.received) == 1
    home.at("00:02:02")
    send(sender)
    assert len(there.received) == 2
    home.at("00:02:41")
    send(sender)
    assert len(there.received) == 2  # it asked for 40 seconds
    home.at("00:02:42")
    send(sender)
    assert [text[0] for text in there.texts()] == ["🚨", "🚨", "🚨", "✅"]
    assert len({each.headers["idempotency-key"] for each in there.received[:3]}) == 1
    assert [each.attempts for each in outbox(home, alert)] == [3, 1]


def test_what_will_never_be_taken_is_given_up_and_shown(home: House, there: Receiver) -> None:
    point(home, there.url)
    there.answers = [Answer(404)]
    alert = spike(home)
    send(home.deliverer())
    (failed,) = outbox(home, alert)
    assert (failed.state, failed.error) == ("failed", "The receiver answered 404: ok")
    (error,) = home.stored(alert).execution_errors
    assert (error["type"], error["message"]) == ("WEBHOOK_ERROR", "The receiver answered 404: ok")
    assert home.stored(alert).state == "ALERT"
    home.round("00:02:00")  # within the threshold; the receiver still knows nothing of it
    assert [each["type"] for each in home.stored(alert).execution_errors] == ["WEBHOOK_ERROR"]
    send(home.deliverer())  # it takes the resolve
    home.round("00:03:00")
    assert home.stored(alert).execution_errors == ()


def test_after_hours_a_message_is_too_old(home: House, there: Receiver) -> None:
    point(home, there.url)
    there.answers = [Answer(500), Answer(500)]
    alert = spike(home)
    sender = home.deliverer()
    send(sender)
    home.at("06:01:00")
    send(sender)
    assert outbox(home, alert)[0].state == "failed"


def test_a_receiver_that_hangs_keeps_nobody_else_waiting(home: House, there: Receiver) -> None:
    there.answers = []
    with receiver() as hanging:
        hanging.answers = [Answer(after_s=2)] * 20
        point(home, hanging.url)
        good = Webhook(home.ids.object_id(), home.team_id, "good", "generic", there.url)
        home.metadata.webhooks.insert(good, SYSTEM, None)
        for service in range(10):
            home.write("00:00:10", f"s{service}", "error", 5)
        search = home.search("SeverityText:error").id
        home.alert(saved_search_id=search, group_by="ServiceName")
        home.alert(saved_search_id=search, channels=(Channel(good.id),))
        home.round("00:01:00")
        home.deliverer().send_due()
        arrived = threading.Event()
        for _ in range(100):
            if there.received:
                arrived.set()
                break
            arrived.wait(0.02)
        assert arrived.is_set()
        assert len(hanging.received) <= 2


def test_what_was_not_taken_before_a_restart_is_sent_after_it(home: House, there: Receiver) -> None:
    point(home, there.url)
    there.answers = [Answer(503)]
    spike(home)
    send(home.deliverer())
    home.at("00:01:10")
    send(home.deliverer())  # another process, which knows nothing but the database
    assert len(there.received) == 2


def test_a_deleted_webhook_is_said(home: House) -> None:
    alert = home.alert(saved_search_id=home.search("SeverityText:error").id, channels=())
    home.write("00:00:10", "api", "error", 5)
    home.metadata.alerts.replace(replace(home.stored(alert), message="@webhook-nobody look"), SYSTEM, None)
    home.round("00:01:00")
    assert "@webhook-nobody" in home.stored(alert).execution_errors[0]["message"]


def test_a_mention_that_leads_nowhere_and_a_broken_template_are_said_before_they_are_needed(home: House) -> None:
    alert = home.alert(saved_search_id=home.search("SeverityText:error").id, message="@webhook-ops @webhook-{{group}}")
    home.round("00:01:00")
    assert home.stored(alert).execution_errors == ()
    home.webhook = home.metadata.webhooks.replace(replace(home.webhook, name="people"), SYSTEM, None)
    home.round("00:02:00")
    (error,) = home.stored(alert).execution_errors
    assert (error["type"], "@webhook-ops" in error["message"]) == ("WEBHOOK_ERROR", True)
    home.metadata.alerts.replace(replace(home.stored(alert), name="{{#if}}", message=None), SYSTEM, None)
    home.round("00:03:00")
    (error,) = home.stored(alert).execution_errors
    assert error["message"].startswith("The template in `name` cannot be used")


def test_a_broken_body_gives_way_to_the_default_one_and_the_alert_says_so(home: House, there: Receiver) -> None:
    point(home, there.url)
    home.webhook = home.metadata.webhooks.replace(replace(home.webhook, body='{"x": {{#if}}'), SYSTEM, None)
    alert = spike(home)
    send(home.deliverer())
    assert there.texts() == ['🚨 Alert for "Errors" - 5 lines found']
    home.round("00:02:00")
    (error,) = home.stored(alert).execution_errors
    assert error["message"].startswith("The body template of the webhook cannot be used")
    home.metadata.webhooks.replace(replace(home.webhook, body='{"text": "{{title}}"}'), SYSTEM, None)
    send(home.deliverer())
    home.round("00:03:00")
    assert (there.texts()[-1][0], home.stored(alert).execution_errors) == ("✅", ())


def test_a_message_that_cannot_even_be_made_waits_longer_each_time_and_is_given_up(
    home: House, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    point(home, there.url)
    alert = spike(home)
    monkeypatch.setattr("clickstack.alerts.delivery.BUILDERS", {})  # a fault of ours, whichever it may be
    sender = home.deliverer()
    send(sender)
    (waiting,) = outbox(home, alert)
    assert (waiting.state, waiting.attempts) == ("queued", 1)
    assert waiting.next_ms > home.now_ms
    home.at("07:00:00")
    send(sender)
    assert outbox(home, alert)[0].state == "failed"


class Mailbox:
    def __init__(self) -> None:
        self.mails: list[tuple[list[str], bytes]] = []

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("nobody@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        self.mails.append((envelope.rcpt_tos, envelope.content))
        return "250 OK"


def test_a_message_is_not_sent_again_because_it_cannot_be_noted(
    home: House, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk of the metadata database is full, say: what is due can be read, and nothing be written."""
    point(home, there.url)
    alert = spike(home)
    sender = home.deliverer()

    def full(*_: object, **__: object) -> None:
        raise MetadataFailed("metadata database: database or disk is full")

    with monkeypatch.context() as broken:
        for name in ("note_sent", "note_failed"):
            broken.setattr(home.metadata.notifications, name, full)
        for minute in range(3):
            home.at(f"00:0{2 + minute}:00")
            wait(sender.send_due())
    assert len(there.received) == 1
    home.at("00:05:30")
    send(sender)
    assert len(there.received) == 1
    assert [each.state for each in outbox(home, alert)] == ["sent"]


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, MailServer]]:
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, MailServer("127.0.0.1", port, "ClickStack <alerts@example.com>", "none")
    controller.stop()


def mail_to(home: House, alert: Alert, *recipients: str) -> None:
    """The alert's message, to people instead of a webhook."""
    first = outbox(home, alert)[0]
    home.metadata.notifications.add(
        replace(
            first,
            id=home.ids.object_id(),
            lane="mail",
            target={"type": "email", "emailRecipients": list(recipients)},
            target_key="mail",
        )
    )


def test_a_mail_arrives(home: House, mailbox: tuple[Mailbox, MailServer]) -> None:
    box, server = mailbox
    alert = spike(home)
    mail_to(home, alert, "ada@example.com", "nobody@example.com")
    send(home.deliverer(mail=server))
    ((recipients, content),) = box.mails
    assert recipients == ["ada@example.com"]
    mail = message_from_bytes(content, policy=email.policy.default)
    assert mail["Subject"] == '🚨 Alert for "Errors" - 5 lines found'
    assert "meets or exceeds the threshold" in mail.get_content()
    assert outbox(home, alert)[-1].error == "The mail server refused nobody@example.com."


def test_without_a_mail_server_the_mail_fails_and_says_why(home: House) -> None:
    alert = spike(home)
    mail_to(home, alert, "ada@example.com")
    send(home.deliverer())
    assert outbox(home, alert)[-1].error == "No mail server is set up: give the server CLICKSTACK_SMTP_HOST."

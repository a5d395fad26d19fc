"""E-mail: one message to all recipients of a channel, its fire and its resolve in one thread."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate

from .outgoing import Words


def email(words: Words, sender: str, recipients: Sequence[str], domain: str, sent_ms: int) -> EmailMessage:
    """`domain` stands in the message ids. The idempotency key is the message id: a mail sent twice is one mail."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Subject"] = " ".join(words.title.split())
    message["Date"] = formatdate(sent_ms / 1000, usegmt=True)
    message["Message-ID"] = f"<{words.idempotency_key}@{domain}>"
    message["In-Reply-To"] = message["References"] = f"<{words.event_id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday note answers
    message.set_content(f"{words.title}\n{words.body}\n\n{words.link}\n")
    return message

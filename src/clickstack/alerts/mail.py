"""One attempt at one e-mail over SMTP."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal

from clickstack.core.limits import DELIVERY_TIMEOUT_S
from clickstack.core.settings import Settings

from .sending import Attempt

Encryption = Literal["starttls", "tls", "none"]


NO_MAIL_SERVER = "No mail server is set up: give the server CLICKSTACK_SMTP_HOST."


@dataclass(frozen=True, slots=True)
class MailServer:
    """The SMTP server that takes our mail. `sender` stands in From; without a username nobody logs in."""

    host: str
    port: int
    sender: str
    encryption: Encryption = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2].rstrip(">") or "localhost"


def mail_server(settings: Settings) -> MailServer | None:
    """None when the server has none."""
    if not settings.smtp_host:
        return None
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.smtp_sender,
        encryption=settings.smtp_encryption,  # type: ignore[arg-type]  # one of the setting's choices
        username=settings.smtp_username,
        password=settings.smtp_password,
    )


def send_mail(server: MailServer, message: EmailMessage, recipients: Sequence[str]) -> Attempt:
    """Success means that the server took the mail for at least one recipient; those it refused are named."""
    try:
        with _connected(server) as connection:
            if server.username:
                connection.login(server.username, server.password)
            refused = connection.send_message(message, to_addrs=list(recipients))
    except smtplib.SMTPRecipientsRefused as error:
        codes = {code for code, _ in error.recipients.values()}
        return Attempt("The mail server refused every recipient.", again=all(400 <= code < 500 for code in codes))
    except smtplib.SMTPAuthenticationError:
        return Attempt("The mail server refused the user name or password.", again=True)
    except smtplib.SMTPResponseException as error:
        return Attempt(f"The mail server answered {error.smtp_code}.", again=error.smtp_code < 500)
    except (smtplib.SMTPException, OSError) as error:
        return Attempt(f"The mail server could not be used ({type(error).__name__}).", again=True)
    return Attempt(f"The mail server refused {', '.join(sorted(refused))}.") if refused else Attempt()


def _connected(server: MailServer) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.encryption == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=DELIVERY_TIMEOUT_S, context=context)
    with contextlib.ExitStack() as undo:
        connection = smtplib.SMTP(server.host, server.port, timeout=DELIVERY_TIMEOUT_S)
        undo.callback(connection.close)
        if server.encryption == "starttls":
            connection.starttls(context=context)
        undo.pop_all()
    return connection

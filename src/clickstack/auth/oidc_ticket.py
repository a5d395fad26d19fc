"""What the parts of an OpenID sign-in hand each other."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from clickstack.core.errors import ClickstackError


class OidcFailed(ClickstackError):
    """The provider did not do what the protocol demands."""


@dataclass(frozen=True, slots=True)
class Client:
    """What this server is to the provider. `secret` empty: a public client, which PKCE alone protects."""

    issuer: str
    client_id: str
    secret: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a browser keeps while its person is at the provider; without it the way back leads nowhere."""

    state: str
    nonce: str
    verifier: str
    ends_s: int  # seconds since 1970


def sealed(ticket: Ticket, secret: str) -> str:
    """The ticket as a cookie, which nobody without the secret can make."""
    text = f"{ticket.state}.{ticket.nonce}.{ticket.verifier}.{ticket.ends_s}"
    return f"{text}.{_seal(text, secret)}"


def unsealed(cookie: str, secret: str) -> Ticket | None:
    """The ticket of a cookie; None of one that was not made with this secret."""
    text, _, seal = cookie.rpartition(".")
    if not hmac.compare_digest(seal.encode(), _seal(text, secret).encode()):
        return None
    state, nonce, verifier, ends_s = text.split(".")
    return Ticket(state, nonce, verifier, int(ends_s))


def _seal(text: str, secret: str) -> str:
    return hmac.new(secret.encode(), b"oidc ticket " + text.encode(), hashlib.sha256).hexdigest()

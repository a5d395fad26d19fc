"""What the parts of an OpenID sign-in hand each other."""

from __future__ import annotations

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

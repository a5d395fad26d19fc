"""The other side of a sign-in through OpenID Connect: its addresses, its keys, its word on who somebody is.

Authorization code flow with PKCE (RFC 7636), state and nonce (OpenID Connect Core 1.0 §3.1). Every call blocks for up
to OIDC_WAIT_S; whatever the provider does wrong is OidcFailed, with what it was for the log.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from clickstack.core.clock import Clock
from clickstack.core.limits import OIDC_CLOCK_SKEW_S, OIDC_FAILURE_S, OIDC_KEYS_LIFE_S, OIDC_WAIT_S

from .oidc_ticket import Client, OidcFailed, Ticket

SCOPE = "openid email profile"
# Signatures with the provider's public keys only: neither "none" nor one made with our own secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")


@dataclass(frozen=True, slots=True)
class _Known:
    """What the provider says about itself."""

    document: dict[str, Any]
    keys: KeySet


class Provider:
    """Safe to use from any thread. One thread at a time asks what the provider says about itself; nobody waits for it:
    others work with what was known before, or fail at once. A provider that failed is left alone for OIDC_FAILURE_S.
    """

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()  # guards what follows, never held while the provider is asked
        self._known: _Known | None = None
        self._fresh_until_s = float("-inf")
        self._asking = False
        self._failed = ""  # how it failed last, and until when that counts
        self._failed_until_s = float("-inf")

    def sign_in_url(self, ticket: Ticket) -> str:
        """Where to send the browser."""
        document = self._discovered()
        url, _state = self._session(document).create_authorization_url(
            document["authorization_endpoint"], state=ticket.state, nonce=ticket.nonce, code_verifier=ticket.verifier
        )
        return cast(str, url)

    def claims(self, code: str, ticket: Ticket) -> Mapping[str, Any]:
        """What the provider says about who came back with the code: at least `iss` and `sub`."""
        document = self._discovered()
        session = self._session(document)
        try:
            token = session.fetch_token(
                document["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=ticket.verifier,
                timeout=OIDC_WAIT_S,
            )
        except (AuthlibBaseError, requests.RequestException, ValueError) as error:
            raise OidcFailed(f"the code was not exchanged: {error}") from error
        claims = self._verified(str(token.get("id_token", "")), ticket.nonce)
        if "email" not in claims and "userinfo_endpoint" in document:
            claims = {**self._userinfo(document, str(token.get("access_token", "")), claims["sub"]), **claims}
        return claims

    def _verified(self, id_token: str, nonce: str) -> dict[str, Any]:
        try:
            try:
                claims = jwt.decode(id_token, self._key_set(), algorithms=list(ALGORITHMS)).claims
            except InvalidKeyIdError:  # the provider has new keys
                claims = jwt.decode(id_token, self._key_set(anew=True), algorithms=list(ALGORITHMS)).claims
            jwt.JWTClaimsRegistry(
                now=lambda: self._clock.now_ns() // 1_000_000_000,
                leeway=OIDC_CLOCK_SKEW_S,
                iss={"essential": True, "value": self._discovered()["issuer"]},
                aud={"essential": True, "value": self._client.client_id},
                exp={"essential": True},
                sub={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(claims)
        except (JoseError, ValueError) as error:
            raise OidcFailed(f"the ID token is not good: {error}") from error
        if not isinstance(claims["sub"], str) or claims.get("azp", self._client.client_id) != self._client.client_id:
            raise OidcFailed("the ID token is for somebody else")
        return claims

    def _userinfo(self, document: Mapping[str, Any], access_token: str, subject: str) -> dict[str, Any]:
        found = self._get(document["userinfo_endpoint"], {"Authorization": f"Bearer {access_token}"})
        if found.get("sub") != subject:
            raise OidcFailed("userinfo speaks of another person than the ID token")
        return found

    def _session(self, document: Mapping[str, Any]) -> OAuth2Session:
        methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        method = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
        return OAuth2Session(
            self._client.client_id,
            self._client.secret or None,
            redirect_uri=self._client.redirect_uri,
            scope=SCOPE,
            code_challenge_method="S256",
            token_endpoint_auth_method=method if self._client.secret else "none",
        )

    def _discovered(self) -> dict[str, Any]:
        return self._current().document

    def _key_set(self, *, anew: bool = False) -> KeySet:
        return self._current(anew=anew).keys

    def _current(self, *, anew: bool = False) -> _Known:
        """The provider's document and keys, read again when they are old, or wanted anew."""
        with self._lock:
            now = self._clock.monotonic_s()
            if self._known is not None and (self._asking or (now < self._fresh_until_s and not anew)):
                return self._known
            if self._asking:
                raise OidcFailed("the provider is being asked already and has not answered yet")
            if now < self._failed_until_s:
                raise OidcFailed(f"a short while ago {self._failed}")
            self._asking = True
        known, failed = None, "the provider could not be asked"
        try:
            known = self._ask()
            return known
        except OidcFailed as error:
            failed = str(error)
            raise
        finally:
            with self._lock:
                now, self._asking = self._clock.monotonic_s(), False
                if known is not None:
                    self._known, self._fresh_until_s = known, now + OIDC_KEYS_LIFE_S
                else:
                    self._failed, self._failed_until_s = failed, now + OIDC_FAILURE_S

    def _ask(self) -> _Known:
        document = self._get(f"{self._client.issuer.rstrip('/')}/.well-known/openid-configuration")
        wanted = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
        if missing := [name for name in wanted if not isinstance(document.get(name), str)]:
            raise OidcFailed(f"the provider's document lacks {', '.join(missing)}")
        if document["issuer"].rstrip("/") != self._client.issuer.rstrip("/"):
            raise OidcFailed(f"the provider calls itself {document['issuer']!r}")
        try:
            return _Known(document, KeySet.import_key_set(cast(Any, self._get(document["jwks_uri"]))))
        except (JoseError, ValueError, KeyError) as error:
            raise OidcFailed(f"the provider's keys cannot be read: {error}") from error

    def _get(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        try:
            reply = requests.get(url, headers=dict(headers or {}), timeout=OIDC_WAIT_S, allow_redirects=False)
            if reply.status_code != 200:
                raise OidcFailed(f"{url} answers {reply.status_code}")
            found = reply.json()
        except (requests.RequestException, ValueError) as error:
            raise OidcFailed(f"{url} cannot be read: {error}") from error
        if not isinstance(found, dict):
            raise OidcFailed(f"{url} answers no object")
        return found

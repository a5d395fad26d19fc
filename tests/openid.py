"""A small OpenID provider for tests: it runs on a real port, keeps the protocol, and can be told to break it."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from clickstack.core.clock import Clock
from threads import joined

CLIENT_ID, CLIENT_SECRET = "clickstack", "client: secret/of+ours"


@cache
def signing_key() -> RSAKey:
    """One for all tests: making one takes a while."""
    return RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)


@dataclass
class OpenIdProvider:
    """`person` is who is signed in there: the claims about them. `wrong` replaces claims of the ID token."""

    issuer: str
    clock: Clock
    person: dict[str, Any] = field(default_factory=dict)
    wrong: dict[str, Any] = field(default_factory=dict)
    in_userinfo: bool = False
    auth_methods: tuple[str, ...] = ("client_secret_basic",)
    algorithm: str = "RS256"
    refuses: str = ""
    key: RSAKey = field(default_factory=signing_key)
    signs_with: Any = None
    asked: list[str] = field(default_factory=list)  # paths
    granted: dict[str, dict[str, str]] = field(default_factory=dict)  # code → the question that got it

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": list(self.auth_methods),
        }

    def keys(self) -> dict[str, Any]:
        return dict(KeySet([self.key]).as_dict(private=False))

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent back to."""
        assert query["response_type"] == "code"
        assert "openid" in query["scope"].split()
        assert query["code_challenge_method"] == "S256"
        assert query["client_id"] == CLIENT_ID
        if self.refuses:
            return f"{query['redirect_uri']}?{urlencode({'error': self.refuses, 'state': query['state']})}"
        code = secrets.token_hex(8)
        self.granted[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def exchange(self, authorization: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        question = self.granted.pop(body.get("code", ""), None)
        if not self._is_client(authorization, body):
            return 401, {"error": "invalid_client"}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(body.get("code_verifier", "").encode()).digest())
        if (
            question is None
            or body.get("redirect_uri") != question["redirect_uri"]
            or challenge.rstrip(b"=").decode() != question["code_challenge"]
        ):
            return 400, {"error": "invalid_grant"}
        return 200, {"token_type": "Bearer", "access_token": "for-userinfo", "id_token": self._id_token(question)}

    def userinfo(self, authorization: str) -> tuple[int, dict[str, Any]]:
        return (200, self.person) if authorization == "Bearer for-userinfo" else (401, {})

    def _is_client(self, authorization: str, body: dict[str, str]) -> bool:
        if "client_secret_basic" in self.auth_methods:
            credentials = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
            return authorization == f"Basic {credentials}"
        return (body.get("client_id"), body.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)

    def _id_token(self, question: dict[str, str]) -> str:
        now = self.clock.now_ns() // 1_000_000_000
        about = {"sub": self.person["sub"]} if self.in_userinfo else self.person
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": question["nonce"],
            **about,
        }
        header = {"alg": self.algorithm, "kid": self.key.kid}
        key = self.signs_with or self.key
        return jwt.encode(header, {**claims, **self.wrong}, key, algorithms=[self.algorithm])


@contextmanager
def openid_provider(clock: Clock) -> Iterator[OpenIdProvider]:
    """Runs until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            where = urlsplit(self.path)
            provider.asked.append(where.path)
            if where.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(where.query).items()}
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            replies = {
                "/.well-known/openid-configuration": lambda: (200, provider.document()),
                "/keys": lambda: (200, provider.keys()),
                "/userinfo": lambda: provider.userinfo(self.headers.get("Authorization", "")),
            }
            self._json(*replies.get(where.path, lambda: (404, {}))())

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            body = {name: values[0] for name, values in parse_qs(text).items()}
            provider.asked.append(self.path)
            self._json(*provider.exchange(self.headers.get("Authorization", ""), body))

        def _json(self, status: int, body: dict[str, Any]) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = OpenIdProvider(f"http://127.0.0.1:{server.server_address[1]}", clock)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        joined(thread)

"""The gate of /api/v2: who calls is known, and counted, before the body is read or a route is chosen."""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clickstack.auth import UNKNOWN_KEY, rule_of
from clickstack.core.errors import Unauthorized
from clickstack.core.records import Actor

from .context import Services
from .promptly import promptly
from .ratelimit import TOO_MANY, RateLimit, headers_of
from .wire import V2_PREFIX, Json, client_address, error_reply, is_v2

# One space, as RFC 6750 writes it; the scheme in any case, as RFC 9110 §11.1 demands.
_BEARER = re.compile(r"bearer ([^\s]+)", re.IGNORECASE)


class Gate:
    """Puts the caller into the request's state as `actor`. Without a good key the reply is 401, over budget 429."""

    def __init__(self, app: ASGIApp, *, services: Services) -> None:
        self._app = app
        self._auth = services.auth
        self._rate_limit = RateLimit(services.clock, services.settings.api_requests_per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_v2(scope) or _is_open(scope):
            await self._app(scope, receive, send)
            return
        actor, refusal = await self._caller(scope)
        if scope["path"] != V2_PREFIX:  # the root is not limited
            window = self._rate_limit.count(actor, client_address(Request(scope)))
            send = _with_headers(send, headers_of(window))
            if window.exceeded:
                await Json({"message": TOO_MANY}, status_code=429)(scope, receive, send)
                return
        if actor is None:
            await error_reply(refusal, scope)(scope, receive, send)
            return
        scope["state"]["actor"] = actor
        await self._app(scope, receive, send)

    async def _caller(self, scope: Scope) -> tuple[Actor | None, Unauthorized]:
        """Who calls, and what to say when it is nobody."""
        refusal = Unauthorized(UNKNOWN_KEY)
        match = _BEARER.fullmatch(Headers(scope=scope).get("authorization", "").strip())
        if match is None:
            return None, refusal
        try:
            return await promptly(self._auth.actor_of_access_key, match[1]), refusal
        except Unauthorized as error:
            return None, error


def _is_open(scope: Scope) -> bool:
    """Whether anybody may: what the API says about itself."""
    rule = rule_of(scope["method"], scope["path"])
    return rule is not None and rule.role is None


def _with_headers(send: Send, headers: dict[str, str]) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return send_with_headers

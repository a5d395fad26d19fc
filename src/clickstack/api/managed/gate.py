"""The gate of the managed API: whose key it is, and how much of its budget is left, before a route is chosen."""

from __future__ import annotations

import base64
import binascii
import re

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clickstack.auth import Window, Windows
from clickstack.auth.windows import household
from clickstack.core.errors import Busy, Exposed, Forbidden, TooManyRequests, Unauthorized
from clickstack.core.limits import API_CALLERS_MAX, MANAGED_WINDOW_S
from clickstack.metadata import ApiKey

from ..context import Services
from ..cookies import FOREIGN, is_foreign
from ..wire import client_address
from .callers import V1
from .envelope import error_reply

NO_CREDENTIALS = "Send the id and the secret of an API key with HTTP Basic authentication (curl --user ID:SECRET)."
TOO_MANY = "Too many requests with this key. Wait until X-RateLimit-Reset seconds have passed."
_BASIC = re.compile(r"basic +([A-Za-z0-9+/=_-]+)", re.IGNORECASE)


class ManagedGate:
    """Puts the caller's key into the request's state as `api_key`. Strangers share one budget per address."""

    def __init__(self, app: ASGIApp, *, services: Services) -> None:
        self._app = app
        self._auth = services.auth
        self._settings = services.settings
        limit = services.settings.managed_api_requests_per_10s
        self._windows = Windows(services.clock, limit=limit, window_s=MANAGED_WINDOW_S, keys_max=API_CALLERS_MAX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == V1:  # the description is for everybody
            await self._app(scope, receive, send)
            return
        address = client_address(Request(scope))
        key: ApiKey | None = None
        refusal: Exposed | None = None
        try:
            if is_foreign(scope, self._settings):  # a browser adds a key it once asked for to requests of any page
                raise Forbidden(FOREIGN)
            key = await self._caller(scope, address)
        except (Unauthorized, Forbidden, Busy) as error:
            refusal = error
        window = self._windows.hit(f"key {key.id}" if key else f"address {household(address)}")
        send = _with_budget(send, window)
        if window.exceeded:
            refusal = TooManyRequests(TOO_MANY, retry_after_s=window.reset_s)
        if key is None or refusal is not None:
            await error_reply(refusal or Unauthorized(NO_CREDENTIALS), scope)(scope, receive, send)
            return
        scope["state"]["api_key"] = key
        await self._app(scope, receive, send)

    async def _caller(self, scope: Scope, address: str) -> ApiKey:
        key_id, secret = _credentials(Headers(scope=scope).get("authorization", ""))
        return await run_in_threadpool(self._auth.api_keys.caller, key_id, secret, address)


def _credentials(header: str) -> tuple[str, str]:
    """Raises Unauthorized."""
    match = _BASIC.fullmatch(header.strip())
    if match is None:
        raise Unauthorized(NO_CREDENTIALS)
    try:
        key_id, colon, secret = base64.b64decode(match[1]).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Unauthorized(NO_CREDENTIALS) from None
    if not colon:
        raise Unauthorized(NO_CREDENTIALS)
    return key_id, secret


def _with_budget(send: Send, window: Window) -> Send:
    headers = {
        "X-RateLimit-Limit": str(window.limit),
        "X-RateLimit-Remaining": str(window.remaining),
        "X-RateLimit-Reset": str(window.reset_s),
    }

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return send_with_headers

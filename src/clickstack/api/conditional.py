"""Conditional GETs of v2: an unchanged answer is told in a status line (reference/api-v2.md §1.3)."""

from __future__ import annotations

import hashlib
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .wire import is_v2


class Conditional:
    """Tags whole 200 replies to GET by their content, unless the handler tagged them; answers 304 to who has them.

    Streams pass untouched.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not is_v2(scope):
            await self._app(scope, receive, send)
            return
        known = Headers(scope=scope).get("if-none-match", "")
        start: Message | None = None

        async def send_tagged(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and message["status"] == 200:
                start = message  # held until the body shows whether this is a whole reply
                return
            if start is not None:
                first, start = start, None
                if not message.get("more_body", False):
                    first, message = _tagged(first, message, known)
                await send(first)
            await send(message)

        await self._app(scope, receive, send_tagged)


def _tagged(start: Message, body: Message, known: str) -> tuple[Message, Message]:
    headers = MutableHeaders(raw=list(start["headers"]))
    if "ETag" not in headers:  # hashing a list of thousands takes a while
        headers["ETag"] = f'W/"{hashlib.blake2b(body.get("body", b""), digest_size=16).hexdigest()}"'
    if not is_known(headers["ETag"], known):
        return {**start, "headers": headers.raw}, body
    for name in ("content-length", "content-type", "content-encoding"):
        del headers[name]
    return {**start, "status": 304, "headers": headers.raw}, {**body, "body": b""}


_TAG = re.compile(r'(?:W/)?("[^"]*")')


def is_known(tag: str, header: str) -> bool:
    """Whether If-None-Match names the tag; weak and strong tags of one text are the same here (RFC 9110 §13.1.2).

    >>> is_known('W/"a"', '"b", "a"'), is_known('"a"', "*"), is_known('"a"', '"aa"')
    (True, True, False)
    """
    return header.strip() == "*" or tag.removeprefix("W/") in _TAG.findall(header)

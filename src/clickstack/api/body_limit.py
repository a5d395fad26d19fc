"""Bodies larger than the limit of their route are refused before they fill memory."""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clickstack.auth.permissions import rule_of
from clickstack.core.errors import Exposed, TooLarge
from clickstack.core.limits import API_BODY_BYTES_MAX, DASHBOARD_BODY_BYTES_MAX, LOGIN_BODY_BYTES_MAX

from .wire import error_reply


class BodyLimit:
    """`reply` writes the refusal."""

    def __init__(self, app: ASGIApp, reply: Callable[[Exposed, Scope], Response] = error_reply) -> None:
        self._app = app
        self._reply = reply

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = limit_of(scope["method"], scope["path"].lower())
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdigit() and int(declared) > limit:
            await self._reply(TooLarge(_text(limit)), scope)(scope, receive, send)
            return
        read = 0

        async def receive_within_limit() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                # The framework wraps every other exception met while it reads a body.
                raise HTTPException(413, detail=_text(limit))
            return message

        try:
            await self._app(scope, receive_within_limit, send)
        except HTTPException as error:  # met in a layer between here and the framework
            if error.status_code != 413:
                raise
            await self._reply(TooLarge(_text(limit)), scope)(scope, receive, send)


def limit_of(method: str, path: str) -> int:
    """Bytes that a body may have. Where anybody may call, it is as small as a form."""
    rule = rule_of(method, path)
    if rule is not None and rule.role is None:
        return LOGIN_BODY_BYTES_MAX
    return DASHBOARD_BODY_BYTES_MAX if "dashboards" in path.split("/") else API_BODY_BYTES_MAX


def _text(limit: int) -> str:
    return f"The request body is larger than {limit // 1024} KiB."

"""Large bodies for the UI's routes are read only for people who may send them (v2 and /v1 have gates of their own)."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from clickstack.auth.permissions import rule_of
from clickstack.core.errors import Exposed
from clickstack.core.limits import LOGIN_BODY_BYTES_MAX

from .body_forms import METHODS_WITH_BODY
from .context import require_permission, session_actor
from .wire import error_reply, is_v2


class BigBodies:
    """The framework parses a body before any handler or dependency runs: this asks first who it is from."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in METHODS_WITH_BODY or is_v2(scope) or not _is_big(scope):
            await self._app(scope, receive, send)
            return
        rule = rule_of(scope["method"], scope["path"])  # templates of these routes begin with words, as the table does
        if rule is not None and rule.role is not None:
            request = Request(scope)
            try:
                await require_permission(request, await session_actor(request), rule, scope["path"])
            except Exposed as error:
                await error_reply(error, scope)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _is_big(scope: Scope) -> bool:
    """Larger than a form, or it does not say, as what is packed never does."""
    headers = Headers(scope=scope)
    if "content-encoding" in headers:
        return True
    declared = headers.get("content-length", "")
    if declared.isdigit():
        return int(declared) > LOGIN_BODY_BYTES_MAX
    return "transfer-encoding" in headers or bool(declared)

"""Request bodies with a Content-Encoding, unpacked as telemetry is, within the limit of their route."""

from __future__ import annotations

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from clickstack.core.errors import BadRequest, Exposed, TooLarge, UnsupportedMedia
from clickstack.ingest.inflate import inflate, require_encoding

from .body_forms import METHODS_WITH_BODY, read_body, replay
from .body_limit import limit_of
from .wire import error_reply


class PackedBodies:
    """Hands on what was packed; layers inside see neither the encoding nor the length. `reply` writes the refusal."""

    def __init__(self, app: ASGIApp, reply: Callable[[Exposed, Scope], Response] = error_reply) -> None:
        self._app = app
        self._reply = reply

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        encoding = encoding_of(scope) if scope["type"] == "http" and scope["method"] in METHODS_WITH_BODY else ""
        if not encoding:
            await self._app(scope, receive, send)
            return
        try:
            require_encoding(encoding)
            packed = await read_body(receive)
            limit = limit_of(scope["method"], scope["path"].lower())
            body = await run_in_threadpool(inflate, packed, encoding, limit)
        except (BadRequest, TooLarge, UnsupportedMedia) as error:
            await self._reply(error, scope)(scope, receive, send)
            return
        headers = MutableHeaders(scope=scope)
        del headers["content-encoding"]
        headers["content-length"] = str(len(body))
        await self._app(scope, replay(body, receive), send)


def encoding_of(scope: Scope) -> str:
    """In lower case; empty for none."""
    encoding = MutableHeaders(scope=scope).get("content-encoding", "").strip().lower()
    return "" if encoding == "identity" else encoding

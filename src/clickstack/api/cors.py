"""Cross-origin headers: the UI's own address may call the API with its cookie, nobody else (api-v2.md §1.3)."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = "GET,HEAD,PUT,PATCH,POST,DELETE"
EXPOSED = (  # what a program in a browser may read beyond the few headers every page may
    "Allow, ETag, Idempotent-Replayed, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, "
    "WWW-Authenticate, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id, X-Total-Count"
)


class Cors:
    """Puts the headers on every reply, whatever the caller's origin: the browser compares. Answers preflights."""

    def __init__(self, app: ASGIApp, *, origin: str) -> None:
        self._app = app
        self._origin = origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Access-Control-Allow-Origin"] = self._origin
                headers["Access-Control-Allow-Credentials"] = "true"
                headers["Access-Control-Expose-Headers"] = EXPOSED
                headers["Timing-Allow-Origin"] = self._origin
                headers["X-Content-Type-Options"] = "nosniff"
                headers.add_vary_header("Origin")
            await send(message)

        if scope["method"] == "OPTIONS":
            await _preflight(scope)(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)


def _preflight(scope: Scope) -> Response:
    wanted = Headers(scope=scope).get("access-control-request-headers")
    headers = {"Access-Control-Allow-Methods": METHODS, "Access-Control-Max-Age": "600"}
    if wanted:
        headers["Access-Control-Allow-Headers"] = wanted
        headers["Vary"] = "Access-Control-Request-Headers"
    return Response(status_code=204, headers=headers)

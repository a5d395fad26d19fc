"""The outermost layer of every request: its id and its log line.

Also what HTTP leaves to the server: HEAD answers as GET without a body, one trailing slash is ignored, and encodings a
client weighs with zero are none it takes.
"""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clickstack.core.clock import Clock
from clickstack.core.ids import IdSource
from clickstack.core.log import fields, get_logger

from .accept_encoding import plain_headers

log = get_logger("api")

REQUEST_ID = "x-request-id"
UNROUTED = "-"
QUIET_PATHS = ("/health", "/ready")  # asked every few seconds by machines; logged as debug
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MANAGED = "/v1/"  # whose clients read the id out of the reply, as a UUID
_STATE = "state"
_ROUTE_NOTE = "clickstack.route_note"  # scope key: a dict in which self-telemetry, outside, finds the path template


class Rim:
    """`quiet` writes the lines as debug: every page of the UI is a dozen files, and nobody looks for them."""

    def __init__(self, app: ASGIApp, *, clock: Clock, ids: IdSource, quiet: bool = False) -> None:
        self._app = app
        self._quiet = quiet
        self._clock = clock
        self._ids = ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _given_id(scope) or self._ids.uuid()
        inner = {
            **scope,
            _STATE: {**scope.get(_STATE, {}), "request_id": request_id},
            "path": _path(scope),
            "headers": plain_headers(scope["headers"]),
        }
        if scope["method"] == "HEAD":
            inner["method"] = "GET"
        reply = _Reply(send, request_id, bodyless=scope["method"] == "HEAD")
        started_s = self._clock.monotonic_s()
        try:
            await self._app(inner, receive, reply.send)
        finally:
            self._log(inner, scope["method"], reply.status, self._clock.monotonic_s() - started_s, request_id)

    def _log(self, scope: Scope, method: str, status: int | None, seconds: float, request_id: str) -> None:
        template = path_template(scope)
        if _ROUTE_NOTE in scope and template != UNROUTED:
            scope[_ROUTE_NOTE]["route"] = template
        write = log.debug if self._quiet or scope["path"] in QUIET_PATHS else log.info
        write(
            "%s %s %s",
            method,
            template,
            status,
            extra=fields(
                method=method,
                path=template,
                status=status,
                ms=round(seconds * 1000, 1),
                request_id=request_id,
            ),
        )


class _Reply:
    """The way out: puts the request id on the reply and remembers its status."""

    def __init__(self, send: Send, request_id: str, *, bodyless: bool) -> None:
        self._send = send
        self._header = (REQUEST_ID.encode(), request_id.encode())
        self._bodyless = bodyless
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": [*message.get("headers", []), self._header]}
        elif message["type"] == "http.response.body" and self._bodyless:
            message = {**message, "body": b""}
        await self._send(message)


def path_template(scope: Scope) -> str:
    """The path with ids as `{name}`, so that lines can be counted; UNROUTED where no route matched."""
    if "endpoint" not in scope:
        return UNROUTED
    segments = scope["path"].split("/")
    for name, value in scope.get("path_params", {}).items():
        segments = [f"{{{name}}}" if segment == str(value) else segment for segment in segments]
    return "/".join(segments)


def _path(scope: Scope) -> str:
    path: str = scope["path"]
    return path[:-1] if path.endswith("/") and path != "/" else path


def _given_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == REQUEST_ID.encode():
            text: str = value.decode("latin-1")
            form = _UUID if scope["path"].startswith(_MANAGED) else _GIVEN_ID
            return text if form.fullmatch(text) else None
    return None

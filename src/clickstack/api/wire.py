"""How replies are written: JSON, error bodies, the mask over faults of ours; and the base of every request body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clickstack.core.errors import BadQuery, Busy, Exposed
from clickstack.core.log import fields, get_logger

log = get_logger("api")

V2_PREFIX = "/api/v2"
MASKED = "Something went wrong :("


class Json(Response):
    """A JSON reply. Integers of 64 bits stay whole; NaN and infinities become null."""

    media_type = "application/json; charset=utf-8"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS)


class WireModel(BaseModel):
    """A request body or a part of one: camelCase outside, strict types, unknown keys dropped (api-v2.md §1.7)."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        strict=True,
        extra="ignore",
        allow_inf_nan=False,
    )


def error_reply(error: Exposed, scope: Scope) -> Json:
    """The reply to an error the caller may read: `message`, where in a query the fault is, and, outside v2, `code`."""
    body: dict[str, Any] = {"message": error.message}
    if not is_v2(scope):
        body["code"] = error.code
    if isinstance(error, BadQuery):
        if error.position is not None:
            body["position"] = error.position
        if error.hint is not None:
            body["hint"] = error.hint
    return Json(body, status_code=error.status, headers=error_headers(error, scope))


def error_headers(error: Exposed, scope: Scope) -> dict[str, str]:
    headers: dict[str, str] = {}
    if error.status == 401 and is_v2(scope):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, Busy):
        headers["Retry-After"] = str(error.retry_after_s)
    return headers


def masked(request_id: str) -> dict[str, Any]:
    return {"message": MASKED, "requestId": request_id}


class Reply:
    """A `send` that remembers whether anything of the reply is out."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False

    async def __call__(self, message: Message) -> None:
        self.has_begun = True
        await self._send(message)


class Mask:
    """Whatever no handler knows becomes one 500 that tells nothing but the request id; the log tells everything."""

    def __init__(self, app: ASGIApp, body: Callable[[str], dict[str, Any]] = masked) -> None:
        self._app = app
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reply = Reply(send)
        try:
            await self._app(scope, receive, reply)
        except Exception as error:
            if scope["type"] != "http":
                raise
            if isinstance(error, Exposed) and not reply.has_begun:  # of a layer around the handlers, which know it
                await error_reply(error, scope)(scope, receive, send)
                return
            request_id = scope["state"]["request_id"]
            if not scope["state"].get("failure_logged"):  # by the mask inside this one
                scope["state"]["failure_logged"] = True
                log.exception("request failed", extra=fields(method=scope["method"], request_id=request_id))
            if reply.has_begun:
                raise  # half a reply is out: only breaking the connection tells the caller
            await Json(self._body(request_id), status_code=500)(scope, receive, send)


def is_v2(scope: Scope) -> bool:
    path: str = scope["path"]
    return path == V2_PREFIX or path.startswith(V2_PREFIX + "/")


def private(response: Json) -> Json:
    """A reply that holds a key: no cache may keep it."""
    response.headers["Cache-Control"] = "no-store"
    return response


def client_address(request: Request) -> str:
    """Where the caller comes from, as the server knows it (behind a trusted proxy: what the proxy said)."""
    return request.client.host if request.client else "unknown"

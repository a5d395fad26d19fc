"""Bodies that are not JSON, read as the reference reads them: forms, plain text, and none (reference/api-v2.md §1.6).

Handlers declare what they expect and get JSON, whatever came.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clickstack.core.errors import BadRequest
from clickstack.core.limits import FORM_FIELDS_MAX

from .media_type import is_json, media_type
from .wire import error_reply, is_v2

METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
TEXT_BODY = "clickstack.text_body"  # scope key: the body is a text on purpose, not JSON that is a bare string


class BodyForms:
    """Hands a body of v2 on as JSON: a form is an object of texts, a text is a text, anything else is `{}`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in METHODS_WITH_BODY or not is_v2(scope):
            await self._app(scope, receive, send)
            return
        media = media_type(Headers(scope=scope).get("content-type", ""))
        body = await read_body(receive)
        if not is_json(media) or not body:
            scope[TEXT_BODY] = media == "text/plain" and bool(body)
            try:
                body = orjson.dumps(READERS.get(media, _nothing)(body) if body else {})
            except BadRequest as error:
                await error_reply(error, scope)(scope, receive, send)
                return
            MutableHeaders(scope=scope)["content-type"] = "application/json"
        await self._app(scope, replay(body, receive), send)


async def read_body(receive: Receive) -> bytes:
    """The whole body; its size was bounded outside. Empty when the caller went away."""
    pieces = []
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(pieces)


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that hands out a body already read, then whatever comes after it (the caller going away)."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


def _form(body: bytes) -> dict[str, str]:
    text = body.decode(errors="replace")
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX))
    except ValueError:
        raise BadRequest(f"The form has more than {FORM_FIELDS_MAX} fields.") from None


def _text(body: bytes) -> str:
    return body.decode(errors="replace")


def _nothing(_body: bytes) -> dict[str, str]:
    return {}


READERS: dict[str, Callable[[bytes], Any]] = {
    "application/x-www-form-urlencoded": _form,
    "text/plain": _text,
}

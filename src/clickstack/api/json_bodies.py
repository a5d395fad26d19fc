"""JSON bodies that no handler could work with, refused in one place before the framework builds objects of them."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from clickstack.core.errors import BadRequest, Exposed, TooLarge
from clickstack.core.limits import API_JSON_PARTS_MAX

from .body_forms import METHODS_WITH_BODY, read_body, replay
from .failures import INVALID_JSON
from .media_type import is_json, media_type
from .wire import error_reply

NOT_UNICODE = "Not Unicode: the text holds half of a surrogate pair (\\ud800 to \\udfff)"
_HALF = re.compile("[\ud800-\udfff]")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class JsonBodies:
    """`reply` writes the refusal. Bodies that are not declared as JSON are read by nobody here."""

    def __init__(self, app: ASGIApp, reply: Callable[[Exposed, Scope], Response] = error_reply) -> None:
        self._app = app
        self._reply = reply

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in METHODS_WITH_BODY or not _declared(scope):
            await self._app(scope, receive, send)
            return
        body = await read_body(receive)
        try:
            check_json(body)
        except (BadRequest, TooLarge) as error:
            await self._reply(error, scope)(scope, receive, send)
            return
        await self._app(scope, replay(body, receive), send)


def check_json(body: bytes) -> None:
    """Raises BadRequest for NaN and for texts that are not Unicode, which break whatever writes them down; TooLarge."""
    if body.count(b",") + body.count(b"[") + body.count(b"{") > API_JSON_PARTS_MAX:
        raise TooLarge(f"The request body has more than {API_JSON_PARTS_MAX} objects, lists and members.")
    if _suspicious(body):
        try:
            # Strict, where the framework's parser lets half pairs, NaN and Infinity through.
            orjson.loads(body.removeprefix(codecs.BOM_UTF8))
        except orjson.JSONDecodeError:
            raise BadRequest(_reason(body)) from None


def _reason(body: bytes) -> str:
    """Where the text stands that is not Unicode, if that is all that is wrong."""
    try:
        waiting: list[tuple[str, Any]] = [("", json.loads(body))]
    except (ValueError, RecursionError):
        return INVALID_JSON
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str) and not _is_unicode(value):
            return f"{path}: {NOT_UNICODE}" if path else NOT_UNICODE
        if isinstance(value, dict):
            if not all(map(_is_unicode, value)):
                return f"{path}: {NOT_UNICODE}" if path else NOT_UNICODE
            waiting += [(f"{path}.{name}".lstrip("."), each) for name, each in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{path}.{index}".lstrip("."), each) for index, each in enumerate(value)]
    return INVALID_JSON


def _is_unicode(text: str) -> bool:
    return _HALF.search(text) is None


def _suspicious(body: bytes) -> bool:
    if b"\0" in body or b"NaN" in body or b"Infinity" in body or _SURROGATE.search(body):
        return True
    try:
        body.decode()
    except UnicodeDecodeError:
        return True
    return False


def _declared(scope: Scope) -> bool:
    return is_json(media_type(Headers(scope=scope).get("content-type", "")))

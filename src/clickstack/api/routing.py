"""How forgiving v2 is about addresses: any case; what a broken one is told (reference/api-v2.md §1.4, §1.6, §1.7)."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode

from starlette.types import ASGIApp, Receive, Scope, Send

from clickstack.core.errors import BadRequest

from .wire import V2_PREFIX, error_reply, is_v2

BROKEN_ADDRESS = "The path of the address is not valid: write % as %25, and percent-encode UTF-8."
_BROKEN = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_HEX = re.compile(rb"%([0-9A-Fa-f]{2})")


class Routing:
    """Makes addresses of v2 what the routes expect. Every path parameter of v2 is an id, which has no case either."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"][: len(V2_PREFIX)].lower() == V2_PREFIX:
            scope["path"] = scope["path"].lower()
        if scope["type"] != "http" or not is_v2(scope):
            await self._app(scope, receive, send)
            return
        if _is_broken(scope.get("raw_path") or b""):
            await error_reply(BadRequest(BROKEN_ADDRESS), scope)(scope, receive, send)
            return
        scope["query_string"] = joined_repetitions(scope["query_string"])
        await self._app(scope, receive, send)


def joined_repetitions(query: bytes) -> bytes:
    """A parameter given twice becomes one text with a comma, as JavaScript makes a text of a list: no number any more.

    >>> joined_repetitions(b"limit=1&limit=2&x=%20")
    b'limit=1%2C2&x=+'
    """
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    names = [name for name, _ in pairs]
    if len(set(names)) == len(names):
        return query
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return urlencode({name: ",".join(each) for name, each in values.items()}).encode("latin-1")


def _is_broken(raw_path: bytes) -> bool:
    """Whether percent signs stand alone, or what they encode is no UTF-8."""
    if b"%" not in raw_path:
        return False
    if _BROKEN.search(raw_path):
        return True
    try:
        _HEX.sub(lambda found: bytes([int(found[1], 16)]), raw_path).decode()
    except UnicodeDecodeError:
        return True
    return False

"""Idempotency-Key: a POST sent again after a lost reply happens once (draft-ietf-httpapi-idempotency-key-header).

The key and its reply live in the metadata database for a day. Only successes are kept: what was refused has changed
nothing, so its key may come again with a better request. Questions sent by POST change nothing and need no key.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clickstack.auth.permissions import rule_of
from clickstack.core.errors import BadRequest, Busy, Exposed
from clickstack.core.limits import IDEMPOTENCY_KEY_CHARS_MAX, IDEMPOTENCY_REPLY_BYTES_MAX
from clickstack.metadata import KeyState, KeyUse, StoredReply

from .body_forms import read_body, replay
from .context import require_permission
from .wire import Json, error_reply, is_v2

if TYPE_CHECKING:
    from clickstack.metadata import IdempotencyKeys

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
_KEY = re.compile(rf"[\x21-\x7e]{{1,{IDEMPOTENCY_KEY_CHARS_MAX}}}")
WRONG_KEY = f"{HEADER} must be 1 to {IDEMPOTENCY_KEY_CHARS_MAX} visible ASCII characters, a UUID for example."


class RequestRunning(Busy):
    """The first request with this key has not been answered yet."""

    code, status = "conflict", 409


class KeyReused(Exposed):
    """The key belongs to another request."""

    code, status = "idempotency_key_reused", 422


class Idempotency:
    def __init__(self, app: ASGIApp, *, keys: IdempotencyKeys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not is_v2(scope):
            await self._app(scope, receive, send)
            return
        key = Headers(scope=scope).get(HEADER)
        rule = rule_of("POST", scope["path"])
        if key is None or rule is None or rule.scope == "read":
            await self._app(scope, receive, send)
            return
        if not _KEY.fullmatch(key):
            await error_reply(BadRequest(WRONG_KEY), scope)(scope, receive, send)
            return
        body = await read_body(receive)
        use = _use(scope, key, body)
        known = await run_in_threadpool(self._keys.take, use)
        if isinstance(known, StoredReply):  # who may no longer do this gets no word of what it did
            await require_permission(Request(scope), scope["state"]["actor"], rule, scope["path"])
        if isinstance(known, KeyUse):
            await self._run(known, scope, replay(body, receive), send)
        else:
            await _answer(known, scope)(scope, receive, send)

    async def _run(self, use: KeyUse, scope: Scope, receive: Receive, send: Send) -> None:
        """The request, its reply held back until it is stored; a reply in pieces or a huge one is not kept."""
        held: list[Message] = []
        settled = False

        async def hold(message: Message) -> None:
            nonlocal settled
            held.append(message)
            if message["type"] != "http.response.body" or message.get("more_body", False):
                return
            reply = StoredReply(held[0]["status"], b"".join(each.get("body", b"") for each in held[1:]))
            if 200 <= reply.status < 300 and len(reply.body) <= IDEMPOTENCY_REPLY_BYTES_MAX:
                await run_in_threadpool(self._keys.settle, use, reply)
                settled = True
            for each in held:
                await send(each)

        try:
            await self._app(scope, receive, hold)
        finally:
            if not settled:
                await run_in_threadpool(self._keys.release, use)


def _use(scope: Scope, key: str, body: bytes) -> KeyUse:
    actor = scope["state"]["actor"]
    return KeyUse(
        caller=f"{actor.author.kind} {actor.author.id}",
        team_id=actor.team.id,
        key_hash=hashlib.sha256(key.encode()).hexdigest(),
        route=f"{scope['method']} {scope['path']}",
        request_hash=hashlib.sha256(scope["query_string"] + b"\0" + body).hexdigest(),
    )


def _answer(known: StoredReply | KeyState, scope: Scope) -> Response:
    if isinstance(known, StoredReply):
        reply = Response(known.body, status_code=known.status, media_type=Json.media_type)
        MutableHeaders(raw=reply.raw_headers)[REPLAYED] = "true"
        return reply
    if known is KeyState.RUNNING:
        return error_reply(RequestRunning("The first request with this Idempotency-Key is still running."), scope)
    return error_reply(KeyReused("This Idempotency-Key was used for another request. Use a new key."), scope)

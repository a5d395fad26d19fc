"""Idempotency-Key: a POST sent again after a lost reply happens once (draft-ietf-httpapi-idempotency-key-header).

The key and its reply live in the metadata database for a day. Only successes are kept: what was refused has changed
nothing, so its key may come again with a better request. Questions sent by POST change nothing and need no key.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clickstack.auth.permissions import rule_of
from clickstack.core.errors import BadRequest, Busy, Exposed
from clickstack.core.limits import IDEMPOTENCY_KEY_CHARS_MAX, IDEMPOTENCY_REPLY_BYTES_MAX
from clickstack.core.records import Actor
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


async def v2_caller(scope: Scope) -> Actor | None:
    """Who sends a POST of v2 that changes something; None for all else. Raises Forbidden.

    Who may no longer do something gets no word of what it did: the role counts before a reply is repeated.
    """
    rule = rule_of("POST", scope["path"])
    if not is_v2(scope) or rule is None or rule.scope == "read":
        return None
    actor: Actor = scope["state"]["actor"]
    await require_permission(Request(scope), actor, rule, scope["path"])
    return actor


@dataclass(frozen=True, slots=True)
class Surface:
    """What differs between the APIs that honour the key: who calls, how a refusal and a repeated reply are written."""

    caller: Callable[[Scope], Awaitable[Actor | None]] = v2_caller
    refusal: Callable[[Exposed, Scope], Response] = error_reply
    repeated: Callable[[bytes, Scope], bytes] = lambda body, _scope: body


class Idempotency:
    def __init__(self, app: ASGIApp, *, keys: IdempotencyKeys, surface: Surface | None = None) -> None:
        self._app = app
        self._keys = keys
        self._surface = surface or Surface()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = Headers(scope=scope).get(HEADER) if scope["type"] == "http" and scope["method"] == "POST" else None
        if key is None:
            await self._app(scope, receive, send)
            return
        try:
            caller = await self._surface.caller(scope)
            if caller is not None and not _KEY.fullmatch(key):
                raise BadRequest(WRONG_KEY)
        except Exposed as error:
            await self._surface.refusal(error, scope)(scope, receive, send)
            return
        if caller is None:
            await self._app(scope, receive, send)
            return
        body = await read_body(receive)
        known = await run_in_threadpool(self._keys.take, _use(scope, caller, key, body))
        if isinstance(known, KeyUse):
            await self._run(known, scope, replay(body, receive), send)
        else:
            await self._answer(known, scope)(scope, receive, send)

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

    def _answer(self, known: StoredReply | KeyState, scope: Scope) -> Response:
        if isinstance(known, StoredReply):
            body = self._surface.repeated(known.body, scope)
            reply = Response(body, status_code=known.status, media_type=Json.media_type)
            MutableHeaders(raw=reply.raw_headers)[REPLAYED] = "true"
            return reply
        if known is KeyState.RUNNING:
            error: Exposed = RequestRunning("The first request with this Idempotency-Key is still running.")
        else:
            error = KeyReused("This Idempotency-Key was used for another request. Use a new key.")
        return self._surface.refusal(error, scope)


def _use(scope: Scope, caller: Actor, key: str, body: bytes) -> KeyUse:
    return KeyUse(
        caller=f"{caller.author.kind} {caller.author.id}",
        team_id=caller.team.id,
        key_hash=hashlib.sha256(key.encode()).hexdigest(),
        route=f"{scope['method']} {scope['path']}",
        request_hash=hashlib.sha256(scope["query_string"] + b"\0" + body).hexdigest(),
    )

"""OTLP over HTTP: an ASGI app with POST /v1/logs, /v1/traces, /v1/metrics (reference/ingestion.md §1.4 to §1.8, §4.3).

Every reply, also a refusal, is in the request's type, protobuf or JSON. A 200 means that the records are durable.
Other protocols have paths on the same port (`http_door`); they answer 204, and refuse in plain text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import orjson

from clickstack.core.blocking import WouldBlock
from clickstack.core.clock import Clock, SystemClock
from clickstack.core.errors import BadRequest, Busy, Exposed, TooLarge, Unauthorized, UnsupportedMedia
from clickstack.core.limits import INGEST_BODY_BYTES_MAX, INGEST_QUICK_BYTES_MAX
from clickstack.core.log import fields, get_logger

from .admission import Place
from .cors import cors_headers, preflight_headers
from .http_door import JSON, PROTOBUF, TEXT, Door, Form, Reading
from .inflate import ENCODINGS, inflate, require_encoding
from .ingest import Accepted, Ingest, KeyCheck, log_request
from .loki import loki_door
from .otlp_json import read_json
from .parts import require_few_json_parts, turn_to_read
from .remote_write import remote_write_door
from .signals import SIGNALS, SignalName
from .status import MASKED, status_of

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_Result = TypeVar("_Result")

_log = get_logger("ingest")
_LOGGED_CHARS_MAX = 200  # of what a stranger wrote
_CHECKERS = 2  # threads that inflate and parse; parsing holds the interpreter, so more only wait for each other


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class _ClientGone(Exception):
    """The client hung up before its body was whole."""


def _otlp_door(signal: SignalName) -> Door:
    protobuf = Form(Reading, encoding="", answer=PROTOBUF, quick=True)
    json = Form(lambda body: read_json(signal, body), encoding="", answer=JSON, bound=require_few_json_parts)
    forms = {PROTOBUF: protobuf, "application/protobuf": protobuf, JSON: json}
    return Door(protocol="http", name="OTLP", signal=signal, forms=forms, answer=JSON)


_OTLP = {f"/v1/{name}": _otlp_door(name) for name in SIGNALS}
_ANY = next(iter(_OTLP.values()))  # how a path that is none of ours is refused
_OTHERS: dict[str, Callable[[], Door]] = {"/api/v1/write": remote_write_door, "/loki/api/v1/push": loki_door}


class OtlpHttp:
    """The app."""

    def __init__(self, ingest: Ingest, key_ok: KeyCheck, clock: Clock | None = None) -> None:
        self._ingest = ingest
        self._key_ok = key_ok
        self._clock = clock or SystemClock()
        self._checkers = ThreadPoolExecutor(_CHECKERS, thread_name_prefix="otlp-http")
        self._doors = _OTLP | {path: make() for path, make in _OTHERS.items()}

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1003})
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            reply = await self._reply(scope, headers, receive)
        except _ClientGone:
            return
        reply = replace(reply, headers=(*reply.headers, *cors_headers(headers)))
        await _send_reply(reply, send, with_body=scope["method"] != "HEAD")

    async def _reply(self, scope: _Message, headers: dict[str, str], receive: _Receive) -> _Reply:
        preflight = preflight_headers(scope["method"], headers)
        if preflight is not None:
            return _Reply(204, preflight)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        door = self._doors.get(path.rstrip("/"))
        answer = (door or _ANY).answer_to(headers.get("content-type", ""))
        if door is None:
            self._ingest.strayed()
            log_request(None, _ANY.protocol, 404, None, 0.0, f"No such path: {path[:_LOGGED_CHARS_MAX]}")
            return _refusal(answer, 404, f"No such path. OTLP goes to {', '.join(_OTLP)}.")
        if scope["method"] != "POST":
            self._ingest.refused(door.signal)
            log_request(door.signal, door.protocol, 405, None, 0.0, f"Not POST: {scope['method'][:_LOGGED_CHARS_MAX]}")
            return _refusal(answer, 405, f"{door.name} is sent with POST.", ("allow", "POST, OPTIONS"))
        started_s = self._clock.monotonic_s()
        accepted, reason, key = None, None, ""
        try:
            key = await self._key(headers)
            accepted = await self._accept(door, headers, receive, key)
            reply = _success(answer, door.signal, accepted)
            if reply.status >= 400:
                self._ingest.refused(door.signal, key)
        except Exposed as error:
            self._ingest.refused(door.signal, key)
            reply, reason = _refusal_of_error(answer, error), error.message
        except _ClientGone:
            raise
        except Exception:
            self._ingest.refused(door.signal, key)
            _log.exception("request failed", extra=fields(signal=door.signal))
            reply = _refusal(answer, 500, MASKED)
        ms = round((self._clock.monotonic_s() - started_s) * 1000, 1)
        log_request(door.signal, door.protocol, reply.status, accepted, ms, reason)
        return reply

    async def _key(self, headers: dict[str, str]) -> str:
        """What counters call the key; "" for one without a name. Raises Unauthorized."""
        presented = key_from(headers.get("authorization", ""), headers.get("x-api-key", ""))
        found = await self._promptly(partial(self._key_ok, presented), quick=True)
        if not found:
            raise Unauthorized("The ingestion key is missing or wrong. Send it as the authorization header.")
        return found if isinstance(found, str) else ""

    async def _accept(self, door: Door, headers: dict[str, str], receive: _Receive, key: str) -> Accepted:
        form = door.form(headers.get("content-type", ""))
        encoding = headers.get("content-encoding", "").strip().lower() or form.encoding
        require_encoding(encoding)
        with self._ingest.admission.enter() as place:
            body = await _read_body(headers, receive, place)
            quick = form.quick and encoding in ("", "identity") and len(body) <= INGEST_QUICK_BYTES_MAX
            submit = partial(self._submit, door.signal, form, encoding, body, place, key)
            accepted, durable = await self._promptly(submit, quick=quick)
            await asyncio.wrap_future(durable)
        return accepted

    async def _promptly(self, work: Callable[[], _Result], *, quick: bool) -> _Result:
        """What `work` returns: here and now if that is `quick`, and as long as it finds nothing that is not."""
        if quick:
            with suppress(WouldBlock):
                return work()
        return await asyncio.get_running_loop().run_in_executor(self._checkers, work)

    def _submit(
        self, signal: SignalName, form: Form, encoding: str, body: bytes, place: Place, key: str
    ) -> tuple[Accepted, Future[None]]:
        inflated = inflate(body, encoding)
        place.grow(len(inflated) if inflated is not body else 0)
        form.bound(inflated)
        with turn_to_read(len(inflated)):
            reading = form.read(inflated)
        accepted, durable = self._ingest.submit(signal, reading.body, key=key)
        if reading.rejected:
            self._ingest.left_out(signal, reading.rejected, key)
            rejected = reading.rejected + accepted.rejected
            accepted = replace(accepted, rejected=rejected, message=reading.message)
        return accepted, durable


def key_from(authorization: str, api_key: str) -> str:
    """The ingestion key: `authorization`, bare or behind Bearer in any case, or else `x-api-key`."""
    scheme, _, rest = authorization.strip().partition(" ")
    bare = rest.strip() if scheme.lower() == "bearer" else authorization.strip()
    return bare or api_key.strip()


async def _read_body(headers: dict[str, str], receive: _Receive, place: Place) -> bytes:
    """The whole body. Raises TooLarge, Crowded, BadRequest, _ClientGone."""
    announced = headers.get("content-length", "0")
    if not announced.isdigit():
        raise BadRequest("Content-Length is not a number.")
    if int(announced) > INGEST_BODY_BYTES_MAX:
        raise _too_large()
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > INGEST_BODY_BYTES_MAX:
            raise _too_large()
        place.grow(len(chunk))
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _too_large() -> TooLarge:
    return TooLarge(f"The body is larger than {INGEST_BODY_BYTES_MAX} bytes. Send less at once.")


def _success(answer: str, signal: SignalName, accepted: Accepted) -> _Reply:
    """An Export…ServiceResponse; partial_success stays unset when everything was taken. Plain text has no such field:
    there a part that was not taken makes it a 400, which clients do not send again.
    """
    if answer == TEXT:
        return _refusal(TEXT, 400, accepted.message) if accepted.rejected else _Reply(204)
    field = SIGNALS[signal].rejected_field
    if answer == PROTOBUF:
        response = SIGNALS[signal].response()
        if accepted.rejected:
            setattr(response.partial_success, field, accepted.rejected)
            response.partial_success.error_message = accepted.message
        return _Reply(200, (("content-type", PROTOBUF),), response.SerializeToString())
    camel = field.split("_")[0] + "".join(word.capitalize() for word in field.split("_")[1:])
    partial = {camel: str(accepted.rejected), "errorMessage": accepted.message} if accepted.rejected else {}
    return _Reply(200, (("content-type", JSON),), orjson.dumps({"partialSuccess": partial}))


def _refusal_of_error(answer: str, error: Exposed) -> _Reply:
    headers: list[tuple[str, str]] = []
    if isinstance(error, Busy):
        headers.append(("retry-after", str(error.retry_after_s)))
    if isinstance(error, Unauthorized):
        headers.append(("www-authenticate", 'Bearer realm="clickstack"'))
    if isinstance(error, UnsupportedMedia):
        headers.append(("accept-encoding", ", ".join(ENCODINGS)))
    return _refusal(answer, error.status, error.message, *headers)


def _refusal(answer: str, http_status: int, message: str, *headers: tuple[str, str]) -> _Reply:
    status = status_of(http_status, message)
    bodies: dict[str, Callable[[], bytes]] = {
        PROTOBUF: status.SerializeToString,
        JSON: lambda: orjson.dumps({"code": status.code, "message": status.message}),
        TEXT: lambda: f"{message}\n".encode(),
    }
    return _Reply(http_status, (("content-type", answer), *headers), bodies[answer]())


async def _send_reply(reply: _Reply, send: _Send, *, with_body: bool) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
    if reply.status != 204:
        headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body if with_body else b""})


async def _lifespan(receive: _Receive, send: _Send) -> None:
    while (event := (await receive())["type"]) != "lifespan.shutdown":
        await send({"type": f"{event}.complete"})
    await send({"type": "lifespan.shutdown.complete"})

"""OTLP over HTTP: an ASGI app with POST /v1/logs, /v1/traces, /v1/metrics (reference/ingestion.md §1.4 to §1.8, §4.3).

Every reply, also a refusal, is in the request's type, protobuf or JSON. A 200 means that the records are durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import orjson

from ..core.clock import Clock, SystemClock
from ..core.errors import BadRequest, Busy, Exposed, TooLarge, Unauthorized, UnsupportedMedia
from ..core.limits import INGEST_BODY_BYTES_MAX
from ..core.log import fields, get_logger
from .admission import Place
from .cors import cors_headers, preflight_headers
from .inflate import ENCODINGS, inflate, require_encoding
from .ingest import Accepted, Ingest
from .otlp_json import protobuf_from_json
from .signals import SIGNALS, SignalName
from .status import MASKED, status_of

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]

_log = get_logger("ingest")
_PROTOBUF, _JSON = "application/x-protobuf", "application/json"
_MEDIA = {_PROTOBUF: _PROTOBUF, "application/protobuf": _PROTOBUF, _JSON: _JSON}
_PATHS: dict[str, SignalName] = {f"/v1/{name}": name for name in SIGNALS}
_CHECKERS = 2  # threads that inflate and parse; parsing holds the interpreter, so more only wait for each other


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class _ClientGone(Exception):
    """The client hung up before its body was whole."""


class OtlpHttp:
    """The app. `key_ok` says whether an ingestion key ("" when none is sent) may write."""

    def __init__(self, ingest: Ingest, key_ok: Callable[[str], bool], clock: Clock | None = None) -> None:
        self._ingest = ingest
        self._key_ok = key_ok
        self._clock = clock or SystemClock()
        self._checkers = ThreadPoolExecutor(_CHECKERS, thread_name_prefix="otlp-http")

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
        media = _MEDIA.get(headers.get("content-type", "").partition(";")[0].strip().lower())
        signal = _PATHS.get(path.rstrip("/"))
        if signal is None:
            return _refusal(media, 404, f"No such path. OTLP goes to {', '.join(_PATHS)}.")
        if scope["method"] != "POST":
            return _refusal(media, 405, "OTLP is sent with POST.", ("allow", "POST, OPTIONS"))
        started_s = self._clock.monotonic_s()
        try:
            accepted = await self._accept(signal, media, headers, receive)
            reply = _success(signal, media, accepted)
        except Exposed as error:
            self._ingest.refused(signal)
            accepted, reply = None, _refusal_of_error(media, error)
        except _ClientGone:
            raise
        except Exception:
            _log.exception("request failed", extra=fields(signal=signal))
            accepted, reply = None, _refusal(media, 500, MASKED)
        self._log_request(signal, reply.status, accepted, self._clock.monotonic_s() - started_s)
        return reply

    async def _accept(
        self, signal: SignalName, media: str | None, headers: dict[str, str], receive: _Receive
    ) -> Accepted:
        if not self._key_ok(key_from(headers.get("authorization", ""), headers.get("x-api-key", ""))):
            raise Unauthorized("The ingestion key is missing or wrong. Send it as the authorization header.")
        if media is None:
            raise UnsupportedMedia(f"Content-Type must be {_PROTOBUF} or {_JSON}.")
        encoding = headers.get("content-encoding", "").strip().lower()
        require_encoding(encoding)
        with self._ingest.admission.enter() as place:
            body = await _read_body(headers, receive, place)
            loop = asyncio.get_running_loop()
            accepted, durable = await loop.run_in_executor(
                self._checkers, self._submit, signal, media, encoding, body, place
            )
            await asyncio.wrap_future(durable)
        return accepted

    def _submit(
        self, signal: SignalName, media: str, encoding: str, body: bytes, place: Place
    ) -> tuple[Accepted, Future[None]]:
        inflated = inflate(body, encoding)
        place.grow(len(inflated) if inflated is not body else 0)
        if media == _JSON:
            inflated = protobuf_from_json(signal, inflated)
        return self._ingest.submit(signal, inflated)

    def _log_request(self, signal: SignalName, status: int, accepted: Accepted | None, seconds: float) -> None:
        extra = fields(
            signal=signal,
            protocol="http",
            status=status,
            rows=accepted.records if accepted else 0,
            ms=round(seconds * 1000, 1),
        )
        (_log.debug if accepted else _log.info)("request", extra=extra)


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


def _success(signal: SignalName, media: str | None, accepted: Accepted) -> _Reply:
    """An Export…ServiceResponse; partial_success stays unset when everything was taken."""
    field = SIGNALS[signal].rejected_field
    if media == _PROTOBUF:
        response = SIGNALS[signal].response()
        if accepted.rejected:
            setattr(response.partial_success, field, accepted.rejected)
            response.partial_success.error_message = accepted.message
        return _Reply(200, (("content-type", _PROTOBUF),), response.SerializeToString())
    camel = field.split("_")[0] + "".join(word.capitalize() for word in field.split("_")[1:])
    partial = {camel: str(accepted.rejected), "errorMessage": accepted.message} if accepted.rejected else {}
    return _Reply(200, (("content-type", _JSON),), orjson.dumps({"partialSuccess": partial}))


def _refusal_of_error(media: str | None, error: Exposed) -> _Reply:
    headers: list[tuple[str, str]] = []
    if isinstance(error, Busy):
        headers.append(("retry-after", str(error.retry_after_s)))
    if isinstance(error, Unauthorized):
        headers.append(("www-authenticate", 'Bearer realm="clickstack"'))
    if isinstance(error, UnsupportedMedia):
        headers.append(("accept-encoding", ", ".join(ENCODINGS)))
    return _refusal(media, error.status, error.message, *headers)


def _refusal(media: str | None, http_status: int, message: str, *headers: tuple[str, str]) -> _Reply:
    status = status_of(http_status, message)
    if media == _PROTOBUF:
        return _Reply(http_status, (("content-type", _PROTOBUF), *headers), status.SerializeToString())
    body = orjson.dumps({"code": status.code, "message": status.message})
    return _Reply(http_status, (("content-type", _JSON), *headers), body)


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

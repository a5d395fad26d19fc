"""HTTP/1.1 as uvicorn speaks it, with bounds on connections, on what comes before a body, and on how long a body and
the reading of a reply may pause.

The protocol library keeps the address and the headers of a request until they are whole, however long they are, and
waits for what does not come: a stranger could fill memory with one request, or hold connections for ever. Connections
are files, which the engine and the spool need too: strangers must not take all that the process may have open.
"""

from __future__ import annotations

import asyncio
import json
import resource
from http import HTTPStatus
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from clickstack.core.limits import (
    HTTP_BODY_PAUSE_S,
    HTTP_CONNECTIONS_MAX,
    HTTP_HEAD_BYTES_MAX,
    HTTP_HEAD_S,
)
from clickstack.core.log import fields, get_logger

from .http_upgrade import DecliningParser

_log = get_logger("server")
_FILES_SHARE = 5  # each HTTP port may have a fifth of the files the process may have open
_WARN_EVERY_S = 60.0
TOO_LARGE = f"The address and the headers of the request are larger than {HTTP_HEAD_BYTES_MAX // 1024} KiB."
MALFORMED = "This is not a valid HTTP request."
TOO_MANY = "There are too many connections at once."
TOO_SLOW = f"The headers of the request did not arrive within {HTTP_HEAD_S:g} seconds."


class HeadTooLarge(Exception):
    """Ends parsing; the protocol then refuses the request."""


class Crowd:
    """How many connections a port may have at once."""

    def __init__(self, connections_max: int) -> None:
        self.connections_max = connections_max
        self._warned_s = float("-inf")

    def note_refusal(self, now_s: float) -> None:
        """One line a minute: who is refused is no news a second time."""
        if now_s - self._warned_s >= _WARN_EVERY_S:
            self._warned_s = now_s
            _log.warning("connections refused", extra=fields(reason=f"more than {self.connections_max} on one port"))


def crowd_of_port() -> Crowd:
    """As many as the process's limit of open files allows beside everything else."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    of_files = HTTP_CONNECTIONS_MAX if files == resource.RLIM_INFINITY else files // _FILES_SHARE
    return Crowd(min(HTTP_CONNECTIONS_MAX, of_files))


class BoundedHttp(HttpToolsProtocol):
    """One connection. Refusals that no application sees are JSON, as all others are."""

    def __init__(self, *args: Any, crowd: Crowd | None = None, **named: Any) -> None:
        super().__init__(*args, **named)
        self._crowd = crowd or Crowd(HTTP_CONNECTIONS_MAX)

    _head_bytes = 0  # of the request that is arriving, in pieces that are whole
    _loose_bytes = 0  # received since the last head or piece of a body was whole: of one header, or of what ends a body
    _in_head = False
    _too_large = False
    _deadline: asyncio.TimerHandle | None = None  # of the head
    _patience: asyncio.TimerHandle | None = None  # with a body
    _deafness: asyncio.TimerHandle | None = None  # of who does not read our reply
    _heard_s = 0.0  # when something came last, by the loop's clock

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.parser = cast(Any, DecliningParser(self))
        if len(self.connections) > self._crowd.connections_max:
            self._crowd.note_refusal(self.loop.time())
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, TOO_MANY)
            return
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_timers()
        self._unset_keepalive_if_required()
        if self._deafness is not None:
            self._deafness.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._deafness is None:
            unread = self.transport.get_write_buffer_size()
            self._deafness = self.loop.call_later(HTTP_BODY_PAUSE_S, self._look_at_reply, unread)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._deafness is not None:
            self._deafness.cancel()
            self._deafness = None

    def data_received(self, data: bytes) -> None:
        self._loose_bytes += len(data)
        self._heard_s = self.loop.time()
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._loose_bytes > HTTP_HEAD_BYTES_MAX:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, TOO_LARGE)
        elif self._in_head and self._deadline is None:
            self._deadline = self.loop.call_later(HTTP_HEAD_S, self._head_is_late)
        elif self._is_in_body() and self._patience is None:
            self._patience = self.loop.call_later(HTTP_BODY_PAUSE_S, self._look_at_body)

    def on_message_begin(self) -> None:
        self._head_bytes, self._in_head = 0, True
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        if self._in_head:  # what trails a body in chunks is no header: proxies before us have not looked at it
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._loose_bytes, self._in_head = 0, False
        self._end_timers()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._loose_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        if not cast(DecliningParser, self.parser).body_follows:
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's word for what it could not parse
        if self._too_large:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, TOO_LARGE)
        else:
            self._refuse(HTTPStatus.BAD_REQUEST, MALFORMED)

    def _count(self, size: int) -> None:
        """Raises HeadTooLarge."""
        self._head_bytes += size
        if self._head_bytes > HTTP_HEAD_BYTES_MAX:
            self._too_large = True
            raise HeadTooLarge

    def _head_is_late(self) -> None:
        self._deadline = None
        if self.cycle is not None and not self.cycle.response_complete:  # we do not read while we answer
            self._deadline = self.loop.call_later(HTTP_HEAD_S, self._head_is_late)
        elif not self.transport.is_closing():
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, TOO_SLOW)

    def _is_in_body(self) -> bool:
        return not self._in_head and self.cycle is not None and self.cycle.more_body

    def _look_at_body(self) -> None:
        """Hang up on who has sent nothing for HTTP_BODY_PAUSE_S, unless it was us who did not want to read."""
        self._patience = None
        if self.transport.is_closing() or not self._is_in_body():
            return
        left_s = self._heard_s + HTTP_BODY_PAUSE_S - self.loop.time()
        if left_s > 0 or self.flow.read_paused:
            self._patience = self.loop.call_later(max(left_s, 1.0), self._look_at_body)
        else:
            self.transport.close()

    def _look_at_reply(self, unread_before: int) -> None:
        """Hang up on who has read nothing for HTTP_BODY_PAUSE_S: closing in order would wait for that for ever."""
        unread = self.transport.get_write_buffer_size()
        if unread < unread_before:
            self._deafness = self.loop.call_later(HTTP_BODY_PAUSE_S, self._look_at_reply, unread)
        else:
            self._deafness = None
            self.transport.abort()

    def _end_timers(self) -> None:
        for timer in (self._deadline, self._patience):
            if timer is not None:
                timer.cancel()
        self._deadline = self._patience = None

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        body = json.dumps({"message": message}).encode()
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json; charset=utf-8\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self._end_timers()
        self.transport.write(head.encode() + body)
        self.transport.close()

"""One connection of the Fluent Forward protocol.

A sender that asks for acknowledgements (`chunk`) gets them when its records are durable; when there is no room it gets
a closed connection, and sends the chunk again. A sender that does not ask cannot be told anything: its records wait
here until there is room, and the connection is not read meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TypeVar

from clickstack.core.clock import Clock
from clickstack.core.errors import BadRequest, Busy, Exposed, TooLarge, Unauthorized
from clickstack.core.limits import FLUENT_HANDSHAKE_S, FLUENT_IDLE_S, FLUENT_PARTIAL_S, FLUENT_ROOM_WAIT_S

from .admission import Place
from .fluent_events import read_message
from .fluent_handshake import Handshake
from .ingest import Accepted, Ingest, log_request
from .msgpack import MessageBuffer, pack

READ_BYTES = 64 * 1024
_HANDSHAKE_BYTES = 16 * 1024  # a PING is some hundred bytes
_STORED = 200  # as the log says it for every receiver
_FOREVER = float("inf")
_T = TypeVar("_T")


class _Gone(Exception):
    """The sender hung up."""


@dataclass(slots=True)
class _Content:
    """What whole messages hold. `fault` is why those after it cannot be read."""

    body: bytes
    chunks: list[str] = field(default_factory=list)
    fault: Exposed | None = None


class FluentConnection:
    """`serve` returns when the connection is over. `storing` says that records wait for the disk; `stopping` asks to
    end after them.
    """

    def __init__(
        self,
        ingest: Ingest,
        readers: Executor,
        clock: Clock,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.storing = False
        self.stopping = False
        self._ingest = ingest
        self._readers = readers
        self._clock = clock
        self._reader = reader
        self._writer = writer
        self._buffer = MessageBuffer()

    async def serve(self, handshake: Handshake, keys: Callable[[], Iterable[str]]) -> None:
        try:
            async with asyncio.timeout(FLUENT_HANDSHAKE_S):
                await self._shake_hands(handshake, keys)
            while not self.stopping:
                await self._take_messages()
        except Exposed as error:
            self._ingest.refused("logs")
            log_request("logs", "fluent", error.status, None, 0, error.message)
        except (_Gone, TimeoutError, ConnectionError):
            return  # the sender's way to end
        finally:
            self._writer.close()
            with contextlib.suppress(ConnectionError):
                await self._writer.wait_closed()

    async def _shake_hands(self, handshake: Handshake, keys: Callable[[], Iterable[str]]) -> None:
        """Raises Unauthorized, BadRequest."""
        await self._write(handshake.helo)
        buffer = MessageBuffer(_HANDSHAKE_BYTES)
        try:
            while (ping := buffer.next()) is None:
                buffer.feed(await self._read())
            accepted = await self._in_thread(lambda: list(keys()))
            pong = handshake.pong(ping, accepted)
        except TooLarge:
            raise BadRequest(Handshake.MISSING) from None
        except Unauthorized as error:
            await self._write(Handshake.refusal(error.message))
            raise
        await self._write(pong)

    async def _take_messages(self) -> None:
        """Read until a message is whole, and store it with those that came behind it. Raises Exposed."""
        if not self._buffer:
            async with asyncio.timeout(FLUENT_IDLE_S):
                self._buffer.feed(await self._read())
        with await self._patiently(self._enter, FLUENT_ROOM_WAIT_S) as place:
            await self._grow(place, len(self._buffer))
            messages, fault = self._whole_messages()
            while not messages and fault is None:
                async with asyncio.timeout(FLUENT_PARTIAL_S):
                    data = await self._read()
                await self._grow(place, len(data))
                self._buffer.feed(data)
                messages, fault = self._whole_messages()
            self.storing = True
            try:
                await self._store(messages, place)
            finally:
                self.storing = False
        if fault is not None:
            raise fault

    def _whole_messages(self) -> tuple[list[bytes], Exposed | None]:
        messages: list[bytes] = []
        try:
            while (message := self._buffer.next()) is not None:
                messages.append(message)
        except Exposed as fault:
            return messages, fault
        return messages, None

    async def _store(self, messages: list[bytes], place: Place) -> None:
        """Raises Exposed, after what could be read is stored."""
        started_s = self._clock.monotonic_s()
        content = await self._in_thread(lambda: _content_of(messages))
        await self._grow(place, len(content.body))
        # Who asks for acknowledgements keeps its records until it has one; who does not has only us.
        accepted = await self._patiently(lambda: self._submit(content.body), 0 if content.chunks else _FOREVER)
        if content.chunks:
            await self._write(b"".join(pack({"ack": chunk}) for chunk in content.chunks))
        ms = round((self._clock.monotonic_s() - started_s) * 1000, 1)
        log_request("logs", "fluent", _STORED, accepted, ms, None)
        if content.fault is not None:
            raise content.fault

    async def _submit(self, body: bytes) -> Accepted:
        accepted, durable = await self._in_thread(lambda: self._ingest.submit("logs", body))
        await asyncio.wrap_future(durable)
        return accepted

    async def _grow(self, place: Place, count: int) -> None:
        async def grow() -> None:
            place.grow(count)

        await self._patiently(grow, FLUENT_ROOM_WAIT_S)

    async def _enter(self) -> Place:
        return self._ingest.admission.enter()

    async def _patiently(self, attempt: Callable[[], Awaitable[_T]], patience_s: float) -> _T:
        """What `attempt` returns, once there is room for it. Raises Busy when the time is over."""
        until_s = self._clock.monotonic_s() + patience_s
        while True:
            try:
                return await attempt()
            except Busy as busy:
                if self.stopping or self._clock.monotonic_s() >= until_s:
                    raise
                await asyncio.sleep(busy.retry_after_s)

    async def _in_thread(self, call: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, call)

    async def _read(self) -> bytes:
        data = await self._reader.read(READ_BYTES)
        if not data:
            raise _Gone
        return data

    async def _write(self, data: bytes) -> None:
        self._writer.write(data)
        try:
            async with asyncio.timeout(FLUENT_PARTIAL_S):
                await self._writer.drain()
        except TimeoutError:
            self._writer.transport.abort()  # who does not read what we say does not let us close in order either
            raise


def _content_of(messages: list[bytes]) -> _Content:
    """Requests one after the other are one request: that is how protobuf lists work."""
    content = _Content(b"")
    bodies = []
    try:
        for message in messages:
            batch = read_message(message)
            bodies.append(batch.body)
            if batch.chunk is not None:
                content.chunks.append(batch.chunk)
    except Exposed as fault:
        content.fault = fault
    content.body = b"".join(bodies)
    return content

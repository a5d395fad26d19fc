"""Fluent Forward over TCP, as Fluentd and Fluent Bit send it (reference/ingestion.md §1.11): the listener.

Plain TCP: the shared key never travels (`fluent_handshake`), the records do.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from clickstack.core.clock import Clock, SystemClock
from clickstack.core.errors import StartupError
from clickstack.core.ids import IdSource, RandomIds
from clickstack.core.limits import FLUENT_CONNECTIONS_MAX, STOP_WAIT_S
from clickstack.core.log import fields, get_logger
from clickstack.core.threads import join_within

from .fluent_connection import READ_BYTES, FluentConnection
from .fluent_handshake import Handshake
from .ingest import Ingest

_log = get_logger("ingest")
_READERS = 2  # threads that decode; decoding holds the interpreter, so more only wait for each other
_START_S = 10.0


class FluentForward:
    """The server, with a thread for its sockets. `keys` are the shared keys in force; without any, nobody gets in."""

    def __init__(
        self,
        ingest: Ingest,
        keys: Callable[[], Iterable[str]],
        clock: Clock | None = None,
        ids: IdSource | None = None,
    ) -> None:
        self._ingest = ingest
        self._keys = keys
        self._clock = clock or SystemClock()
        self._ids = ids or RandomIds(self._clock)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="fluent")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fluent-forward", daemon=True)
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[None], FluentConnection] = {}

    def start(self, host: str, port: int) -> int:
        """Listen; returns the port (a free one for 0). Raises StartupError."""
        self._thread.start()
        listening = asyncio.start_server(self._connected, host, port, limit=READ_BYTES)
        try:
            self._server = self._run(listening).result(_START_S)
        except OSError as error:
            self.stop(0)
            reason = error.strerror or error
            raise StartupError(f"Fluent Forward cannot listen on {host}:{port} (--fluent-port): {reason}.") from None
        return int(self._server.sockets[0].getsockname()[1])

    def stop(self, grace_s: float) -> None:
        """Take no new message and let those that are being stored end within the time."""
        if self._thread.is_alive():
            ending = self._run(self._end_connections(grace_s))
            with contextlib.suppress(TimeoutError):
                ending.result(grace_s + STOP_WAIT_S)
            self._loop.call_soon_threadsafe(self._loop.stop)
            if not join_within([self._thread]):
                return
        self._loop.close()
        self._readers.shutdown()

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    async def _end_connections(self, grace_s: float) -> None:
        if self._server is not None:
            self._server.close()
        for task, connection in self._open.items():
            connection.stopping = True
            if not connection.storing:
                task.cancel()
        if self._open:
            await asyncio.wait(self._open, timeout=grace_s)
        left = list(self._open)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= FLUENT_CONNECTIONS_MAX:
            _log.warning("refused", extra=fields(protocol="fluent", reason="Too many connections."))
            writer.close()
            return
        connection = FluentConnection(self._ingest, self._readers, self._clock, reader, writer)
        task = self._loop.create_task(connection.serve(Handshake(self._ids.token()), self._keys))
        self._open[task] = connection
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._open[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("connection failed", exc_info=error, extra=fields(protocol="fluent"))

"""Queries over HTTP: they run in threads, tell how far they are, and stop when nobody waits for them any more.

A stream is newline-delimited JSON, one frame per line: `started`, then `progress` a few times a second, then one
`result` or `error`. An answer that is there at once is the same lines in one piece.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from clickstack.core.errors import BadQuery, Cancelled, ClickstackError, Exposed
from clickstack.core.limits import QUERY_THREADS_MAX
from clickstack.core.log import fields
from clickstack.core.result import Progress
from clickstack.store import Store

from .context import Services
from .wire import MASKED, log

NDJSON = "application/x-ndjson"
QUICK_S = 0.02  # an answer within this goes out whole, which costs half of what a stream does
PROGRESS_INTERVAL_S = 0.25
STOP_INTERVAL_S = 0.05

T = TypeVar("T")

# Threads of their own: a slow query must not take those that answer everything else.
_THREADS = ThreadPoolExecutor(QUERY_THREADS_MAX, thread_name_prefix="query")

_stopping: set[asyncio.Task[None]] = set()  # the event loop keeps only weak references to its tasks


def stream_query(request: Request, services: Services, work: Callable[[str], dict[str, Any]]) -> Response:
    """Run `work` with a fresh query id and stream its frames; its dict becomes the `result` frame.

    When the client goes away, every query that runs under the id is cancelled.
    """
    return _QueryStream(request, services, work)


async def answer_query(request: Request, services: Services, work: Callable[[str], T]) -> T:
    """Run `work` with a fresh query id and return what it returns. Raises what it raises, and Cancelled when the
    client has gone (nobody reads that reply; the query is cancelled)."""
    query_id = services.ids.uuid()
    job = _THREADS.submit(work, query_id)
    try:
        while not await _done(job, PROGRESS_INTERVAL_S):
            if await request.is_disconnected():
                raise Cancelled("The caller has gone.")
        return job.result()
    finally:
        _stop_unless_done(job, services.store, query_id)


# A proxy that buffers would hold the progress back.
_UNBUFFERED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class _QueryStream(Response):
    def __init__(self, request: Request, services: Services, work: Callable[[str], dict[str, Any]]) -> None:
        super().__init__(media_type=NDJSON)
        self._request = request
        self._services = services
        self._work = work

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query_id = self._services.ids.uuid()
        job = _THREADS.submit(self._work, query_id)
        try:
            if await _done(job, QUICK_S):
                lines = _started(query_id) + _line(_outcome(job, self._request))
                answer = Response(lines, media_type=NDJSON, headers=_UNBUFFERED)
            else:
                frames = _frames(self._request, self._services, job, query_id)
                answer = StreamingResponse(frames, media_type=NDJSON, headers=_UNBUFFERED)
            await answer(scope, receive, send)
        finally:
            _stop_unless_done(job, self._services.store, query_id)


async def _frames(
    request: Request, services: Services, job: Future[dict[str, Any]], query_id: str
) -> AsyncIterator[bytes]:
    """Of work that has begun a moment ago."""
    started_s = services.clock.monotonic_s() - QUICK_S
    rows = _Rows()
    yield _started(query_id)
    while not await _done(job, PROGRESS_INTERVAL_S):
        if await request.is_disconnected():
            return
        now = await _progress(services.store, query_id, job)
        if now is not None:
            elapsed_ms = int((services.clock.monotonic_s() - started_s) * 1000)
            yield _line({**rows.frame(now.rows_read, now.rows_total), "elapsedMs": elapsed_ms})
    yield _line(_outcome(job, request))


async def _progress(store: Store, query_id: str, job: Future[Any]) -> Progress | None:
    """How far the job is, unless it is done before that is known: what is only told on the way delays no answer."""
    asking = asyncio.get_running_loop().run_in_executor(None, store.progress, query_id)
    waiting = asyncio.wrap_future(job)
    for each in (asking, waiting):
        each.add_done_callback(_note_outcome)
    await asyncio.wait({asking, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not asking.done() or isinstance(asking.exception(), ClickstackError):
        return None
    return asking.result()


def _started(query_id: str) -> bytes:
    return _line({"type": "started", "queryId": query_id})


class _Rows:
    """One work may run several queries in turn; the rows read add up."""

    def __init__(self) -> None:
        self._before = 0
        self._last = (0, 0)

    def frame(self, rows_read: int, rows_total: int) -> dict[str, Any]:
        if rows_read < self._last[0] or rows_total < self._last[1]:  # within one query both only grow
            self._before += max(self._last)
        self._last = (rows_read, rows_total)
        total = self._before + max(rows_read, rows_total)
        return {"type": "progress", "rowsRead": self._before + rows_read, "rowsTotal": total}


def _outcome(job: Future[dict[str, Any]], request: Request) -> dict[str, Any]:
    try:
        return {"type": "result", **job.result()}
    except Exposed as error:
        frame: dict[str, Any] = {"type": "error", "code": error.code, "message": error.message}
        if isinstance(error, BadQuery):
            frame |= {key: value for key, value in _place(error).items() if value is not None}
        return frame
    except Exception:  # half a reply is out already: the mask of api.wire comes too late for this one
        request_id = request.scope.get("state", {}).get("request_id")
        log.exception("query failed", extra=fields(request_id=request_id))
        return {"type": "error", "code": "internal", "message": MASKED, "requestId": request_id}


def _place(error: BadQuery) -> dict[str, Any]:
    return {"position": error.position, "hint": error.hint}


async def _done(job: Future[Any], timeout_s: float) -> bool:
    """Whether the job ends within the time. `asyncio.wait` goes twice more round the loop to tell."""
    loop = asyncio.get_running_loop()
    woken = loop.create_future()
    timer = loop.call_later(timeout_s, _wake, woken)
    job.add_done_callback(lambda _: _wake_from_thread(loop, woken))
    try:
        await woken
    finally:
        timer.cancel()
    return job.done()


def _wake(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)


def _wake_from_thread(loop: asyncio.AbstractEventLoop, woken: asyncio.Future[None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(_wake, woken)


def _note_outcome(waiting: asyncio.Future[Any]) -> None:
    """The outcome is read from the job; the loop need not complain that it was not read here."""
    if not waiting.cancelled():
        waiting.exception()


def _stop_unless_done(job: Future[Any], store: Store, query_id: str) -> None:
    if not job.done() and not job.cancel():  # cancel() takes it out of the queue when it has not begun
        task = asyncio.get_running_loop().create_task(_stop(job, store, query_id))
        _stopping.add(task)
        task.add_done_callback(_stopping.discard)


async def _stop(job: Future[Any], store: Store, query_id: str) -> None:
    """Cancel until the work ends: it may be between two queries of the same id at any moment."""
    while not job.done():
        await asyncio.to_thread(store.cancel, query_id)
        await asyncio.sleep(STOP_INTERVAL_S)


def _line(frame: dict[str, Any]) -> bytes:
    return orjson.dumps(frame) + b"\n"

"""Streams of frames: progress while a query runs, and an end to the query when its reader leaves."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import threading
import time
from collections.abc import Callable
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.responses import Response

from clickstack.api import Services, create_api_app
from clickstack.api.stream import answer_query, stream_query
from clickstack.core.errors import BadQuery, Busy
from clickstack.core.result import Progress
from clickstack.core.sql import Param, Sql
from clickstack.store import Store

# An hour or so. It has a parameter, as nearly every query of ours.
ENDLESS = Sql.of("SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = ", Param(1, "UInt64"))
RUNNING = Sql.of(
    "SELECT count() FROM system.processes "
    "WHERE query LIKE '%FROM numbers(1000000000000)%' AND query NOT LIKE '%system.processes%'"
)


@pytest.fixture
def services(services: Services, store: Store) -> Services:
    return dataclasses.replace(services, store=store)


@pytest.fixture
def app(services: Services) -> FastAPI:
    app = create_api_app(services)

    @app.post("/endless/stream")
    def stream(request: Request) -> Response:
        return stream_query(
            request, services, lambda query_id: {"rows": services.store.query(ENDLESS, query_id=query_id).rows}
        )

    @app.post("/endless/answer")
    async def answer(request: Request) -> Response:
        await answer_query(request, services, lambda query_id: services.store.query(ENDLESS, query_id=query_id))
        return Response()

    return app


class Caller:
    """Speaks ASGI to an app, so that it can leave in the middle."""

    def __init__(self, path: str) -> None:
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"content-length", b"0")],
            "client": ("192.0.2.1", 1),
            "server": ("localhost", 8000),
            "scheme": "http",
            "root_path": "",
            "state": {},
        }
        self._gone = asyncio.Event()
        self._asked = False
        self.lines: list[dict[str, Any]] = []

    async def call(self, app: FastAPI) -> None:
        await app(self._scope, self._receive, self._send)

    def leave(self) -> None:
        self._gone.set()

    async def _receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.body":
            self.lines += [json.loads(line) for line in message["body"].splitlines()]


async def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not await asyncio.to_thread(holds):
        assert time.monotonic() < deadline, "it never happened"
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("path", ["/endless/stream", "/endless/answer"])
def test_a_query_ends_when_its_reader_leaves(app: FastAPI, store: Store, path: str) -> None:
    def running() -> int:
        return int(store.query(RUNNING, pool="admin").scalar())

    async def scene() -> None:
        caller = Caller(path)
        call = asyncio.create_task(caller.call(app))
        await until(lambda: running() == 1)
        caller.leave()
        await asyncio.wait_for(call, 60)
        await until(lambda: running() == 0)

    asyncio.run(scene())


def test_progress_is_told_while_it_runs(app: FastAPI, store: Store) -> None:
    async def scene() -> list[dict[str, Any]]:
        caller = Caller("/endless/stream")
        call = asyncio.create_task(caller.call(app))
        await until(lambda: len(caller.lines) >= 3)
        caller.leave()
        await asyncio.wait_for(call, 60)
        await until(lambda: int(store.query(RUNNING, pool="admin").scalar()) == 0)  # or it goes on behind other tests
        return caller.lines

    started, *progress = asyncio.run(scene())
    assert started["type"] == "started"
    assert all(line["type"] == "progress" for line in progress)
    assert progress[-1]["rowsRead"] >= progress[0]["rowsRead"] > 0
    assert progress[0]["rowsTotal"] >= progress[0]["rowsRead"]


class SteppingStore:
    """A store whose progress starts anew with each query of a work."""

    def __init__(self) -> None:
        self._steps = [
            Progress(10, 100, 0.1),
            Progress(90, 100, 0.2),
            Progress(5, 50, 0.1),  # the next query
            Progress(20, 40, 0.1),  # and one that was seen late
            None,
        ]

    def progress(self, query_id: str) -> Progress | None:
        return self._steps.pop(0) if self._steps else None

    def cancel(self, query_id: str) -> bool:
        return False


def _streamed(
    services: Services, work: Callable[[str], dict[str, Any]], on_end: Callable[[], None] = lambda: None
) -> list[dict[str, Any]]:
    app = FastAPI()

    @app.post("/query")
    def route(request: Request) -> Response:
        return stream_query(request, services, work)

    async def scene() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
            reply = await client.post("/query")
            on_end()
            return reply

    return [json.loads(line) for line in asyncio.run(scene()).text.splitlines()]


def test_progress_adds_up_over_the_queries_of_one_work(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SteppingStore()
    monkeypatch.setattr("clickstack.api.stream.PROGRESS_INTERVAL_S", 0.01)

    def work(query_id: str) -> dict[str, Any]:
        while store._steps:
            time.sleep(0.005)
        return {"rows": []}

    lines = _streamed(dataclasses.replace(services, store=cast(Store, store)), work)
    progress = [(line["rowsRead"], line["rowsTotal"]) for line in lines if line["type"] == "progress"]
    assert progress == [(10, 100), (90, 100), (105, 150), (170, 190)]
    assert lines[-1] == {"type": "result", "rows": []}


@pytest.mark.parametrize("failure", [None, Busy("Too many queries are running.")])
def test_progress_that_is_slow_or_fails_delays_no_answer(
    services: Services, monkeypatch: pytest.MonkeyPatch, failure: Exception | None
) -> None:
    """The connections that know of it may all be taken, by changes of tables say."""
    answered = threading.Event()
    monkeypatch.setattr("clickstack.api.stream.PROGRESS_INTERVAL_S", 0.01)

    class SlowStore(SteppingStore):
        def progress(self, query_id: str) -> Progress | None:
            if failure is not None:
                raise failure
            assert answered.wait(20)
            return None

    def work(query_id: str) -> dict[str, Any]:
        time.sleep(0.1)
        return {"rows": []}

    begun_s = time.monotonic()
    timer = threading.Timer(10, answered.set)
    timer.start()
    lines = _streamed(dataclasses.replace(services, store=cast(Store, SlowStore())), work, on_end=answered.set)
    timer.cancel()
    assert lines[-1] == {"type": "result", "rows": []}
    assert time.monotonic() - begun_s < 8


def test_errors_are_the_last_frame(services: Services) -> None:
    def wrong(query_id: str) -> dict[str, Any]:
        raise BadQuery("no", position=3, hint="so")

    def broken(query_id: str) -> dict[str, Any]:
        raise RuntimeError("secret")

    assert _streamed(services, wrong)[-1] == {
        "type": "error", "code": "bad_query", "message": "no", "position": 3, "hint": "so",
    }  # fmt: skip
    masked = _streamed(services, broken)[-1]
    assert (masked["type"], masked["code"]) == ("error", "internal")
    assert "secret" not in json.dumps(masked)

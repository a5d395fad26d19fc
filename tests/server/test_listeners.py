"""What a stopping server says to those whose requests outlive the drain."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from clickstack.server.listeners import _Cut


def cut(*, started: bool) -> list[dict[str, Any]]:
    """What goes out of a request that is cancelled, before or after its reply has begun."""
    messages: list[dict[str, Any]] = []

    async def slow(_scope: Any, _receive: Any, send: Any) -> None:
        if started:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        messages.append(message)

    async def run() -> None:
        request = asyncio.create_task(_Cut(slow)({"type": "http"}, None, send))
        await asyncio.sleep(0.01)
        request.cancel()
        await request

    asyncio.run(run())
    return messages


def test_a_request_that_is_cut_may_be_sent_again() -> None:
    start, body = cut(started=False)
    assert start["status"] == 503
    assert (b"retry-after", b"5") in start["headers"]
    assert orjson.loads(body["body"]) == {"message": "The server is stopping.", "code": "busy"}


def test_half_a_reply_stays_half() -> None:
    assert [each["type"] for each in cut(started=True)] == ["http.response.start"]

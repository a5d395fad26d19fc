"""What comes before a body has bounds: nobody fills memory with headers, or holds a connection by never ending them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from clickstack.core.limits import HTTP_CONNECTIONS_MAX, HTTP_HEAD_BYTES_MAX
from clickstack.server import http_head
from clickstack.server.http_head import MALFORMED, TOO_LARGE, TOO_MANY, BoundedHttp, Crowd, crowd_of_port

DEADLINE_S = 10
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, bytes]]
GET = b"GET /a HTTP/1.1\r\nHost: x\r\n"
PART = b"x" * 1024


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers how many bytes of body and how many headers came."""
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    body = json.dumps([size, len(scope["headers"])]).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


def exchange(talk: Talk) -> bytes:
    """What a server of one connection says to a client that talks."""

    async def run() -> bytes:
        config = uvicorn.Config(echo, http=BoundedHttp, log_config=None, lifespan="off", ws="none")
        config.load()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: BoundedHttp(config, ServerState(), {}), "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            try:
                return await asyncio.wait_for(talk(reader, writer), DEADLINE_S)
            finally:
                writer.close()

    return asyncio.run(run())


def sent(*pieces: bytes) -> bytes:
    """The reply to what is sent piece by piece, until the server closes or all is said."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            return await reader.read(2**20)
        except ConnectionError:  # the server has closed and said why, which is lost where it came too early
            return b""

    return exchange(talk)


def refusal(reply: bytes) -> tuple[str, str]:
    head, _, body = reply.partition(b"\r\n\r\n")
    return head.decode().splitlines()[0], json.loads(body)["message"]


def test_usual_requests_pass() -> None:
    assert sent(GET + b"\r\n").endswith(b"[0, 1]")
    half = b"X-Trace: " + b"a" * (HTTP_HEAD_BYTES_MAX // 2) + b"\r\n"
    assert sent(GET, half, b"\r\n").endswith(b"[0, 2]")


def test_a_body_is_no_head() -> None:
    size = 4 * HTTP_HEAD_BYTES_MAX
    body = [b"x" * 1000] * (size // 1000)
    assert sent(GET + b"Content-Length: %d\r\n\r\n" % sum(map(len, body)), *body).endswith(b", 2]")
    chunks = [b"%x\r\n%s\r\n" % (len(each), each) for each in body]
    assert b"[262000, 2]" in sent(GET + b"Transfer-Encoding: chunked\r\n\r\n", *chunks, b"0\r\n\r\n")


def test_trailers_are_no_headers() -> None:
    chunked = b"Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nAuthorization: x\r\n\r\n"
    assert sent(GET + chunked).endswith(b"[4, 2]")


@pytest.mark.parametrize("apart", [False, True], ids=["at once", "byte by byte"])
@pytest.mark.parametrize(
    ("length", "body", "size"),
    [
        (b"Content-Length: 4\r\n", b"body", 4),
        (b"Content-Length: 0\r\n", b"", 0),
        (b"Transfer-Encoding: chunked\r\n", b"4\r\nbody\r\n0\r\n\r\n", 4),
        (b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n", 0),
    ],
    ids=["of a length", "of no length", "in chunks", "in no chunk"],
)
def test_an_offer_to_upgrade_costs_no_body(length: bytes, body: bytes, size: int, *, apart: bool) -> None:
    """As Java's HttpClient and curl --http2 post, and again on the same connection."""
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    pipelined = (b"POST /a HTTP/1.1\r\n" + offer + length + b"\r\n" + body) * 2 + GET + offer + b"\r\n" + GET + b"\r\n"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        for piece in [pipelined[at : at + 1] for at in range(len(pipelined))] if apart else [pipelined]:
            writer.write(piece)
            await asyncio.sleep(0)
        return b"".join([await reader.readuntil(b"]") for _ in range(4)])

    replies = [each.partition(b"\r\n\r\n")[2] for each in exchange(talk).split(b"]")]
    assert replies[:4] == [b"[%d, 4" % size] * 2 + [b"[0, 4", b"[0, 1"]


@pytest.mark.parametrize(
    "pieces",
    [
        [GET, *[b"X-%d: x\r\n" % each for each in range(10_000)], b"\r\n"],
        [b"GET /" + b"a" * (HTTP_HEAD_BYTES_MAX + 1) + b" HTTP/1.1\r\n\r\n"],
        [GET + b"X: " + b"a" * (HTTP_HEAD_BYTES_MAX + 1) + b"\r\n\r\n"],
    ],
    ids=["many headers", "a long address", "a long header"],
)
def test_a_head_that_is_too_large(pieces: list[bytes]) -> None:
    assert refusal(sent(b"".join(pieces))) == ("HTTP/1.1 431 Request Header Fields Too Large", TOO_LARGE)


@pytest.mark.parametrize(
    "start",
    [b"GET /", GET + b"X: ", GET, GET + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: "],
    ids=["an address", "a header", "a name", "a trailer"],
)
def test_one_piece_that_never_ends(start: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """The server says why and closes after a bounded amount, whatever else would come."""
        writer.write(start)
        told = asyncio.create_task(reader.read(2**20))
        for _ in range(100 * HTTP_HEAD_BYTES_MAX // len(PART)):
            if told.done():
                break
            writer.write(PART)
            await asyncio.sleep(0)
        return await told

    assert refusal(exchange(talk)) == ("HTTP/1.1 431 Request Header Fields Too Large", TOO_LARGE)


@pytest.mark.parametrize("start", [b"G", GET, GET + b"X-Slow: "])
def test_a_head_that_takes_too_long(monkeypatch: pytest.MonkeyPatch, start: bytes) -> None:
    monkeypatch.setattr(http_head, "HTTP_HEAD_S", 0.05)
    line, _ = refusal(sent(start))
    assert line == "HTTP/1.1 408 Request Timeout"


def test_a_body_that_stops_coming(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_head, "HTTP_BODY_PAUSE_S", 0.05)
    assert sent(GET + b"Content-Length: 10\r\n\r\n", b"half") == b""


def test_a_body_that_comes_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_head, "HTTP_BODY_PAUSE_S", 1.0)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(GET + b"Content-Length: 4\r\n\r\n")
        for _ in range(4):
            await asyncio.sleep(0.05)
            writer.write(b"x")
        return await reader.readuntil(b"]")

    assert exchange(talk).endswith(b"[4, 2]")


def test_what_is_no_http_is_told_in_json() -> None:
    assert refusal(sent(b"FOO /a HTTP/1.1\r\n\r\n")) == ("HTTP/1.1 400 Bad Request", MALFORMED)


def test_connections_above_the_bound_are_told_so() -> None:
    async def run() -> list[bytes]:
        config = uvicorn.Config(echo, http=BoundedHttp, log_config=None, lifespan="off", ws="none")
        config.load()
        state, crowd = ServerState(), Crowd(2)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: BoundedHttp(config, state, {}, crowd=crowd), "127.0.0.1", 0)
        async with server:
            address = server.sockets[0].getsockname()
            idle = [await asyncio.open_connection(*address) for _ in range(2)]
            late, late_writer = await asyncio.open_connection(*address)
            answers = [await asyncio.wait_for(late.read(), DEADLINE_S)]
            idle[0][1].close()
            await idle[0][1].wait_closed()
            while len(state.connections) == 2:
                await asyncio.sleep(0)
            reader, writer = await asyncio.open_connection(*address)
            writer.write(GET + b"\r\n")
            answers.append(await asyncio.wait_for(reader.readuntil(b"]"), DEADLINE_S))
            for each in (writer, late_writer, idle[1][1]):
                each.close()
            return answers

    refused, served = asyncio.run(run())
    assert refusal(refused) == ("HTTP/1.1 503 Service Unavailable", TOO_MANY)
    assert served.endswith(b"[0, 1]")


@pytest.mark.parametrize(
    ("files", "connections"),
    [(1_000, 200), (1_048_576, HTTP_CONNECTIONS_MAX), (resource.RLIM_INFINITY, HTTP_CONNECTIONS_MAX)],
)
def test_connections_leave_files_for_the_engine(monkeypatch: pytest.MonkeyPatch, files: int, connections: int) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
    assert crowd_of_port().connections_max == connections


def answered_to_a_reader(pause_s: float) -> int:
    """How much of a large reply arrives, more than its body, at who begins with so long a wait before each MiB."""
    size = 32 * 2**20

    async def large(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
        await send({"type": "http.response.body", "body": bytes(size)})

    async def run() -> int:
        config = uvicorn.Config(large, http=BoundedHttp, log_config=None, lifespan="off", ws="none")
        config.load()
        state, loop = ServerState(), asyncio.get_running_loop()
        server = await loop.create_server(lambda: BoundedHttp(config, state, {}), "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname(), limit=2**15)
            writer.write(GET + b"\r\n")
            got = 0
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                for _ in range(4):
                    await asyncio.sleep(pause_s)
                    got += len(await reader.readexactly(2**20))
                while data := await reader.read(2**20):
                    got += len(data)
            writer.close()
            return got - size

    return asyncio.run(asyncio.wait_for(run(), DEADLINE_S))


def test_who_does_not_read_a_reply_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_head, "HTTP_BODY_PAUSE_S", 0.1)
    assert answered_to_a_reader(pause_s=0.5) < 0


def test_who_reads_slowly_gets_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_head, "HTTP_BODY_PAUSE_S", 1.0)
    assert answered_to_a_reader(pause_s=0.4) > 0

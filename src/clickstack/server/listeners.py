"""Sockets, and the HTTP servers on them: one event loop for all ports."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from clickstack.api.wire import Json, Reply
from clickstack.core.errors import StartupError

from .http_head import BoundedHttp, crowd_of_port

DRAIN_S = 3  # running requests get this long after a stop signal
KEEP_ALIVE_S = 61  # as the reference; longer than the 60 s of usual load balancers
BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class Listener:
    """An ASGI application on a bound socket."""

    app: ASGIApp
    socket: socket.socket


def bind(host: str, port: int, what: str, option: str) -> socket.socket:
    """A listening socket. Raises StartupError that names the port, its purpose and the option to change it."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(BACKLOG)
        bound.setblocking(False)
        return bound
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartupError(
                f"Port {port} ({what}) is in use: stop the other program or choose another port with {option}."
            ) from None
        raise StartupError(f"Cannot listen on {host}:{port} ({what}): {error.strerror or error}.") from None


async def serve_until_stopped(
    listeners: Sequence[Listener], trusted_proxies: str, on_ready: Callable[[], None]
) -> None:
    """Serve all listeners until SIGTERM or SIGINT; then let running requests end for DRAIN_S."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    servers = [_Server(_config(listener.app, trusted_proxies)) for listener in listeners]
    tasks = [
        asyncio.create_task(server.serve(sockets=[listener.socket]))
        for server, listener in zip(servers, listeners, strict=True)
    ]
    while not all(server.started for server in servers) and not any(task.done() for task in tasks):
        await asyncio.sleep(0.005)
    on_ready()
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*tasks)


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to `serve_until_stopped`, which stops all of them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Cut:
    """Tells those whose requests outlive the drain that the server stops, so that they try again.

    uvicorn says 500 to them, after which senders of telemetry throw away what they sent.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reply = Reply(send)
        try:
            await self._app(scope, receive, reply)
        except asyncio.CancelledError:
            if scope["type"] == "http" and not reply.has_begun:
                await _STOPPING(scope, receive, send)


_STOPPING = Json(
    {"message": "The server is stopping.", "code": "busy"},
    status_code=503,
    headers={"Retry-After": "5", "Connection": "close"},
)


def _config(app: ASGIApp, trusted_proxies: str) -> uvicorn.Config:
    return uvicorn.Config(
        cast(Any, _Cut(app)),  # the same protocol, spelt by two libraries
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        http=cast(Any, partial(BoundedHttp, crowd=crowd_of_port())),
        forwarded_allow_ips=trusted_proxies,
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=DRAIN_S,
    )

"""One HTTP request to an address that was checked before, within one limit of time.

The name is asked for and the checked address is connected to; redirects are not followed, and nothing of the
environment (proxies, files with passwords) has a say. The limit holds from the first packet to the last byte read: a
server that says a byte now and then holds nobody.
"""

# ruff: noqa: ARG002  # the signatures are httpcore's

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpcore

from .address import Destination, IpAddress
from .clock import Clock

CONNECT_S_MAX = 10.0  # to one address; then the next one is tried
# What frames a request on its connection is ours to say, and the host is part of what was checked.
FRAMING = frozenset(
    "connection content-length expect host keep-alive proxy-authenticate proxy-authorization te trailer "
    "transfer-encoding upgrade".split()
)
_SAFE = "/%:=&?~#+!$,;'@()*[]"


class NotReached(Exception):
    """No address could be connected to."""


class TooSlow(Exception):
    """The time was over."""


class BrokenOff(Exception):
    """The connection failed. The message names no URL and no secret."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Header names are in lower case; `start` is the first bytes of the body."""

    status: int
    headers: Mapping[str, str]
    start: bytes


def ask(
    method: str,
    destination: Destination,
    headers: Mapping[str, str],
    body: bytes,
    clock: Clock,
    *,
    timeout_s: float,
    answer_bytes: int,
) -> Answer:
    """The answer to one request, its body cut to `answer_bytes`. Raises NotReached, TooSlow, BrokenOff."""
    end_s = clock.monotonic_s() + timeout_s
    backend = _Pinned(destination.addresses, lambda: _left_s(clock, end_s))
    sent = [(name, value) for name, value in headers.items() if name.lower() not in FRAMING]
    try:
        with (
            httpcore.ConnectionPool(
                ssl_context=ssl.create_default_context(), network_backend=backend, max_keepalive_connections=0
            ) as pool,
            pool.stream(method, _url(destination), headers=sent, content=body) as response,
        ):
            start = b""
            for chunk in response.iter_stream():
                start += chunk
                if len(start) >= answer_bytes:
                    break
            named = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            return Answer(response.status, named, start[:answer_bytes])
    except httpcore.ConnectError as error:
        if "CERTIFICATE" in str(error):
            raise BrokenOff("its certificate is not valid") from error
        raise NotReached from error
    except httpcore.ConnectTimeout as error:
        raise NotReached from error
    except httpcore.TimeoutException as error:
        raise TooSlow from error
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
        raise BrokenOff(type(error).__name__) from error


def _left_s(clock: Clock, end_s: float) -> float:
    left_s = end_s - clock.monotonic_s()
    if left_s <= 0:
        raise httpcore.ReadTimeout
    return left_s


def _url(destination: Destination) -> httpcore.URL:
    parts = urlsplit(destination.url)
    target = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")
    return httpcore.URL(
        scheme=parts.scheme.encode(), host=destination.host.encode(), port=parts.port, target=target.encode()
    )


class _Pinned(httpcore.NetworkBackend):
    """Connects to the given addresses, one after the other, whatever the name is."""

    def __init__(self, addresses: Sequence[IpAddress], left_s: Callable[[], float]) -> None:
        self._addresses = addresses
        self._left_s = left_s
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError("no address")
        for address in self._addresses:
            try:
                stream = self._network.connect_tcp(str(address), port, timeout=min(CONNECT_S_MAX, self._left_s()))
                return _Bounded(stream, self._left_s)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class _Bounded(httpcore.NetworkStream):
    """A stream whose every step gets no more than the time that is left."""

    def __init__(self, stream: httpcore.NetworkStream, left_s: Callable[[], float]) -> None:
        self._stream = stream
        self._left_s = left_s

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left_s())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left_s())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Bounded(self._stream.start_tls(ssl_context, server_hostname, self._left_s()), self._left_s)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

"""Requests that offer to go on in another protocol (`Upgrade: h2c`), read as if they did not.

Java's HttpClient and `curl --http2` offer it with their first request, a POST with its body too, and a server is free
to pay no attention. The protocol library takes what follows such a head for the other protocol: the request would look
as if it had no body, and an empty request succeeds.
"""

from __future__ import annotations

from typing import Any

import httptools

_LENGTHS = (b"content-length", b"transfer-encoding")


class DecliningParser:
    """The library's parser, as far as uvicorn uses it. `protocol` leaves a message open while `body_follows`."""

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._parser = _parser(protocol)

    @property
    def body_follows(self) -> bool:
        """Whether the library believes that the message is complete, and it is not."""
        return self._parser.should_upgrade() and bool(self._lengths())

    def feed_data(self, data: bytes) -> None:
        """Raises httptools.HttpParserError."""
        while data:
            try:
                self._parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as offer:
                data = data[offer.args[0] :]
                if lengths := self._lengths():
                    self._parser = _parser(_AfterHead(self._protocol))
                    self._parser.feed_data(_head(lengths))  # completes the message when the length is 0

    def get_method(self) -> bytes:
        return self._parser.get_method()

    def get_http_version(self) -> str:
        return self._parser.get_http_version()

    def should_keep_alive(self) -> bool:
        return self._parser.should_keep_alive()

    def should_upgrade(self) -> bool:
        return False

    def _lengths(self) -> list[tuple[bytes, bytes]]:
        return [header for header in self._protocol.headers if header[0] in _LENGTHS]


class _AfterHead:
    """A protocol that does not hear of the first head its parser reads."""

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self.on_body = protocol.on_body
        self.on_message_complete = protocol.on_message_complete
        self.heard = False

    def on_message_begin(self) -> None:
        if self.heard:
            self._protocol.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if self.heard:
            self._protocol.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.heard:
            self._protocol.on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.heard:
            self._protocol.on_headers_complete()
        self.heard = True


def _head(lengths: list[tuple[bytes, bytes]]) -> bytes:
    """One that says of its body what `lengths` say, and nothing else."""
    return b"POST / HTTP/1.1\r\n" + b"".join(b"%s: %s\r\n" % header for header in lengths) + b"\r\n"


def _parser(protocol: Any) -> httptools.HttpRequestParser:
    parser = httptools.HttpRequestParser(protocol)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn: the first of pipelined requests counts
    return parser

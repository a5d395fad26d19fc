"""A sender of the Fluent Forward protocol for tests: packs values, does the handshake, waits for acknowledgements."""

from __future__ import annotations

import hashlib
import socket
import struct
from types import TracebackType
from typing import Any

from clickstack.core.errors import BadRequest
from clickstack.ingest.msgpack import Extension, Reader

SALT, HOSTNAME = b"\xff\x00salt of 16 by", b"sender.example"


def event_time(seconds: int, nanos: int) -> Extension:
    return Extension(0, struct.pack(">II", seconds, nanos))


def packed(value: Any) -> bytes:
    """A value as MessagePack, in the shortest form."""
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        return _packed_int(value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        data = value.encode()
        return _sized(len(data), 0xA0, 32, b"\xd9", b"\xda", b"\xdb") + data
    if isinstance(value, bytes):
        return _sized(len(value), 0, 0, b"\xc4", b"\xc5", b"\xc6") + value
    if isinstance(value, Extension):
        fixed = {1: b"\xd4", 2: b"\xd5", 4: b"\xd6", 8: b"\xd7", 16: b"\xd8"}.get(len(value.data))
        head = fixed if fixed is not None else b"\xc7" + bytes([len(value.data)])
        return head + bytes([value.type]) + value.data
    if isinstance(value, list):
        return _sized(len(value), 0x90, 16, None, b"\xdc", b"\xdd") + b"".join(map(packed, value))
    head = _sized(len(value), 0x80, 16, None, b"\xde", b"\xdf")
    return head + b"".join(packed(key) + packed(each) for key, each in value.items())


def _packed_int(value: int) -> bytes:
    if -32 <= value < 128:
        return struct.pack(">b", value)
    if value >= 0:
        code, form = next(
            (code, form) for code, form, bits in ((0xCC, "B", 8), (0xCD, "H", 16), (0xCE, "I", 32), (0xCF, "Q", 64))
            if value < 1 << bits
        )  # fmt: skip
    else:
        code, form = next(
            (code, form) for code, form, bits in ((0xD0, "b", 8), (0xD1, "h", 16), (0xD2, "i", 32), (0xD3, "q", 64))
            if value >= -(1 << bits - 1)
        )  # fmt: skip
    return bytes([code]) + struct.pack(">" + form, value)


def _sized(size: int, short: int, short_max: int, one: bytes | None, two: bytes, four: bytes) -> bytes:
    if size < short_max:
        return bytes([short + size])
    if one is not None and size < 1 << 8:
        return one + struct.pack(">B", size)
    return two + struct.pack(">H", size) if size < 1 << 16 else four + struct.pack(">I", size)


class Sender:
    """A connection. It greets only with a key."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._received = b""

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._socket.close()

    def greet(self, key: str) -> list[Any]:
        """Do the handshake; returns the server's PONG, whose proof has been checked."""
        name, options = self.receive()
        assert name == "HELO"
        nonce = options["nonce"].encode()
        self.send(["PING", HOSTNAME.decode(), SALT, digest(SALT, HOSTNAME, nonce, key), "", ""])
        pong: list[Any] = self.receive()
        if pong[1]:
            assert pong[4] == digest(SALT, pong[3].encode(), nonce, key)
        return pong

    def send(self, *messages: Any) -> None:
        self.send_bytes(b"".join(map(packed, messages)))

    def send_bytes(self, data: bytes) -> None:
        self._socket.sendall(data)

    def receive(self) -> Any:
        """The next value from the server."""
        while True:
            reader = Reader(self._received)
            if self._received and (value := _whole(reader)) is not None:
                self._received = self._received[reader._position :]
                return value
            data = self._socket.recv(65536)
            assert data, "the server closed the connection"
            self._received += data

    def is_closed(self) -> bool:
        """Wait for the server to close; what it says before is dropped."""
        try:
            while self._socket.recv(65536):
                pass
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        return True


def _whole(reader: Reader) -> Any:
    try:
        return reader.record_value()
    except BadRequest:
        return None


def digest(salt: bytes, hostname: bytes, nonce: bytes, key: str) -> str:
    return hashlib.sha512(salt + hostname + nonce + key.encode()).hexdigest()

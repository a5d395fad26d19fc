"""The only place that makes identifiers and secrets."""

from __future__ import annotations

import itertools
import re
import secrets
import uuid
from typing import Protocol

from .clock import Clock

OBJECT_ID = re.compile(r"[0-9a-f]{24}")


class IdSource(Protocol):
    def object_id(self) -> str:
        """24 lower-case hex digits. They grow in one process; of two processes only from second to second."""
        ...

    def uuid(self) -> str:
        """A random UUID v4, as keys and request ids are written."""
        ...

    def token(self) -> str:
        """64 hex digits from the operating system's secure source, for sessions and invitations."""
        ...


class RandomIds:
    """Ids for production. Object ids are time (4 bytes), process (5 bytes), counter (3 bytes)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._process = secrets.token_bytes(5)
        self._counter = itertools.count(secrets.randbelow(1 << 23))  # next() is atomic; += is not

    def object_id(self) -> str:
        counter = next(self._counter) & 0xFFFFFF
        seconds = self._clock.now_ns() // 1_000_000_000
        return (seconds.to_bytes(4, "big") + self._process + counter.to_bytes(3, "big")).hex()

    def uuid(self) -> str:
        return str(uuid.uuid4())

    def token(self) -> str:
        return secrets.token_hex(32)


class SequentialIds:
    """Ids for tests: 000…01, 000…02, in order of asking."""

    def __init__(self) -> None:
        self._last = 0

    def _next(self) -> int:
        self._last += 1
        return self._last

    def object_id(self) -> str:
        return f"{self._next():024x}"

    def uuid(self) -> str:
        return str(uuid.UUID(int=(4 << 76) | (8 << 60) | self._next()))

    def token(self) -> str:
        return f"{self._next():064x}"

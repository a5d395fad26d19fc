"""The Forward protocol's handshake: both sides prove that they know a shared key, and neither sends it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from clickstack.core.errors import BadRequest, Unauthorized

from .msgpack import Reader, pack

_HOSTNAME = "clickstack"  # Fluentd refuses a server that is named like itself


class Handshake:
    """One connection's: send `helo`, hand the reply to `pong`, send what it returns."""

    MISSING = "The sender does not do the handshake: give it the shared key."

    def __init__(self, nonce: str) -> None:
        self._nonce = nonce.encode()

    @property
    def helo(self) -> bytes:
        return pack(["HELO", {"nonce": self._nonce.decode(), "auth": "", "keepalive": True}])

    def pong(self, ping: bytes, keys: Iterable[str]) -> bytes:
        """The answer to a PING that was made with one of the keys. Raises Unauthorized, BadRequest."""
        reader = Reader(ping)
        if reader.peek() != "array" or reader.array() != 6 or reader.raw() != b"PING":
            raise BadRequest(self.MISSING)
        hostname, salt, digest = reader.raw(), reader.raw(), reader.raw()
        known = None
        for key in keys:  # all of them, so that time says nothing
            if key and hmac.compare_digest(self._digest(salt, hostname, key), digest.lower()):
                known = key
        if known is None:
            raise Unauthorized("The shared key is wrong.")
        return pack(["PONG", True, "", _HOSTNAME, self._digest(salt, _HOSTNAME.encode(), known).decode()])

    @staticmethod
    def refusal(reason: str) -> bytes:
        """At most 31 bytes of reason: Fluent Bit has room for no more."""
        return pack(["PONG", False, reason, "", ""])

    def _digest(self, salt: bytes, hostname: bytes, key: str) -> bytes:
        return hashlib.sha512(salt + hostname + self._nonce + key.encode()).hexdigest().encode()

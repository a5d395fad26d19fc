"""Keys of machines: the personal access key of a person and the ingestion key of a team."""

from __future__ import annotations

import hmac
import threading

from clickstack.core.clock import Clock
from clickstack.core.errors import Unauthorized
from clickstack.core.limits import INGESTION_KEYS_LIFE_S
from clickstack.core.records import Actor
from clickstack.metadata import Metadata

ACCESS_KEY_CHARS_MAX = 64  # as the column; longer text is no key and needs no look-up


class AccessKeys:
    def __init__(self, metadata: Metadata) -> None:
        self._users = metadata.users

    def actor(self, key: str) -> Actor:
        """Who holds the key. Raises Unauthorized."""
        found = self._users.with_access_key(key) if _plausible(key) else None
        if found is None:
            raise Unauthorized("Unauthorized")
        user, team = found
        return Actor(user=user, team=team, via="access_key")


class IngestionKeys:
    """The teams' keys, held for INGESTION_KEYS_LIFE_S so that a busy receiver asks the database rarely."""

    def __init__(self, metadata: Metadata, clock: Clock) -> None:
        self._teams = metadata.teams
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: tuple[bytes, ...] = ()
        self._fresh_until_s = float("-inf")

    def ok(self, presented: str) -> bool:
        """Whether a team has this key. Before sign-up nobody has. Takes the same time for every wrong key."""
        given = presented.encode("utf-8", "surrogatepass")
        found = False
        for key in self._current():
            found |= hmac.compare_digest(key, given)
        return found

    def forget(self) -> None:
        """Read the keys anew at the next question: one has changed."""
        with self._lock:
            self._fresh_until_s = float("-inf")

    def _current(self) -> tuple[bytes, ...]:
        with self._lock:
            now_s = self._clock.monotonic_s()
            if now_s >= self._fresh_until_s:
                self._keys = tuple(key.encode() for key in self._teams.api_keys())
                self._fresh_until_s = now_s + INGESTION_KEYS_LIFE_S
            return self._keys


def _plausible(key: str) -> bool:
    return 0 < len(key) <= ACCESS_KEY_CHARS_MAX and key.isascii() and key.isprintable()

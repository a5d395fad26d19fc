"""The personal access key of a person: what programs present to the REST API."""

from __future__ import annotations

from clickstack.core.errors import Unauthorized
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


def _plausible(key: str) -> bool:
    return 0 < len(key) <= ACCESS_KEY_CHARS_MAX and key.isascii() and key.isprintable()

"""Browser sessions: a random token in a cookie, its SHA-256 in the database."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from clickstack.core.errors import Unauthorized
from clickstack.core.ids import IdSource
from clickstack.core.limits import SESSION_LIFE_S, SESSION_ROLL_S
from clickstack.core.records import Actor
from clickstack.metadata import Metadata


@dataclass(frozen=True, slots=True)
class Visit:
    """A request with a live session. `prolonged` says that its life began anew, so the cookie must too."""

    actor: Actor
    prolonged: bool


class Sessions:
    def __init__(self, metadata: Metadata, ids: IdSource) -> None:
        self._stored = metadata.sessions
        self._ids = ids

    def begin(self, user_id: str) -> str:
        """A new session's token. It is shown once; only its hash is kept."""
        token = self._ids.token()
        self._stored.add(user_id, _hash(token), SESSION_LIFE_S)
        return token

    def visit(self, token: str) -> Visit:
        """Who holds the token. Prolongs the session, at most once in SESSION_ROLL_S. Raises Unauthorized."""
        session = self._stored.find(_hash(token)) if token else None
        if session is None:
            raise Unauthorized("Unauthorized")
        prolong = session.expires_in_s <= SESSION_LIFE_S - SESSION_ROLL_S
        if prolong:
            self._stored.prolong(_hash(token), SESSION_LIFE_S)
        return Visit(Actor(user=session.user, team=session.team, via="session"), prolong)

    def end(self, token: str) -> None:
        if token:
            self._stored.remove(_hash(token))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()

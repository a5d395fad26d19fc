"""Browser sessions: a random token in a cookie, its SHA-256 in the database."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from clickstack.core.errors import MetadataFailed, NotFound, Unauthorized
from clickstack.core.ids import IdSource
from clickstack.core.limits import SEEN_EVERY_S, SESSION_LIFE_S, SESSION_ROLL_S
from clickstack.core.log import fields, get_logger
from clickstack.core.records import Actor
from clickstack.metadata import Metadata, Session, SessionEntry

_log = get_logger("auth")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a request comes from and with what: what people recognise their sessions by."""

    address: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """A request with a live session. `prolonged` says that its life began anew, so the cookie must too."""

    actor: Actor
    prolonged: bool


class Sessions:
    def __init__(self, metadata: Metadata, ids: IdSource) -> None:
        self._stored = metadata.sessions
        self._ids = ids

    def begin(self, user_id: str, visitor: Visitor) -> str:
        """A new session's token. It is shown once; only its hash is kept."""
        token = self._ids.token()
        self._stored.add(user_id, _hash(token), SESSION_LIFE_S, user_agent=visitor.user_agent, address=visitor.address)
        return token

    def visit(self, token: str, address: str) -> Visit:
        """Who holds the token. Prolongs the session, at most once in SESSION_ROLL_S. Raises Unauthorized."""
        session = self._stored.find(_hash(token)) if token else None
        if session is None:
            raise Unauthorized("Unauthorized")
        prolong = session.expires_in_s <= SESSION_LIFE_S - SESSION_ROLL_S
        if prolong:
            self._stored.prolong(_hash(token), SESSION_LIFE_S)
        if session.unseen_s >= SEEN_EVERY_S:
            self._note_seen(session, token, address)
        return Visit(Actor(user=session.user, team=session.team, via="session", credential=session.id), prolong)

    def end(self, token: str) -> None:
        if token:
            self._stored.remove(_hash(token))

    def list(self, actor: Actor) -> list[SessionEntry]:
        """The caller's live sessions, the one seen last first; `actor.credential` is the id of the one in use."""
        return self._stored.list(actor.user.id)

    def revoke(self, actor: Actor, session_id: str) -> None:
        """End one of the caller's sessions. Raises NotFound."""
        if not self._stored.revoke(actor.user.id, session_id):
            raise NotFound("You have no such session.")

    def revoke_others(self, actor: Actor) -> int:
        """End all the caller's sessions but the one in use; how many."""
        return self._stored.revoke_all(actor.user.id, but=actor.credential)

    def _note_seen(self, session: Session, token: str, address: str) -> None:
        try:
            self._stored.note_seen(_hash(token), address)
        except MetadataFailed as error:
            _log.warning("visit of a session not kept", extra=fields(session=session.id, reason=str(error)))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()

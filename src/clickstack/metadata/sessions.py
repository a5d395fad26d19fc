"""Browser sessions, by the hash of their token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from clickstack.core.clock import Clock
from clickstack.core.ids import IdSource
from clickstack.core.limits import SESSIONS_PER_USER_MAX, USER_AGENT_CHARS_MAX
from clickstack.core.records import Team, User

from . import tables
from .db import Database
from .moments import moment, now_ms
from .teams import team_record
from .users import user_record

ADDRESS_CHARS_MAX = 64  # as the column; an IPv6 address with a zone is shorter
_SESSION = tables.sessions.c

# Of every request of the UI: made once, since making it takes longer than asking it.
_OF_TOKEN = (
    sa.select(_SESSION.id.label("session_id"), _SESSION.expires_ms, _SESSION.last_seen_ms)
    .add_columns(tables.users, tables.teams)
    .select_from(tables.sessions)
    .join(tables.users)
    .join(tables.teams)
    .where(_SESSION.token_hash == sa.bindparam("of"))
)


@dataclass(frozen=True, slots=True)
class Session:
    """A live session, whose it is, and how long it still lives."""

    id: str
    user: User
    team: Team
    expires_in_s: float
    unseen_s: float  # since the visit that was noted last


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """A session as its person sees it: where and with what it was last used."""

    id: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    user_agent: str
    address: str


class Sessions:
    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    def add(self, user_id: str, token_hash: str, life_s: int, *, user_agent: str = "", address: str = "") -> None:
        """Begin a session. Dead sessions go, and of this person's the oldest above SESSIONS_PER_USER_MAX."""
        now = now_ms(self._clock)
        surplus = (
            sa.select(_SESSION.token_hash)
            .where(_SESSION.user_id == user_id)
            .order_by(_SESSION.expires_ms.desc(), _SESSION.token_hash)
            .offset(SESSIONS_PER_USER_MAX - 1)
            .limit(SESSIONS_PER_USER_MAX)
        )
        with self._database.write() as connection:
            connection.execute(sa.delete(tables.sessions).where(_SESSION.expires_ms <= now))
            connection.execute(
                sa.delete(tables.sessions).where(_SESSION.token_hash.in_(list(connection.scalars(surplus))))
            )
            connection.execute(
                sa.insert(tables.sessions).values(
                    token_hash=token_hash,
                    id=self._ids.object_id(),
                    user_id=user_id,
                    created_ms=now,
                    expires_ms=now + life_s * 1000,
                    last_seen_ms=now,
                    user_agent=user_agent[:USER_AGENT_CHARS_MAX],
                    address=address[:ADDRESS_CHARS_MAX],
                )
            )

    def find(self, token_hash: str) -> Session | None:
        """The session if it is alive."""
        now = now_ms(self._clock)
        found = self._database.recent(_OF_TOKEN, _live_at, of=token_hash)
        return found(now) if found else None

    def list(self, user_id: str) -> list[SessionEntry]:
        """A person's live sessions, the one seen last first."""
        query = (
            sa.select(tables.sessions)
            .where(_SESSION.user_id == user_id, _SESSION.expires_ms > now_ms(self._clock))
            .order_by(_SESSION.last_seen_ms.desc(), _SESSION.id.desc())
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [
            SessionEntry(
                id=row.id,
                created_at=moment(row.created_ms),
                last_seen_at=moment(row.last_seen_ms),
                expires_at=moment(row.expires_ms),
                user_agent=row.user_agent,
                address=row.address,
            )
            for row in rows
        ]

    def prolong(self, token_hash: str, life_s: int) -> None:
        self._update(token_hash, expires_ms=now_ms(self._clock) + life_s * 1000)

    def note_seen(self, token_hash: str, address: str) -> None:
        self._update(token_hash, last_seen_ms=now_ms(self._clock), address=address[:ADDRESS_CHARS_MAX])

    def remove(self, token_hash: str) -> None:
        with self._database.write() as connection:
            connection.execute(sa.delete(tables.sessions).where(_SESSION.token_hash == token_hash))

    def revoke(self, user_id: str, session_id: str) -> bool:
        """End one session of a person; False when there is none of this id."""
        with self._database.write() as connection:
            ended = connection.execute(
                sa.delete(tables.sessions).where(_SESSION.user_id == user_id, _SESSION.id == session_id)
            )
        return bool(ended.rowcount)

    def revoke_all(self, user_id: str, *, but: str | None = None) -> int:
        """End a person's sessions, except the one whose id is `but`; how many."""
        with self._database.write() as connection:
            return end_sessions(connection, user_id, but=but)

    def _update(self, token_hash: str, **values: int | str) -> None:
        with self._database.write() as connection:
            connection.execute(sa.update(tables.sessions).where(_SESSION.token_hash == token_hash).values(**values))


def end_sessions(connection: Connection, user_id: str, *, but: str | None = None) -> int:
    where = [_SESSION.user_id == user_id, *([] if but is None else [_SESSION.id != but])]
    return connection.execute(sa.delete(tables.sessions).where(*where)).rowcount


def _live_at(row: sa.Row[Any]) -> Callable[[int], Session | None]:
    """The session as it is at a moment in ms."""
    user, team = user_record(row), team_record(row)

    def at(now: int) -> Session | None:
        if row.expires_ms <= now:
            return None
        return Session(row.session_id, user, team, (row.expires_ms - now) / 1000, (now - row.last_seen_ms) / 1000)

    return at

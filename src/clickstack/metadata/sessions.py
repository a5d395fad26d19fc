"""Browser sessions, by the hash of their token."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from clickstack.core.clock import Clock
from clickstack.core.limits import SESSIONS_PER_USER_MAX
from clickstack.core.records import Team, User

from . import tables
from .db import Database
from .moments import now_ms
from .teams import team_record
from .users import user_record

_SESSION = tables.sessions.c


@dataclass(frozen=True, slots=True)
class Session:
    """A live session, whose it is, and how long it still lives."""

    user: User
    team: Team
    expires_in_s: float


class Sessions:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, user_id: str, token_hash: str, life_s: int) -> None:
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
                    token_hash=token_hash, user_id=user_id, created_ms=now, expires_ms=now + life_s * 1000
                )
            )

    def find(self, token_hash: str) -> Session | None:
        """The session if it is alive."""
        now = now_ms(self._clock)
        query = (
            sa.select(_SESSION.expires_ms, tables.users, tables.teams)
            .select_from(tables.sessions)
            .join(tables.users)
            .join(tables.teams)
            .where(_SESSION.token_hash == token_hash, _SESSION.expires_ms > now)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        return Session(user_record(row), team_record(row), (row.expires_ms - now) / 1000)

    def prolong(self, token_hash: str, life_s: int) -> None:
        with self._database.write() as connection:
            connection.execute(
                sa.update(tables.sessions)
                .where(_SESSION.token_hash == token_hash)
                .values(expires_ms=now_ms(self._clock) + life_s * 1000)
            )

    def remove(self, token_hash: str) -> None:
        with self._database.write() as connection:
            connection.execute(sa.delete(tables.sessions).where(_SESSION.token_hash == token_hash))

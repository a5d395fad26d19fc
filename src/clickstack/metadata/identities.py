"""Who people are at OpenID providers."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clickstack.core.clock import Clock
from clickstack.core.errors import Conflict
from clickstack.core.ids import IdSource
from clickstack.core.records import Author, User

from . import tables
from .audit import changing
from .db import Database
from .users import KIND, user_record

_IDENTITY = tables.identities.c


class Identities:
    """`issuer` and `subject` are the provider's address and the person's name there, which never changes."""

    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    def find(self, issuer: str, subject: str) -> User | None:
        query = (
            sa.select(tables.users)
            .join_from(tables.identities, tables.users)
            .where(_IDENTITY.issuer == issuer, _IDENTITY.subject == subject)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return user_record(row) if row else None

    def has_one(self, user_id: str, issuer: str) -> bool:
        """Whether a person is somebody at a provider already."""
        query = sa.select(_IDENTITY.subject).where(_IDENTITY.user_id == user_id, _IDENTITY.issuer == issuer).limit(1)
        with self._database.read() as connection:
            return connection.scalar(query) is not None

    def link(self, user: User, issuer: str, subject: str, request_id: str | None) -> None:
        """Let a person who is here come in as who they are there. Raises Conflict."""
        author = Author("user", user.id, user.email)
        try:
            with changing(self._database, self._clock, self._ids, user.team_id, author, request_id) as change:
                change.transaction.execute(
                    sa.insert(tables.identities).values(
                        issuer=issuer, subject=subject, user_id=user.id, created_ms=change.now_ms
                    )
                )
                change.note("update", KIND, user, {}, {"identity": issuer})
        except IntegrityError as error:
            raise Conflict("This identity has just been taken into use. Sign in again.") from error

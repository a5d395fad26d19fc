"""The founding of an installation: its first team, whole or not at all."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clickstack.core.clock import Clock, utc_datetime
from clickstack.core.errors import Conflict, MetadataFailed
from clickstack.core.ids import IdSource
from clickstack.core.limits import NAME_CHARS_MAX
from clickstack.core.records import Author, Team, User

from . import tables
from .audit import changing
from .connections import insert_connection
from .db import Database
from .defaults import default_connection, default_sources
from .moments import now_ms
from .sources import insert_source
from .teams import KIND as TEAM_KIND
from .teams import insert_team, team_record
from .users import KIND as USER_KIND
from .users import insert_user, shown_user


class Installation:
    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    def founded(self) -> bool:
        """Whether a team exists."""
        with self._database.read() as connection:
            return connection.execute(sa.select(tables.installation.c.id)).first() is not None

    def team(self) -> Team | None:
        """The first team."""
        query = sa.select(tables.teams).join_from(tables.installation, tables.teams)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return team_record(row) if row else None

    def found(self, email: str, password_hash: str) -> tuple[Team, User]:
        """The first team, its first person, its connection and sources, in one transaction.

        `email` is lower case. Raises Conflict when a team exists; of parallel callers exactly one succeeds.
        """
        now = utc_datetime(now_ms(self._clock) * 1_000_000)
        team = Team(
            id=self._ids.object_id(),
            organization_id=self._ids.uuid(),
            service_id=self._ids.uuid(),
            name=f"{email}'s Team"[:NAME_CHARS_MAX],
            api_key=self._ids.uuid(),
            hook_id=self._ids.uuid(),
            created_at=now,
            updated_at=now,
        )
        user = User(
            id=self._ids.object_id(),
            team_id=team.id,
            email=email,
            name=email,
            role="admin",
            access_key=self._ids.uuid(),
            created_at=now,
            updated_at=now,
        )
        try:
            self._insert(team, user, password_hash)
        except IntegrityError as error:
            if not self.founded():
                raise MetadataFailed("the first team could not be stored") from error
            raise Conflict("A team already exists. Sign in, or ask its admin for an invitation.") from error
        return team, user

    def _insert(self, team: Team, user: User, password_hash: str) -> None:
        link = default_connection(team.id, self._ids)
        author = Author("user", user.id, user.email)
        with changing(self._database, self._clock, self._ids, team.id, author, None) as change:
            connection = change.transaction
            insert_team(connection, team)
            connection.execute(sa.insert(tables.installation).values(id=1, team_id=team.id))
            insert_user(connection, user, password_hash)
            insert_connection(connection, link, now_ms(self._clock))
            for source in default_sources(team.id, link.id, self._ids):
                insert_source(connection, source, now_ms(self._clock))
            change.note("create", TEAM_KIND, team, None, {"name": team.name})
            change.note("create", USER_KIND, user, None, shown_user(user))

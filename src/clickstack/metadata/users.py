"""People: records, password hashes and personal access keys."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from clickstack.core.clock import Clock
from clickstack.core.records import Team, User

from . import tables
from .db import Database
from .moments import moment, ms_of, now_ms
from .teams import team_record

WITH_TEAM = sa.select(tables.users, tables.teams).join_from(tables.users, tables.teams)


class Users:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list(self, team_id: str) -> list[tuple[User, bool]]:
        """The people of a team and whether each has a password, oldest first."""
        column = tables.users.c
        query = sa.select(tables.users).where(column.team_id == team_id).order_by(column.created_ms, column.id)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [(user_record(row), row.password_hash is not None) for row in rows]

    def with_email(self, email: str) -> tuple[User, str | None] | None:
        """The person who signs in with this lower-case address, and their password hash."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(tables.users).where(tables.users.c.email == email)).first()
        return (user_record(row), row.password_hash) if row else None

    def with_access_key(self, access_key: str) -> tuple[User, Team] | None:
        with self._database.read() as connection:
            row = connection.execute(WITH_TEAM.where(tables.users.c.access_key == access_key)).first()
        return (user_record(row), team_record(row)) if row else None

    def replace_access_key(self, user_id: str, access_key: str) -> None:
        self._update(user_id, access_key=access_key)

    def replace_password_hash(self, user_id: str, password_hash: str) -> None:
        self._update(user_id, password_hash=password_hash)

    def _update(self, user_id: str, **values: str) -> None:
        with self._database.write() as connection:
            connection.execute(
                sa.update(tables.users)
                .where(tables.users.c.id == user_id)
                .values(updated_ms=now_ms(self._clock), **values)
            )


def insert_user(connection: Connection, user: User, password_hash: str | None) -> None:
    connection.execute(
        sa.insert(tables.users).values(
            id=user.id,
            team_id=user.team_id,
            email=user.email,
            name=user.name,
            role=user.role,
            password_hash=password_hash,
            access_key=user.access_key,
            created_ms=ms_of(user.created_at),
            updated_ms=ms_of(user.updated_at),
        )
    )


def user_record(row: sa.Row[Any]) -> User:
    """The person in a row that selected the columns of `users`, perhaps among others."""
    value, column = row._mapping, tables.users.c
    return User(
        id=value[column.id],
        team_id=value[column.team_id],
        email=value[column.email],
        name=value[column.name],
        role=value[column.role],
        access_key=value[column.access_key],
        created_at=moment(value[column.created_ms]),
        updated_at=moment(value[column.updated_ms]),
    )

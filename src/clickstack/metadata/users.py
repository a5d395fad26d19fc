"""People: records, roles, password hashes and classic access keys."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from clickstack.core.clock import Clock
from clickstack.core.errors import Conflict, NotFound
from clickstack.core.ids import IdSource
from clickstack.core.records import Author, Role, Team, User

from . import tables
from .audit import Change, Values, changing
from .db import Database
from .moments import moment, ms_of
from .roles import forget_role
from .teams import lock_team, team_record

_USER = tables.users.c
KIND = "user"  # in the audit log
# Of nearly every request: made once, since making it takes longer than asking it.
_OF_ACCESS_KEY = (
    sa.select(tables.users, tables.teams)
    .join_from(tables.users, tables.teams)
    .where(_USER.access_key == sa.bindparam("key"))
)


class Users:
    """`author` and `request_id` go to the audit log."""

    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    def list(self, team_id: str) -> list[tuple[User, bool]]:
        """The people of a team and whether each has a password, oldest first."""
        query = sa.select(tables.users).where(_USER.team_id == team_id).order_by(_USER.created_ms, _USER.id)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [(user_record(row), row.password_hash is not None) for row in rows]

    def with_email(self, email: str) -> tuple[User, str | None] | None:
        """The person who signs in with this lower-case address, and their password hash."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(tables.users).where(_USER.email == email)).first()
        return (user_record(row), row.password_hash) if row else None

    def with_access_key(self, access_key: str) -> tuple[User, Team] | None:
        return self._database.recent(_OF_ACCESS_KEY, _key_holder, key=access_key)

    def password_hash(self, user_id: str) -> str | None:
        with self._database.read() as connection:
            return connection.scalar(sa.select(_USER.password_hash).where(_USER.id == user_id))

    def rehash_password(self, user_id: str, old_hash: str, new_hash: str) -> None:
        """Keep the same password's hash with newer parameters, unless another password has come meanwhile."""
        mine = _USER.id == user_id, _USER.password_hash == old_hash
        with self._database.write() as connection:
            connection.execute(sa.update(tables.users).where(*mine).values(password_hash=new_hash))

    def add(self, user: User, request_id: str | None) -> None:
        """Keep a person without a password, as their own doing. Raises Conflict when the address is taken."""
        try:
            with self._change(user.team_id, Author("user", user.id, user.email), request_id) as change:
                insert_user(change.transaction, user, None)
                change.note("create", KIND, user, None, shown_user(user))
        except IntegrityError as error:
            raise Conflict("A person with this address has just been added. Sign in again.") from error

    def replace_access_key(self, user: User, access_key: str, author: Author, request_id: str | None) -> None:
        with self._change(user.team_id, author, request_id) as change:
            _update(change, user.id, access_key=access_key)
            change.note("update", KIND, user, {"accessKey": "***"}, {"accessKey": "*** (new)"})

    def change_password(
        self, user: User, password_hash: str, but_session: str | None, author: Author, request_id: str | None
    ) -> None:
        """Keep a new password's hash and end the person's sessions, except the one with the id `but_session`."""
        session = tables.sessions.c
        with self._change(user.team_id, author, request_id) as change:
            _update(change, user.id, password_hash=password_hash)
            change.transaction.execute(
                sa.delete(tables.sessions).where(
                    session.user_id == user.id, *([] if but_session is None else [session.id != but_session])
                )
            )
            change.note("update", KIND, user, {"password": "***"}, {"password": "*** (new)"})

    def change_role(self, team_id: str, user_id: str, role: Role, author: Author, request_id: str | None) -> User:
        """Raises NotFound, and Conflict when the team would be left without an admin."""
        with self._change(team_id, author, request_id) as change:
            before = _member(change, user_id)
            forget_role(change, user_id)
            if before.role == role:
                return before
            if before.role == "admin":
                _require_another_admin(change, user_id, "demoted")
            _update(change, user_id, role=role)
            after = _member(change, user_id)
            change.note("update", KIND, after, shown_user(before), shown_user(after))
            return after

    def remove(self, team_id: str, user_id: str, author: Author, request_id: str | None) -> None:
        """Remove a person with their sessions and keys; their alerts become the author's.

        Raises NotFound, and Conflict when the team would be left without an admin.
        """
        with self._change(team_id, author, request_id) as change:
            user = _member(change, user_id)
            if user.role == "admin":
                _require_another_admin(change, user_id, "removed")
            alert = tables.alerts.c
            heir = author.id if author.kind == "user" and author.id != user_id else None
            change.transaction.execute(
                sa.update(tables.alerts).where(alert.created_by == user_id).values(created_by=heir)
            )
            change.transaction.execute(sa.delete(tables.users).where(_USER.id == user_id))
            change.note("delete", KIND, user, shown_user(user), None)

    def _change(self, team_id: str, author: Author, request_id: str | None) -> AbstractContextManager[Change]:
        return changing(self._database, self._clock, self._ids, team_id, author, request_id)


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


def _key_holder(row: sa.Row[Any]) -> tuple[User, Team]:
    return user_record(row), team_record(row)


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


def shown_user(user: User) -> Values:
    """A person as the audit log keeps them."""
    return {"email": user.email, "name": user.name, "role": user.role}


def _member(change: Change, user_id: str) -> User:
    """The person, while nobody else changes who is in the team. Raises NotFound."""
    lock_team(change.transaction, change.team_id)
    query = sa.select(tables.users).where(_USER.team_id == change.team_id, _USER.id == user_id)
    row = change.transaction.execute(query).first()
    if row is None:
        raise NotFound("The team has no such member.")
    return user_record(row)


def _require_another_admin(change: Change, user_id: str, what: str) -> None:
    others = sa.select(sa.func.count()).where(
        _USER.team_id == change.team_id, _USER.role == "admin", _USER.id != user_id
    )
    if change.transaction.scalar(others) == 0:
        raise Conflict(f"The last admin of a team cannot be {what}. Make somebody else an admin first.")


def _update(change: Change, user_id: str, **values: str) -> None:
    change.transaction.execute(
        sa.update(tables.users).where(_USER.id == user_id).values(updated_ms=change.now_ms, **values)
    )

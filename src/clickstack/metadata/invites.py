"""Invitations: an address a team waits for, and the token of the link that lets its holder in."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clickstack.core.clock import Clock
from clickstack.core.errors import BadRequest, Conflict, NotFound
from clickstack.core.ids import IdSource
from clickstack.core.limits import INVITE_LIFE_S, INVITES_MAX
from clickstack.core.records import Author, Role, User

from . import tables
from .audit import Change, changing
from .db import Database
from .moments import moment, now_ms
from .teams import lock_team
from .users import KIND as USER_KIND
from .users import insert_user, shown_user

_INVITE = tables.invites.c
KIND = "invitation"  # in the audit log
USER_EXISTS = "User already exists: this address signs in here already."


@dataclass(frozen=True, slots=True)
class Invite:
    """`email` is lower case; whoever holds `token` may join as it, until `expires_at`."""

    id: str
    team_id: str
    email: str
    name: str | None
    role: Role
    token: str
    created_at: datetime
    expires_at: datetime


class Invites:
    """`author` and `request_id` go to the audit log."""

    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    def invite(
        self, team_id: str, email: str, name: str | None, role: Role, author: Author, request_id: str | None
    ) -> Invite:
        """The invitation of this address: the one there is, now with this role, or a new one.

        Parallel callers get the same one.

        Raises BadRequest when a person with the address exists, in whichever team; Conflict above INVITES_MAX.
        """
        with changing(self._database, self._clock, self._ids, team_id, author, request_id) as change:
            lock_team(change.transaction, team_id)
            if change.transaction.scalar(sa.select(tables.users.c.id).where(tables.users.c.email == email)):
                raise BadRequest(USER_EXISTS)
            self._drop_expired(change)
            open_ones = {
                row.email: row
                for row in change.transaction.execute(sa.select(tables.invites).where(_INVITE.team_id == team_id))
            }
            if email in open_ones:
                return self._with_role(change, _record(open_ones[email]), role)
            if len(open_ones) >= INVITES_MAX:
                raise Conflict(f"The team has {INVITES_MAX} open invitations. Delete some first.")
            return self._insert(change, email, name, role)

    def list(self, team_id: str) -> list[Invite]:
        """The open ones, oldest first."""
        query = (
            sa.select(tables.invites)
            .where(_INVITE.team_id == team_id, _INVITE.expires_ms > now_ms(self._clock))
            .order_by(_INVITE.created_ms, _INVITE.id)
        )
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query)]

    def delete(self, team_id: str, invite_id: str, author: Author, request_id: str | None) -> None:
        """Raises NotFound."""
        query = sa.select(tables.invites).where(_INVITE.team_id == team_id, _INVITE.id == invite_id)
        with changing(self._database, self._clock, self._ids, team_id, author, request_id) as change:
            row = change.transaction.execute(query.with_for_update()).first()
            if row is None:
                raise NotFound("The team has no such invitation.")
            invite = _record(row)
            change.transaction.execute(sa.delete(tables.invites).where(_INVITE.id == invite_id))
            change.note("delete", KIND, _Named(invite), _shown(invite), None)

    def with_token(self, token: str) -> Invite | None:
        return self._open_one(_INVITE.token == token)

    def with_email(self, email: str) -> Invite | None:
        """The oldest open invitation of an address, of whichever team."""
        return self._open_one(_INVITE.email == email)

    def accept(self, invite: Invite, user: User, password_hash: str | None, request_id: str | None) -> None:
        """Make the person of an invitation and consume it, as the person's own doing.

        Raises NotFound when somebody was quicker, and Conflict when a person with the address exists.
        """
        author = Author("user", user.id, user.email)
        try:
            with changing(self._database, self._clock, self._ids, invite.team_id, author, request_id) as change:
                used = change.transaction.execute(sa.delete(tables.invites).where(_INVITE.id == invite.id))
                if not used.rowcount:
                    raise NotFound("This invitation is no longer open.")
                insert_user(change.transaction, user, password_hash)
                change.note("create", USER_KIND, user, None, shown_user(user))
        except IntegrityError as error:
            raise Conflict(USER_EXISTS) from error

    def _open_one(self, which: sa.ColumnElement[bool]) -> Invite | None:
        query = sa.select(tables.invites).where(which, _INVITE.expires_ms > now_ms(self._clock)).order_by(_INVITE.id)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return _record(row) if row else None

    def _insert(self, change: Change, email: str, name: str | None, role: Role) -> Invite:
        invite = Invite(
            id=self._ids.object_id(),
            team_id=change.team_id,
            email=email,
            name=name,
            role=role,
            token=self._ids.token(),
            created_at=moment(change.now_ms),
            expires_at=moment(change.now_ms + INVITE_LIFE_S * 1000),
        )
        change.transaction.execute(
            sa.insert(tables.invites).values(
                id=invite.id,
                team_id=invite.team_id,
                email=email,
                name=name,
                role=role,
                token=invite.token,
                created_ms=change.now_ms,
                expires_ms=change.now_ms + INVITE_LIFE_S * 1000,
            )
        )
        change.note("create", KIND, _Named(invite), None, _shown(invite))
        return invite

    def _with_role(self, change: Change, before: Invite, role: Role) -> Invite:
        if role == before.role:
            return before
        invite = dataclasses.replace(before, role=role)
        change.transaction.execute(sa.update(tables.invites).where(_INVITE.id == invite.id).values(role=role))
        change.note("update", KIND, _Named(invite), _shown(before), _shown(invite))
        return invite

    def _drop_expired(self, change: Change) -> None:
        change.transaction.execute(
            sa.delete(tables.invites).where(_INVITE.team_id == change.team_id, _INVITE.expires_ms <= change.now_ms)
        )


@dataclass(frozen=True, slots=True)
class _Named:
    """An invitation in the audit log is called by its address."""

    invite: Invite

    @property
    def id(self) -> str:
        return self.invite.id

    @property
    def name(self) -> str:
        return self.invite.email


def _shown(invite: Invite) -> dict[str, Any]:
    return {"email": invite.email, "name": invite.name, "role": invite.role}


def _record(row: sa.Row[Any]) -> Invite:
    return Invite(
        id=row.id,
        team_id=row.team_id,
        email=row.email,
        name=row.name,
        role=row.role,
        token=row.token,
        created_at=moment(row.created_ms),
        expires_at=moment(row.expires_ms),
    )

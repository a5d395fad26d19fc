"""Named access keys of people, by the hash of the key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from clickstack.core.clock import Clock, iso_millis
from clickstack.core.errors import Conflict, NotFound
from clickstack.core.ids import IdSource
from clickstack.core.limits import ACCESS_KEYS_MAX, ACCESS_KEYS_REVOKED_MAX
from clickstack.core.records import Author, Scope, Team, User

from . import tables
from .audit import Values, changing
from .db import Database
from .moments import moment, moment_or_none, ms_of, now_ms
from .teams import team_record
from .users import user_record

_KEY = tables.access_keys.c
KIND = "access_key"  # in the audit log


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key as people see it: never the key itself. `expires_at` None: never; `revoked_at` None: in force."""

    id: str
    user_id: str
    name: str
    hint: str
    scope: Scope
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


# Of nearly every request: made once, since making it takes longer than asking it.
_OF_HASH = (
    sa.select(tables.access_keys, tables.users, tables.teams)
    .select_from(tables.access_keys)
    .join(tables.users)
    .join(tables.teams)
    .where(_KEY.key_hash == sa.bindparam("hash"), _KEY.revoked_ms.is_(None))
)


class AccessKeys:
    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    def add(self, team_id: str, key: AccessKey, key_hash: str, author: Author, request_id: str | None) -> None:
        """Raises Conflict when the person has ACCESS_KEYS_MAX keys, or one of this name, in force."""
        in_force = sa.select(_KEY.name).where(
            _KEY.user_id == key.user_id,
            _KEY.revoked_ms.is_(None),
            sa.or_(_KEY.expires_ms.is_(None), _KEY.expires_ms > now_ms(self._clock)),
        )
        with changing(self._database, self._clock, self._ids, team_id, author, request_id) as change:
            names = set(change.transaction.scalars(in_force))
            if key.name in names:
                raise Conflict(f"You already have an access key named {key.name!r}.")
            if len(names) >= ACCESS_KEYS_MAX:
                raise Conflict(f"You have {ACCESS_KEYS_MAX} access keys. Revoke one first.")
            change.transaction.execute(
                sa.insert(tables.access_keys).values(
                    id=key.id,
                    user_id=key.user_id,
                    name=key.name,
                    key_hash=key_hash,
                    hint=key.hint,
                    scope=key.scope,
                    created_ms=ms_of(key.created_at),
                    expires_ms=ms_of(key.expires_at) if key.expires_at else None,
                )
            )
            change.note("create", KIND, key, None, _shown(key))

    def list(self, user_id: str) -> list[AccessKey]:
        """A person's keys, oldest first, those that ended too."""
        query = sa.select(tables.access_keys).where(_KEY.user_id == user_id).order_by(_KEY.created_ms, _KEY.id)
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query)]

    def with_hash(self, key_hash: str) -> tuple[AccessKey, User, Team] | None:
        """The key that is not revoked, and whose it is. It may have expired."""
        return self._database.recent(_OF_HASH, _held, hash=key_hash)

    def revoke(self, team_id: str, user_id: str, key_id: str, author: Author, request_id: str | None) -> None:
        """End a key now. Raises NotFound when the person has no such key in force.

        The newest ACCESS_KEYS_REVOKED_MAX of the revoked stay listed; the audit log remembers the others.
        """
        query = sa.select(tables.access_keys).where(
            _KEY.user_id == user_id, _KEY.id == key_id, _KEY.revoked_ms.is_(None)
        )
        with changing(self._database, self._clock, self._ids, team_id, author, request_id) as change:
            row = change.transaction.execute(query.with_for_update()).first()
            if row is None:
                raise NotFound("You have no such access key in force.")
            change.transaction.execute(
                sa.update(tables.access_keys).where(_KEY.id == key_id).values(revoked_ms=change.now_ms)
            )
            revoked = _KEY.user_id == user_id, _KEY.revoked_ms.is_not(None)
            newest_first = sa.select(_KEY.id).where(*revoked).order_by(_KEY.revoked_ms.desc(), _KEY.id.desc())
            if forgotten := list(change.transaction.scalars(newest_first))[ACCESS_KEYS_REVOKED_MAX:]:
                change.transaction.execute(sa.delete(tables.access_keys).where(_KEY.id.in_(forgotten)))
            key = _record(row)
            change.note("delete", KIND, key, _shown(key), None)

    def note_used(self, key_id: str) -> None:
        with self._database.write() as connection:
            connection.execute(
                sa.update(tables.access_keys).where(_KEY.id == key_id).values(last_used_ms=now_ms(self._clock))
            )


def _shown(key: AccessKey) -> Values:
    return {
        "name": key.name,
        "hint": key.hint,
        "scope": key.scope,
        "expiresAt": iso_millis(key.expires_at) if key.expires_at else None,
    }


def _record(row: sa.Row[Any]) -> AccessKey:
    value = row._mapping
    return AccessKey(
        id=value[_KEY.id],
        user_id=value[_KEY.user_id],
        name=value[_KEY.name],
        hint=value[_KEY.hint],
        scope=value[_KEY.scope],
        created_at=moment(value[_KEY.created_ms]),
        expires_at=moment_or_none(value[_KEY.expires_ms]),
        last_used_at=moment_or_none(value[_KEY.last_used_ms]),
        revoked_at=moment_or_none(value[_KEY.revoked_ms]),
    )


def _held(row: sa.Row[Any]) -> tuple[AccessKey, User, Team]:
    return _record(row), user_record(row), team_record(row)

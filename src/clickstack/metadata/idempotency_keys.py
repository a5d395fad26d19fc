"""Keys of requests that must happen once, and what was answered (draft-ietf-httpapi-idempotency-key-header).

A key is taken before its request runs and settled after it; a key whose request failed is released and may be used
again. The table holds hashes of keys and requests, never the texts.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from clickstack.core.clock import Clock
from clickstack.core.limits import (
    IDEMPOTENCY_KEYS_ALL_MAX,
    IDEMPOTENCY_KEYS_MAX,
    IDEMPOTENCY_LIFE_S,
    IDEMPOTENCY_RUNNING_S_MAX,
)

from . import tables
from .db import Database
from .moments import now_ms

_KEYS = tables.idempotency_keys
_KEY = _KEYS.c


@dataclass(frozen=True, slots=True)
class KeyUse:
    """One use of a key: whose it is, for which request. The hashes are SHA-256 in hex.

    `taken_ms` tells this use from an older one of the same key that was given up: zero until the key is taken.
    """

    caller: str
    team_id: str
    key_hash: str
    route: str
    request_hash: str
    taken_ms: int = 0


@dataclass(frozen=True, slots=True)
class StoredReply:
    status: int
    body: bytes


class KeyState(Enum):
    """What a key that has no reply to repeat is."""

    RUNNING = "running: the same request has not been answered yet"
    OTHER = "other: the key came with another request"


class IdempotencyKeys:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def take(self, use: KeyUse) -> KeyUse | StoredReply | KeyState:
        """Take the key for this request: the use to settle or release. Or tell what became of who has the key."""
        moment = now_ms(self._clock)
        try:
            with self._database.write() as connection:
                self._forget(connection, use.team_id, moment)
                values = {name: getattr(use, name) for name in KeyUse.__slots__ if name != "taken_ms"}
                connection.execute(sa.insert(_KEYS).values(**values, created_ms=moment))
                return dataclasses.replace(use, taken_ms=moment)
        except IntegrityError:
            return self._known(use)

    def settle(self, use: KeyUse, reply: StoredReply) -> None:
        """From now on the reply is what the key answers."""
        with self._database.write() as connection:
            connection.execute(sa.update(_KEYS).where(*_is_taken(use)).values(status=reply.status, reply=reply.body))

    def release(self, use: KeyUse) -> None:
        """The request changed nothing: its key is unused again."""
        with self._database.write() as connection:
            connection.execute(sa.delete(_KEYS).where(*_is_taken(use)))

    def _known(self, use: KeyUse) -> StoredReply | KeyState:
        with self._database.read() as connection:
            row = connection.execute(sa.select(_KEYS).where(*_is(use))).first()
        if row is None:  # released in this moment: the caller asks again
            return KeyState.RUNNING
        if (row.route, row.request_hash) != (use.route, use.request_hash):
            return KeyState.OTHER
        return KeyState.RUNNING if row.status is None else StoredReply(row.status, bytes(row.reply))

    def _forget(self, connection: Connection, team_id: str, moment: int) -> None:
        """Old keys of all teams, keys whose request died with its process, and the oldest where there are too many."""
        expired = _KEY.created_ms < moment - IDEMPOTENCY_LIFE_S * 1000
        dead = sa.and_(_KEY.status.is_(None), _KEY.created_ms < moment - IDEMPOTENCY_RUNNING_S_MAX * 1000)
        connection.execute(sa.delete(_KEYS).where(sa.or_(expired, dead)))
        for which, most in ((_KEY.team_id == team_id, IDEMPOTENCY_KEYS_MAX), (sa.true(), IDEMPOTENCY_KEYS_ALL_MAX)):
            count = connection.scalar(sa.select(sa.func.count()).select_from(_KEYS).where(which)) or 0
            if count >= most:
                oldest = sa.select(_KEY.created_ms).where(which).order_by(_KEY.created_ms).offset(count - most).limit(1)
                connection.execute(sa.delete(_KEYS).where(which, _KEY.created_ms <= oldest.scalar_subquery()))


def _is(use: KeyUse) -> tuple[sa.ColumnElement[bool], ...]:
    return _KEY.caller == use.caller, _KEY.key_hash == use.key_hash


def _is_taken(use: KeyUse) -> tuple[sa.ColumnElement[bool], ...]:
    """The row of this very use: after IDEMPOTENCY_RUNNING_S_MAX another request may have the key."""
    return *_is(use), _KEY.created_ms == use.taken_ms, _KEY.request_hash == use.request_hash, _KEY.status.is_(None)

"""Keys of requests that must happen once, and what was answered (draft-ietf-httpapi-idempotency-key-header).

A key is taken before its request runs and settled after it; a key whose request failed is released and may be used
again. The table holds hashes of keys and requests, never the texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from clickstack.core.clock import Clock
from clickstack.core.limits import IDEMPOTENCY_KEYS_MAX, IDEMPOTENCY_LIFE_S, IDEMPOTENCY_RUNNING_S_MAX

from . import tables
from .db import Database
from .moments import now_ms

_KEYS = tables.idempotency_keys
_KEY = _KEYS.c


@dataclass(frozen=True, slots=True)
class KeyUse:
    """One use of a key: whose it is, for which request. The hashes are SHA-256 in hex."""

    caller: str
    team_id: str
    key_hash: str
    route: str
    request_hash: str


@dataclass(frozen=True, slots=True)
class StoredReply:
    status: int
    body: bytes


class KeyState(Enum):
    """What a key that has no reply to repeat is."""

    TAKEN = "taken: the request is new, run it"
    RUNNING = "running: the same request has not been answered yet"
    OTHER = "other: the key came with another request"


class IdempotencyKeys:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def take(self, use: KeyUse) -> StoredReply | KeyState:
        """Take the key for this request, or tell what became of the request that has it."""
        moment = now_ms(self._clock)
        try:
            with self._database.write() as connection:
                self._forget(connection, use.team_id, moment)
                values = {name: getattr(use, name) for name in KeyUse.__slots__}
                connection.execute(sa.insert(_KEYS).values(**values, created_ms=moment))
                return KeyState.TAKEN
        except IntegrityError:
            return self._known(use)

    def settle(self, use: KeyUse, reply: StoredReply) -> None:
        """From now on the reply is what the key answers."""
        with self._database.write() as connection:
            connection.execute(sa.update(_KEYS).where(*_is(use)).values(status=reply.status, reply=reply.body))

    def release(self, use: KeyUse) -> None:
        """The request changed nothing: its key is unused again."""
        with self._database.write() as connection:
            connection.execute(sa.delete(_KEYS).where(*_is(use)))

    def _known(self, use: KeyUse) -> StoredReply | KeyState:
        with self._database.read() as connection:
            row = connection.execute(sa.select(_KEYS).where(*_is(use))).first()
        if row is None:  # released in this moment: the caller asks again
            return KeyState.RUNNING
        if (row.route, row.request_hash) != (use.route, use.request_hash):
            return KeyState.OTHER
        return KeyState.RUNNING if row.status is None else StoredReply(row.status, bytes(row.reply))

    def _forget(self, connection: Connection, team_id: str, moment: int) -> None:
        """Old keys of all teams, keys whose request died with its process, and the oldest of a team with too many."""
        expired = _KEY.created_ms < moment - IDEMPOTENCY_LIFE_S * 1000
        dead = sa.and_(_KEY.status.is_(None), _KEY.created_ms < moment - IDEMPOTENCY_RUNNING_S_MAX * 1000)
        connection.execute(sa.delete(_KEYS).where(sa.or_(expired, dead)))
        of_team = _KEY.team_id == team_id
        count = connection.scalar(sa.select(sa.func.count()).where(of_team)) or 0
        if count >= IDEMPOTENCY_KEYS_MAX:
            oldest = (
                sa.select(_KEY.created_ms)
                .where(of_team)
                .order_by(_KEY.created_ms)
                .offset(count - IDEMPOTENCY_KEYS_MAX)
                .limit(1)
                .scalar_subquery()
            )
            connection.execute(sa.delete(_KEYS).where(of_team, _KEY.created_ms <= oldest))


def _is(use: KeyUse) -> tuple[sa.ColumnElement[bool], ...]:
    return _KEY.caller == use.caller, _KEY.key_hash == use.key_hash

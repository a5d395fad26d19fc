"""Named ingestion keys, by the hash of the key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from clickstack.core.clock import Clock
from clickstack.core.errors import Conflict
from clickstack.core.ids import IdSource
from clickstack.core.limits import INGESTION_KEYS_MAX
from clickstack.core.records import Author

from . import tables
from .audit import changing
from .db import Database
from .moments import moment, moment_or_none, ms_of

_KEY = tables.ingestion_keys.c
KIND = "ingestion_key"  # in the audit log


@dataclass(frozen=True, slots=True)
class IngestionKey:
    """A key as people see it: its name and its last characters, never the key. `revoked_at` is None while it works."""

    id: str
    team_id: str
    name: str
    hint: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class ValidKey:
    """A key in force, as the receivers need it: SHA-256 in hex."""

    id: str
    key_hash: str


class IngestionKeys:
    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    def add(self, key: IngestionKey, key_hash: str, author: Author, request_id: str | None) -> None:
        """Raises Conflict when the team has INGESTION_KEYS_MAX keys, or one of this name, in force."""
        with changing(self._database, self._clock, self._ids, key.team_id, author, request_id) as change:
            connection = change.transaction
            in_force = sa.select(_KEY.name).where(_KEY.team_id == key.team_id, _KEY.revoked_ms.is_(None))
            names = set(connection.scalars(in_force))
            if key.name in names:
                raise Conflict(f"The team already has an ingestion key named {key.name!r}.")
            if len(names) >= INGESTION_KEYS_MAX:
                raise Conflict(f"The team has {INGESTION_KEYS_MAX} ingestion keys. Revoke one first.")
            connection.execute(
                sa.insert(tables.ingestion_keys).values(
                    id=key.id,
                    team_id=key.team_id,
                    name=key.name,
                    key_hash=key_hash,
                    hint=key.hint,
                    created_ms=ms_of(key.created_at),
                )
            )
            change.note("create", KIND, key, None, {"name": key.name, "hint": key.hint})

    def valid(self) -> list[ValidKey]:
        """The keys in force of every team."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(_KEY.id, _KEY.key_hash).where(_KEY.revoked_ms.is_(None))).all()
        return [ValidKey(row.id, row.key_hash) for row in rows]

    def list(self, team_id: str) -> list[IngestionKey]:
        """The team's keys, oldest first, the revoked ones too."""
        query = sa.select(tables.ingestion_keys).where(_KEY.team_id == team_id).order_by(_KEY.created_ms, _KEY.id)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [
            IngestionKey(
                id=row.id,
                team_id=row.team_id,
                name=row.name,
                hint=row.hint,
                created_at=moment(row.created_ms),
                last_used_at=moment_or_none(row.last_used_ms),
                revoked_at=moment_or_none(row.revoked_ms),
            )
            for row in rows
        ]

    def revoke(self, team_id: str, key_id: str, author: Author, request_id: str | None) -> bool:
        """End a key; False when the team has no such key in force."""
        query = sa.select(tables.ingestion_keys).where(
            _KEY.team_id == team_id, _KEY.id == key_id, _KEY.revoked_ms.is_(None)
        )
        with changing(self._database, self._clock, self._ids, team_id, author, request_id) as change:
            row = change.transaction.execute(query.with_for_update()).first()
            if row is None:
                return False
            change.transaction.execute(
                sa.update(tables.ingestion_keys).where(_KEY.id == key_id).values(revoked_ms=change.now_ms)
            )
            change.note("delete", KIND, row, {"name": row.name, "hint": row.hint}, None)
        return True

    def note_used(self, used_ms: Mapping[str, int]) -> None:
        """Keep when keys (by id) were last used."""
        with self._database.write() as connection:
            for key_id, ms in used_ms.items():
                connection.execute(sa.update(tables.ingestion_keys).where(_KEY.id == key_id).values(last_used_ms=ms))

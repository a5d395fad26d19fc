"""Sources of a team."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from clickstack.core.source import Source

from . import tables
from .db import Database

_COLUMN = tables.sources.c
_OWN_COLUMNS = ("id", "name", "kind", "connection")  # wire keys kept beside the spec, not in it


class Sources:
    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, team_id: str) -> list[Source]:
        """Oldest first."""
        query = sa.select(tables.sources).where(_COLUMN.team_id == team_id).order_by(_COLUMN.id)
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query)]

    def get(self, team_id: str, source_id: str) -> Source | None:
        query = sa.select(tables.sources).where(_COLUMN.team_id == team_id, _COLUMN.id == source_id)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return _record(row) if row else None


def insert_source(connection: Connection, source: Source, now_ms: int) -> None:
    spec = {key: value for key, value in source.to_wire().items() if key not in _OWN_COLUMNS}
    connection.execute(
        sa.insert(tables.sources).values(
            id=source.id,
            team_id=source.team_id,
            name=source.name,
            kind=source.kind,
            connection_id=source.connection_id,
            spec=spec,
            created_ms=now_ms,
            updated_ms=now_ms,
        )
    )


def _record(row: sa.Row[Any]) -> Source:
    wire = {**row.spec, "name": row.name, "kind": row.kind, "connection": row.connection_id}
    return Source.from_wire(wire, id=row.id, team_id=row.team_id)

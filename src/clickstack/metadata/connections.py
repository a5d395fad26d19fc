"""Connections of a team."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection as Transaction

from clickstack.core.source import Connection

from . import tables
from .db import Database

_COLUMN = tables.connections.c


class Connections:
    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, team_id: str) -> list[Connection]:
        """Oldest first."""
        query = sa.select(tables.connections).where(_COLUMN.team_id == team_id).order_by(_COLUMN.id)
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query)]

    def get(self, team_id: str, connection_id: str) -> Connection | None:
        query = sa.select(tables.connections).where(_COLUMN.team_id == team_id, _COLUMN.id == connection_id)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return _record(row) if row else None


def insert_connection(transaction: Transaction, connection: Connection, now_ms: int) -> None:
    transaction.execute(
        sa.insert(tables.connections).values(
            id=connection.id,
            team_id=connection.team_id,
            name=connection.name,
            host=connection.host,
            username=connection.username,
            created_ms=now_ms,
            updated_ms=now_ms,
        )
    )


def _record(row: sa.Row[Any]) -> Connection:
    return Connection(id=row.id, team_id=row.team_id, name=row.name, host=row.host, username=row.username)

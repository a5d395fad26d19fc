"""Connections of a team. A connection that sources or dashboards use stays."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection as Transaction

from clickstack.core.clock import Clock
from clickstack.core.errors import Conflict
from clickstack.core.ids import IdSource
from clickstack.core.source import Connection

from . import tables
from .audit import Change
from .db import Database
from .documents import Documents, Kind
from .uses import names_of


class Connections(Documents[Connection]):
    """Oldest first."""

    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        super().__init__(database, clock, ids, CONNECTIONS)


def insert_connection(transaction: Transaction, connection: Connection, now_ms: int) -> None:
    transaction.execute(
        sa.insert(tables.connections).values(
            id=connection.id, team_id=connection.team_id, created_ms=now_ms, updated_ms=now_ms, **_row(connection)
        )
    )


def _row(connection: Connection) -> dict[str, Any]:
    return {
        "name": connection.name,
        "host": connection.host,
        "username": connection.username,
        "password": connection.password,
        "setting_prefix": connection.setting_prefix,
        "is_prometheus": connection.is_prometheus,
    }


def _record(row: sa.Row[Any]) -> Connection:
    return Connection(
        id=row.id,
        team_id=row.team_id,
        name=row.name,
        host=row.host,
        username=row.username,
        password=row.password,
        setting_prefix=row.setting_prefix,
        is_prometheus=row.is_prometheus,
        revision=row.revision,
        created_ms=row.created_ms,
        updated_ms=row.updated_ms,
    )


def _refuse_in_use(change: Change, connection: Connection) -> None:
    source = tables.sources.c
    users = {
        "source": names_of(change, tables.sources, source.connection_id == connection.id),
        "dashboard": names_of(change, tables.dashboards, tables.dashboards.c.spec.contains(connection.id)),
    }
    for kind, names in users.items():
        if names:
            raise Conflict(
                f"Cannot delete connection: {len(names)} {kind}(s) still use it, such as {names[0]!r}. "
                "Give them another connection, or delete them first."
            )


CONNECTIONS: Kind[Connection] = Kind(
    name="connection",
    title="Connection",
    table=tables.connections,
    to_row=_row,
    from_row=_record,
    order=(tables.connections.c.created_ms, tables.connections.c.id),
    secrets=frozenset({"password"}),
    before_delete=_refuse_in_use,
)

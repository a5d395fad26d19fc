"""Teams."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from clickstack.core.clock import Clock
from clickstack.core.records import Team

from . import tables
from .db import Database
from .moments import moment, ms_of, now_ms


class Teams:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def get(self, team_id: str) -> Team | None:
        with self._database.read() as connection:
            row = connection.execute(sa.select(tables.teams).where(tables.teams.c.id == team_id)).first()
        return team_record(row) if row else None

    def api_keys(self) -> list[tuple[str, str]]:
        """(team id, classic ingestion key) of every team."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(tables.teams.c.id, tables.teams.c.api_key)).all()
        return [(row.id, row.api_key) for row in rows]

    def rename(self, team_id: str, name: str) -> None:
        self._update(team_id, name=name)

    def replace_api_key(self, team_id: str, api_key: str) -> None:
        self._update(team_id, api_key=api_key)

    def _update(self, team_id: str, **values: str) -> None:
        with self._database.write() as connection:
            connection.execute(
                sa.update(tables.teams)
                .where(tables.teams.c.id == team_id)
                .values(updated_ms=now_ms(self._clock), **values)
            )


def insert_team(connection: Connection, team: Team) -> None:
    connection.execute(
        sa.insert(tables.teams).values(
            id=team.id,
            name=team.name,
            api_key=team.api_key,
            hook_id=team.hook_id,
            created_ms=ms_of(team.created_at),
            updated_ms=ms_of(team.updated_at),
        )
    )


def team_record(row: sa.Row[Any]) -> Team:
    """The team in a row that selected the columns of `teams`, perhaps among others."""
    value, column = row._mapping, tables.teams.c
    return Team(
        id=value[column.id],
        name=value[column.name],
        api_key=value[column.api_key],
        hook_id=value[column.hook_id],
        created_at=moment(value[column.created_ms]),
        updated_at=moment(value[column.updated_ms]),
    )

"""Teams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from clickstack.core.clock import Clock
from clickstack.core.ids import IdSource
from clickstack.core.records import Author, Team

from . import tables
from .audit import Values, changing
from .db import Database
from .moments import moment, ms_of
from .organizations import ensure_organization

KIND = "team"  # in the audit log


class Teams:
    """`author` and `request_id` go to the audit log."""

    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    def get(self, team_id: str) -> Team | None:
        with self._database.read() as connection:
            row = connection.execute(sa.select(tables.teams).where(tables.teams.c.id == team_id)).first()
        return team_record(row) if row else None

    def of_organization(self, organization_id: str) -> list[Team]:
        """The services of an organization, oldest first."""
        column = tables.teams.c
        query = sa.select(tables.teams).where(column.organization_id == organization_id)
        with self._database.read() as connection:
            return [team_record(row) for row in connection.execute(query.order_by(column.created_ms, column.id))]

    def of_service(self, organization_id: str, service_id: str) -> Team | None:
        column = tables.teams.c
        query = sa.select(tables.teams).where(
            column.organization_id == organization_id, column.service_id == service_id
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return team_record(row) if row else None

    def api_keys(self) -> list[tuple[str, str]]:
        """(team id, classic ingestion key) of every team."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(tables.teams.c.id, tables.teams.c.api_key)).all()
        return [(row.id, row.api_key) for row in rows]

    def rename(self, team: Team, name: str, author: Author, request_id: str | None) -> None:
        self._change(team, {"name": name}, {"name": team.name}, {"name": name}, author, request_id)

    def replace_api_key(self, team: Team, api_key: str, author: Author, request_id: str | None) -> None:
        masked, new = {"apiKey": "***"}, {"apiKey": "*** (new)"}
        self._change(team, {"api_key": api_key}, masked, new, author, request_id)

    def _change(
        self,
        team: Team,
        values: Mapping[str, str],
        before: Values,
        after: Values,
        author: Author,
        request_id: str | None,
    ) -> None:
        with changing(self._database, self._clock, self._ids, team.id, author, request_id) as change:
            change.transaction.execute(
                sa.update(tables.teams).where(tables.teams.c.id == team.id).values(updated_ms=change.now_ms, **values)
            )
            change.note("update", KIND, team, before, after)


def lock_team(connection: Connection, team_id: str) -> None:
    """Let nobody else change who belongs to the team until the transaction ends. SQLite has one writer anyway."""
    connection.execute(sa.select(tables.teams.c.id).where(tables.teams.c.id == team_id).with_for_update())


def insert_team(connection: Connection, team: Team) -> None:
    """Keep a team, and its organization, named after it, unless that exists."""
    ensure_organization(connection, team.organization_id, team.name, ms_of(team.created_at))
    connection.execute(
        sa.insert(tables.teams).values(
            id=team.id,
            organization_id=team.organization_id,
            service_id=team.service_id,
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
        organization_id=value[column.organization_id],
        service_id=value[column.service_id],
        name=value[column.name],
        api_key=value[column.api_key],
        hook_id=value[column.hook_id],
        created_at=moment(value[column.created_ms]),
        updated_at=moment(value[column.updated_ms]),
    )

"""What people have starred. Stars go with what they are on, and with who gave them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clickstack.core.clock import Clock
from clickstack.core.errors import NotFound
from clickstack.core.ids import IdSource

from . import tables
from .db import Database
from .moments import now_ms

FavoriteKind = Literal["dashboard", "savedSearch"]
_COLUMN = tables.favorites.c
_OF_KIND: dict[FavoriteKind, tuple[sa.Table, sa.Column[Any], str]] = {  # table, our column, what it is called
    "dashboard": (tables.dashboards, _COLUMN.dashboard_id, "Dashboard"),
    "savedSearch": (tables.saved_searches, _COLUMN.saved_search_id, "Saved search"),
}


@dataclass(frozen=True, slots=True)
class Favorite:
    id: str
    team_id: str
    user_id: str
    kind: FavoriteKind
    object_id: str
    created_ms: int


class Favorites:
    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    def list(self, team_id: str, user_id: str) -> list[Favorite]:
        """Oldest first."""
        query = sa.select(tables.favorites).where(_COLUMN.team_id == team_id, _COLUMN.user_id == user_id)
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query.order_by(_COLUMN.created_ms, _COLUMN.id))]

    def add(self, team_id: str, user_id: str, kind: FavoriteKind, object_id: str) -> Favorite:
        """The star, which may have been there. Raises NotFound when the team has no such object."""
        table, column, title = _OF_KIND[kind]
        known = sa.select(tables.favorites).where(_COLUMN.user_id == user_id, column == object_id)
        values = {
            "id": self._ids.object_id(),
            "team_id": team_id,
            "user_id": user_id,
            column.name: object_id,
            "created_ms": now_ms(self._clock),
        }
        with self._database.read() as connection:
            owned = sa.select(table.c.id).where(table.c.team_id == team_id, table.c.id == object_id)
            if connection.execute(owned).first() is None:
                raise NotFound(f"{title} not found")
        try:
            with self._database.write() as connection:
                row = connection.execute(known).first()
                if row is None:
                    connection.execute(sa.insert(tables.favorites).values(**values))
                    row = connection.execute(known).one()
                return _record(row)
        except IntegrityError as error:  # starred, or deleted, by somebody else in between
            with self._database.read() as connection:
                row = connection.execute(known).first()
            if row is None:
                raise NotFound(f"{title} not found") from error
            return _record(row)

    def remove(self, team_id: str, user_id: str, kind: FavoriteKind, object_id: str) -> None:
        column = _OF_KIND[kind][1]
        with self._database.write() as connection:
            connection.execute(
                sa.delete(tables.favorites).where(
                    _COLUMN.team_id == team_id, _COLUMN.user_id == user_id, column == object_id
                )
            )


def _record(row: sa.Row[Any]) -> Favorite:
    kind: FavoriteKind = "dashboard" if row.dashboard_id else "savedSearch"
    return Favorite(row.id, row.team_id, row.user_id, kind, row.dashboard_id or row.saved_search_id, row.created_ms)

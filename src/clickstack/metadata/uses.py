"""Who uses an object: asked before it is deleted, inside that transaction."""

from __future__ import annotations

import sqlalchemy as sa

from .audit import Change


def names_of(change: Change, table: sa.Table, *where: sa.ColumnElement[bool]) -> list[str]:
    """The names of the team's objects that match, oldest first."""
    query = sa.select(table.c.name).where(table.c.team_id == change.team_id, *where)
    oldest_first = query.order_by(table.c.created_ms, table.c.id)
    return [name or "" for name in change.transaction.scalars(oldest_first)]

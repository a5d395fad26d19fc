"""How a team wants its queries: time, rows, what the UI asks beforehand (reference/alerts-and-teams.md §5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from clickstack.core.clock import Clock
from clickstack.core.ids import IdSource
from clickstack.core.records import Author, Team

from . import tables
from .audit import changing
from .db import Database
from .teams import lock_team

KIND = "team_settings"  # in the audit log
_TABLE = tables.team_settings
# A row also for a team that has set nothing: what is not there would be asked each time.
_OF_TEAM = sa.select(
    sa.select(_TABLE.c.spec).where(_TABLE.c.team_id == sa.bindparam("team")).scalar_subquery().label("spec")
)


def _spec(row: sa.Row[Any]) -> dict[str, Any]:
    return row.spec or {}


class TeamSettings:
    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    def get(self, team_id: str) -> dict[str, Any]:
        """What is set, by its name on the wire."""
        return dict(self._database.recent(_OF_TEAM, _spec, team=team_id) or {})

    def change(self, team: Team, changes: Mapping[str, Any], author: Author, request_id: str | None) -> dict[str, Any]:
        """Set what is named; None unsets. Returns what is set then."""
        with changing(self._database, self._clock, self._ids, team.id, author, request_id) as change:
            lock_team(change.transaction, team.id)
            mine = _TABLE.c.team_id == team.id
            before = change.transaction.scalar(sa.select(_TABLE.c.spec).where(mine))
            after = {name: value for name, value in {**(before or {}), **changes}.items() if value is not None}
            values = {"spec": after, "updated_ms": change.now_ms}
            if before is None:
                change.transaction.execute(sa.insert(_TABLE).values(team_id=team.id, **values))
            else:
                change.transaction.execute(sa.update(_TABLE).where(mine).values(**values))
            change.note("update", KIND, team, before or {}, after)
        return after

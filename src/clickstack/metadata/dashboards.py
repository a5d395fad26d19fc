"""Dashboards of a team. The alerts of a tile go with it."""

from __future__ import annotations

from typing import Any

import orjson
import sqlalchemy as sa

from clickstack.core.clock import Clock
from clickstack.core.dashboard import Dashboard
from clickstack.core.ids import IdSource

from . import tables
from .alerts import delete_of_tiles
from .audit import Change
from .dashboard_texts import DashboardShelf, DashboardTexts
from .db import Database
from .documents import Documents, Kind

_COLUMN = tables.dashboards.c
_ORDER = (_COLUMN.name.desc(), _COLUMN.created_ms, _COLUMN.id)


class Dashboards(Documents[Dashboard]):
    """By name, descending."""

    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        super().__init__(database, clock, ids, DASHBOARDS)
        self._shelf = DashboardShelf(database)

    def texts(self, team_id: str) -> DashboardTexts:
        """All of the team as they are shown, without reading their specs: lists of thousands must not take long."""
        return self._shelf.texts(team_id)


def _row(dashboard: Dashboard) -> dict[str, Any]:
    spec = orjson.dumps(dashboard.spec).decode()
    return {"name": dashboard.name, "created_by": dashboard.created_by, "spec": spec}


def _record(row: sa.Row[Any]) -> Dashboard:
    return Dashboard(
        id=row.id,
        team_id=row.team_id,
        name=row.name,
        spec=orjson.loads(row.spec),
        created_by=row.created_by,
        revision=row.revision,
        created_ms=row.created_ms,
        updated_ms=row.updated_ms,
    )


def _drop_alerts(change: Change, before: Dashboard | None, dashboard: Dashboard) -> None:
    """Tiles that are gone, or cannot alert any more, lose their alerts."""
    if before is not None:
        keep = {tile.id for tile in dashboard.tiles if tile.can_alert}
        delete_of_tiles(change, dashboard.team_id, dashboard.id, keep)


def _drop_all_alerts(change: Change, dashboard: Dashboard) -> None:
    delete_of_tiles(change, dashboard.team_id, dashboard.id, ())


DASHBOARDS: Kind[Dashboard] = Kind(
    name="dashboard",
    title="Dashboard",
    table=tables.dashboards,
    to_row=_row,
    from_row=_record,
    order=_ORDER,
    after_write=_drop_alerts,
    before_delete=_drop_all_alerts,
)

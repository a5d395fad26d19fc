"""Saved searches of a team. Their alerts go with them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from clickstack.core.clock import Clock
from clickstack.core.ids import IdSource
from clickstack.core.saved_search import SavedSearch

from . import tables
from .alerts import ALERTS
from .audit import Change
from .db import Database
from .documents import Documents, Kind


class SavedSearches(Documents[SavedSearch]):
    """Oldest first."""

    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        super().__init__(database, clock, ids, SAVED_SEARCHES)


def _row(search: SavedSearch) -> dict[str, Any]:
    return {
        "name": search.name,
        "source_id": search.source_id,
        "spec": {
            "select": search.select,
            "where": search.where,
            "whereLanguage": search.where_language,
            "orderBy": search.order_by,
            "tags": list(search.tags),
            "filters": list(search.filters),
            "createdBy": search.created_by,
            "updatedBy": search.updated_by,
        },
    }


def _record(row: sa.Row[Any]) -> SavedSearch:
    spec = row.spec
    return SavedSearch(
        id=row.id,
        team_id=row.team_id,
        name=row.name,
        source_id=row.source_id,
        select=spec["select"],
        where=spec["where"],
        where_language=spec["whereLanguage"],
        order_by=spec["orderBy"],
        tags=tuple(spec["tags"]),
        filters=tuple(spec["filters"]),
        created_by=spec.get("createdBy"),
        updated_by=spec.get("updatedBy"),
        revision=row.revision,
        created_ms=row.created_ms,
        updated_ms=row.updated_ms,
    )


def _delete_alerts(change: Change, search: SavedSearch) -> None:
    for alert in ALERTS.select_in(change, search.team_id, tables.alerts.c.saved_search_id == search.id):
        ALERTS.delete_in(change, alert)


SAVED_SEARCHES: Kind[SavedSearch] = Kind(
    name="saved_search",
    title="Saved search",
    table=tables.saved_searches,
    to_row=_row,
    from_row=_record,
    order=(tables.saved_searches.c.created_ms, tables.saved_searches.c.id),
    before_delete=_delete_alerts,
)

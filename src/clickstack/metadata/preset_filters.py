"""Filters that a team has put on a dashboard which comes with the product, one source at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from clickstack.core.clock import Clock
from clickstack.core.errors import Conflict, NotFound
from clickstack.core.ids import IdSource
from clickstack.core.limits import PRESET_FILTERS_MAX
from clickstack.core.records import Author

from . import tables
from .audit import changing
from .db import Database

KIND = "preset_filter"  # in the audit log
NOT_FOUND = "Preset dashboard filter not found"
_TABLE = tables.preset_filters


@dataclass(frozen=True, slots=True)
class PresetFilter:
    """`spec` is its wire object without id and source."""

    id: str
    source_id: str
    preset: str
    spec: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.spec["name"])


class PresetFilters:
    """Oldest first. `author` and `request_id` go to the audit log."""

    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    def list(self, team_id: str, preset: str, source_id: str) -> list[PresetFilter]:
        query = (
            sa.select(_TABLE)
            .where(_TABLE.c.team_id == team_id, _TABLE.c.preset == preset, _TABLE.c.source_id == source_id)
            .order_by(_TABLE.c.id)
        )
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query)]

    def insert(self, team_id: str, new: PresetFilter, author: Author, request_id: str | None) -> PresetFilter:
        """Raises Conflict when there are as many as there may be."""
        with changing(self._database, self._clock, self._ids, team_id, author, request_id) as change:
            count = sa.select(sa.func.count()).select_from(_TABLE).where(_TABLE.c.source_id == new.source_id)
            if (change.transaction.scalar(count) or 0) >= PRESET_FILTERS_MAX:
                raise Conflict(f"There are {PRESET_FILTERS_MAX} filters on this source; delete one first")
            change.transaction.execute(
                sa.insert(_TABLE).values(
                    id=new.id,
                    team_id=team_id,
                    source_id=new.source_id,
                    preset=new.preset,
                    spec=dict(new.spec),
                    created_ms=change.now_ms,
                    updated_ms=change.now_ms,
                )
            )
            change.note("create", KIND, new, None, dict(new.spec))
        return new

    def replace(self, team_id: str, new: PresetFilter, author: Author, request_id: str | None) -> PresetFilter:
        """Raises NotFound."""
        with changing(self._database, self._clock, self._ids, team_id, author, request_id) as change:
            before = _find(change.transaction, team_id, new.preset, new.id)
            change.transaction.execute(
                sa.update(_TABLE)
                .where(_TABLE.c.id == new.id)
                .values(source_id=new.source_id, spec=dict(new.spec), updated_ms=change.now_ms)
            )
            change.note("update", KIND, new, dict(before.spec), dict(new.spec))
        return new

    def delete(self, team_id: str, preset: str, id: str, author: Author, request_id: str | None) -> PresetFilter:
        """The filter as it was. Raises NotFound."""
        with changing(self._database, self._clock, self._ids, team_id, author, request_id) as change:
            before = _find(change.transaction, team_id, preset, id)
            change.transaction.execute(sa.delete(_TABLE).where(_TABLE.c.id == id))
            change.note("delete", KIND, before, dict(before.spec), None)
        return before


def _find(transaction: sa.Connection, team_id: str, preset: str, id: str) -> PresetFilter:
    query = sa.select(_TABLE).where(_TABLE.c.team_id == team_id, _TABLE.c.preset == preset, _TABLE.c.id == id)
    row = transaction.execute(query.with_for_update()).first()
    if row is None:
        raise NotFound(NOT_FOUND)
    return _record(row)


def _record(row: sa.Row[Any]) -> PresetFilter:
    return PresetFilter(row.id, row.source_id, row.preset, row.spec)

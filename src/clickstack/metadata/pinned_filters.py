"""The facets a team keeps open on a source, for all its people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clickstack.core.clock import Clock
from clickstack.core.errors import Conflict
from clickstack.core.ids import IdSource

from . import tables
from .db import Database
from .moments import now_ms

_COLUMN = tables.pinned_filters.c


@dataclass(frozen=True, slots=True)
class PinnedFilters:
    """`fields` are expressions, `filters` the chosen values of each."""

    id: str
    fields: tuple[str, ...]
    filters: Mapping[str, Sequence[str | bool]]


class PinnedFiltersOfTeams:
    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    def get(self, team_id: str, source_id: str) -> PinnedFilters | None:
        query = sa.select(tables.pinned_filters).where(_COLUMN.team_id == team_id, _COLUMN.source_id == source_id)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return _record(row) if row else None

    def put(
        self, team_id: str, source_id: str, fields: Sequence[str], filters: Mapping[str, Sequence[str | bool]]
    ) -> PinnedFilters:
        """Replace them. The source is the team's. Raises Conflict when two do so for the first time at once."""
        where = (_COLUMN.team_id == team_id, _COLUMN.source_id == source_id)
        values: dict[str, Any] = {
            "fields": list(fields),
            "filters": dict(filters),
            "updated_ms": now_ms(self._clock),
        }
        try:
            with self._database.write() as connection:
                written = connection.execute(sa.update(tables.pinned_filters).where(*where).values(**values))
                if not written.rowcount:
                    own = {"id": self._ids.object_id(), "team_id": team_id, "source_id": source_id}
                    connection.execute(sa.insert(tables.pinned_filters).values(**own, **values))
                return _record(connection.execute(sa.select(tables.pinned_filters).where(*where)).one())
        except IntegrityError as error:
            raise Conflict("Somebody else has just pinned filters on this source. Read them and try again.") from error


def _record(row: sa.Row[Any]) -> PinnedFilters:
    return PinnedFilters(row.id, tuple(row.fields), row.filters)

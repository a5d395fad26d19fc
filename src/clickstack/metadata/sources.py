"""Sources of a team. A source that saved searches or dashboards use stays; links between sources go with it."""

from __future__ import annotations

import dataclasses
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection as Transaction

from clickstack.core.clock import Clock
from clickstack.core.errors import Conflict
from clickstack.core.ids import IdSource
from clickstack.core.source import Source

from . import tables
from .audit import Change
from .db import Database
from .documents import Documents, Kind
from .uses import names_of

_OWN_COLUMNS = ("id", "name", "kind", "connection")  # wire keys kept beside the spec, not in it
_LINKS = ("log_source_id", "trace_source_id", "session_source_id", "metric_source_id")


class Sources(Documents[Source]):
    """Oldest first."""

    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        super().__init__(database, clock, ids, SOURCES)


def insert_source(transaction: Transaction, source: Source, now_ms: int) -> None:
    transaction.execute(
        sa.insert(tables.sources).values(
            id=source.id, team_id=source.team_id, created_ms=now_ms, updated_ms=now_ms, **_row(source)
        )
    )


def _row(source: Source) -> dict[str, Any]:
    return {
        "name": source.name,
        "kind": source.kind,
        "connection_id": source.connection_id,
        "spec": {key: value for key, value in source.to_wire().items() if key not in _OWN_COLUMNS},
    }


def _record(row: sa.Row[Any]) -> Source:
    wire = {**row.spec, "name": row.name, "kind": row.kind, "connection": row.connection_id}
    return Source.from_wire(
        wire,
        id=row.id,
        team_id=row.team_id,
        revision=row.revision,
        created_ms=row.created_ms,
        updated_ms=row.updated_ms,
    )


def _let_go(change: Change, source: Source) -> None:
    """Refuse while the source is in use; take its id out of the sources that only name it."""
    dashboards, searches = tables.dashboards, tables.saved_searches
    linked = [
        other
        for other in SOURCES.select_in(change, source.team_id, tables.sources.c.id != source.id)
        if any(getattr(other, link) == source.id for link in _LINKS)
    ]
    users = {
        "saved search(es)": names_of(change, searches, searches.c.source_id == source.id),
        "dashboard(s)": names_of(change, dashboards, dashboards.c.spec.contains(source.id)),
        "session source(s)": [
            other.name for other in linked if other.kind == "session" and other.trace_source_id == source.id
        ],
    }
    for kind, names in users.items():
        if names:
            raise Conflict(
                f"Cannot delete source: {len(names)} {kind} still use it, such as {names[0]!r}. "
                "Give them another source, or delete them first."
            )
    for other in linked:
        gone: dict[str, Any] = {link: None for link in _LINKS if getattr(other, link) == source.id}
        SOURCES.replace_in(change, other, dataclasses.replace(other, **gone))


SOURCES: Kind[Source] = Kind(
    name="source",
    title="Source",
    table=tables.sources,
    to_row=_row,
    from_row=_record,
    order=(tables.sources.c.created_ms, tables.sources.c.id),
    before_delete=_let_go,
)

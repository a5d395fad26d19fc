"""The dashboards of teams as JSON texts, kept in memory and checked against the database each time.

A list of ten thousand is megabytes of specs, which take longer to fetch than everything else together. What changes
whenever a dashboard does is its revision; so each list asks for ids, names and revisions, and fetches the specs of
those that are new.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from clickstack.core.dashboard import wire_text
from clickstack.core.limits import DASHBOARD_TEXTS_BYTES_MAX, DASHBOARD_TEXTS_FETCHED_MAX

from . import tables
from .db import Database

_COLUMN = tables.dashboards.c


Row = tuple[str, int, str]  # id, revision, name


@dataclass(frozen=True, slots=True)
class DashboardTexts:
    """The dashboards of a team on the wire, by name, descending by byte; the older of two of one name first.

    `tag` is another one whenever one of them changes.
    """

    rows: list[Row]
    texts: list[bytes]
    tag: str

    @property
    def size(self) -> int:
        return sum(map(len, self.texts))

    def known(self) -> dict[tuple[str, int], bytes]:
        """By id and revision."""
        return {(row[0], row[1]): text for row, text in zip(self.rows, self.texts, strict=True)}


NOTHING = DashboardTexts([], [], "")


class DashboardShelf:
    """Safe to use from any thread. Teams whose list changed longest ago are forgotten first."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, DashboardTexts] = OrderedDict()
        self._bytes = 0

    def texts(self, team_id: str) -> DashboardTexts:
        query = (
            sa.select(_COLUMN.id, _COLUMN.revision, _COLUMN.name)
            .where(_COLUMN.team_id == team_id)
            .order_by(_COLUMN.name.desc(), _COLUMN.created_ms, _COLUMN.id)
        )
        with self._database.read() as connection:
            rows: list[Row] = [(id_, revision, name) for id_, revision, name in connection.execute(query).all()]
            kept = self._kept.get(team_id, NOTHING)
            if rows == kept.rows:
                return kept
            return self._keep(team_id, _renewed(connection, team_id, rows, kept.known()))

    def _keep(self, team_id: str, texts: DashboardTexts) -> DashboardTexts:
        with self._lock:
            self._bytes += texts.size - self._kept.pop(team_id, NOTHING).size
            self._kept[team_id] = texts
            while self._bytes > DASHBOARD_TEXTS_BYTES_MAX:
                _, forgotten = self._kept.popitem(last=False)
                self._bytes -= forgotten.size
        return texts


def _renewed(
    connection: Connection, team_id: str, rows: list[Row], known: dict[tuple[str, int], bytes]
) -> DashboardTexts:
    new = [row[0] for row in rows if (row[0], row[1]) not in known]
    fetched = _fetched(connection, team_id, new) if new else {}
    there: list[tuple[Row, bytes]] = []
    for row in rows:
        text = known.get((row[0], row[1]))
        if text is not None:
            there.append((row, text))
        elif row[0] in fetched:  # else it has gone since
            there.append(fetched[row[0]])
    rows = [row for row, _ in there]
    tag = hashlib.blake2b(repr(rows).encode(), digest_size=16).hexdigest()
    return DashboardTexts(rows, [text for _, text in there], tag)


def _fetched(connection: Connection, team_id: str, ids: list[str]) -> dict[str, tuple[Row, bytes]]:
    """By id, as they are now, which may be newer than what was asked for."""
    query = sa.select(_COLUMN.id, _COLUMN.revision, _COLUMN.name, _COLUMN.spec).where(_COLUMN.team_id == team_id)
    if len(ids) <= DASHBOARD_TEXTS_FETCHED_MAX:
        query = query.where(_COLUMN.id.in_(ids))
    rows = connection.execute(query).all()
    return {id_: ((id_, revision, name), wire_text(id_, name, spec)) for id_, revision, name, spec in rows}

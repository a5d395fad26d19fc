"""Silences and maintenance windows of a team."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clickstack.core.clock import Clock
from clickstack.core.errors import Conflict, NotFound
from clickstack.core.ids import IdSource
from clickstack.core.limits import SILENCES_MAX
from clickstack.core.records import Author

from . import tables
from .audit import Change, changing
from .db import Database
from .documents import check_revision

_COLUMN = tables.silences.c


@dataclass(frozen=True, slots=True)
class SilenceRecord:
    """When nobody is told: about one alert, one group of it, or (`alert_id` None) anything of the team.

    `repeats` makes a maintenance window of it: `{"days": [0…6, Monday is 0], "start": "22:00", "minutes": 120,
    "timezone": "Europe/Berlin"}`, from `starts_ms` until `ends_ms` (None: for good).
    """

    id: str
    team_id: str
    reason: str
    starts_ms: int
    ends_ms: int | None
    alert_id: str | None = None
    group: str | None = None
    repeats: Mapping[str, Any] | None = None
    created_by: str | None = None
    created_ms: int = 0
    revision: int = 1

    @property
    def name(self) -> str:
        """What the audit log calls it."""
        return self.reason


class Silences:
    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    def in_force(self, now_ms: int) -> list[SilenceRecord]:
        """Those of every team that have begun and not ended; repeating ones may be between two of their times."""
        open_ended = sa.or_(_COLUMN.ends_ms.is_(None), _COLUMN.ends_ms > now_ms)
        query = sa.select(tables.silences).where(_COLUMN.starts_ms <= now_ms, open_ended)
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query)]

    def list(self, team_id: str, alert_id: str | None = None) -> list[SilenceRecord]:
        """The team's silences, oldest first; with `alert_id` only those of that alert. Those long over go."""
        query = sa.select(tables.silences).where(_COLUMN.team_id == team_id).order_by(_COLUMN.created_ms, _COLUMN.id)
        if alert_id is not None:
            query = query.where(_COLUMN.alert_id == alert_id)
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query)]

    def add(self, silence: SilenceRecord, author: Author, request_id: str | None) -> SilenceRecord:
        """Raises Conflict when the team has SILENCES_MAX of them, NotFound when the alert is gone."""
        with self._change(silence.team_id, author, request_id) as change:
            count = sa.select(sa.func.count()).select_from(tables.silences).where(_COLUMN.team_id == silence.team_id)
            if change.transaction.execute(count).scalar_one() >= SILENCES_MAX:
                raise Conflict(f"The team has {SILENCES_MAX} silences. Remove those that are over first.")
            values = {**_shown(silence), "created_ms": change.now_ms}
            change.transaction.execute(
                sa.insert(tables.silences).values(id=silence.id, team_id=silence.team_id, **values)
            )
            change.note("create", "silence", silence, None, _shown(silence))
        return silence

    def update(
        self,
        team_id: str,
        id: str,
        edit: Callable[[SilenceRecord], SilenceRecord],
        author: Author,
        request_id: str | None,
        *,
        expected_revision: int | None = None,
    ) -> SilenceRecord:
        """Store what `edit` makes of the newest state; nobody else writes in between. `edit` may raise core.errors.

        Raises NotFound, and PreconditionFailed when `expected_revision` is not the newest one.
        """
        with self._change(team_id, author, request_id) as change:
            before = _newest(change, id, expected_revision)
            after = replace(edit(before), id=id, team_id=team_id, revision=before.revision + 1)
            values = {**_shown(after), "revision": after.revision}
            change.transaction.execute(sa.update(tables.silences).where(_COLUMN.id == id).values(**values))
            change.note("update", "silence", after, _shown(before), _shown(after))
        return after

    def remove(
        self, team_id: str, id: str, author: Author, request_id: str | None, *, expected_revision: int | None = None
    ) -> None:
        """Raises NotFound, and PreconditionFailed likewise."""
        with self._change(team_id, author, request_id) as change:
            before = _newest(change, id, expected_revision)
            change.transaction.execute(sa.delete(tables.silences).where(_COLUMN.id == id))
            change.note("delete", "silence", before, _shown(before), None)

    @contextmanager
    def _change(self, team_id: str, author: Author, request_id: str | None) -> Iterator[Change]:
        try:
            with changing(self._database, self._clock, self._ids, team_id, author, request_id) as change:
                yield change
        except IntegrityError as error:
            raise NotFound("Alert not found") from error  # it has just been deleted

    def prune(self, before_ms: int) -> None:
        """Forget those that ended before then."""
        with self._database.write() as transaction:
            transaction.execute(sa.delete(tables.silences).where(_COLUMN.ends_ms < before_ms))


def _newest(change: Change, id: str, expected_revision: int | None) -> SilenceRecord:
    """The team's silence, locked until the transaction ends."""
    query = sa.select(tables.silences).where(_COLUMN.team_id == change.team_id, _COLUMN.id == id)
    row = change.transaction.execute(query.with_for_update()).first()
    if row is None:
        raise NotFound("Silence not found")
    check_revision("Silence", row.revision, expected_revision)
    return _record(row)


def _shown(silence: SilenceRecord) -> dict[str, Any]:
    return {
        "alert_id": silence.alert_id,
        "group_key": silence.group,
        "reason": silence.reason,
        "starts_ms": silence.starts_ms,
        "ends_ms": silence.ends_ms,
        "repeats": dict(silence.repeats) if silence.repeats else None,
        "created_by": silence.created_by,
    }


def _record(row: sa.Row[Any]) -> SilenceRecord:
    return SilenceRecord(
        id=row.id,
        team_id=row.team_id,
        alert_id=row.alert_id,
        group=row.group_key,
        reason=row.reason,
        starts_ms=row.starts_ms,
        ends_ms=row.ends_ms,
        repeats=row.repeats,
        created_by=row.created_by,
        created_ms=row.created_ms,
        revision=row.revision,
    )

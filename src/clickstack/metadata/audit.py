"""The audit log: one row for each change, in the transaction of the change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection as Transaction

from clickstack.core.clock import Clock
from clickstack.core.ids import IdSource
from clickstack.core.limits import AUDIT_LOG_ROWS_MAX, AUDIT_OBJECT_BYTES_MAX
from clickstack.core.records import Author

from . import tables
from .db import Database
from .moments import moment, now_ms

Action = Literal["create", "update", "delete"]
Values = Mapping[str, Any]


class Named(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Change:
    """A transaction that writes, and on whose account."""

    transaction: Transaction
    ids: IdSource
    team_id: str
    now_ms: int
    author: Author
    request_id: str | None

    def note(self, action: Action, kind: str, about: Named, before: Values | None, after: Values | None) -> None:
        """Write the row. `before` and `after` hold nothing secret. Of large objects only what differs is kept."""
        before, after = _kept(before, after)
        self.transaction.execute(
            sa.insert(tables.audit_log).values(
                id=self.ids.object_id(),
                team_id=self.team_id,
                at_ms=self.now_ms,
                author_kind=self.author.kind,
                author_id=self.author.id,
                author_name=self.author.name,
                action=action,
                object_kind=kind,
                object_id=about.id,
                object_name=about.name or "",
                before=before,
                after=after,
                request_id=self.request_id,
            )
        )


def _kept(before: Values | None, after: Values | None) -> tuple[Values | None, Values | None]:
    """Both as they are, or of large ones the keys that differ, and `truncated` to say so."""
    sizes = [len(orjson.dumps(each, default=str)) for each in (before, after) if each is not None]
    if before is None or after is None or max(sizes) <= AUDIT_OBJECT_BYTES_MAX:
        return before, after
    absent = object()
    differing = [key for key in {**before, **after} if before.get(key, absent) != after.get(key, absent)]
    of_before, of_after = ({key: each[key] for key in differing if key in each} for each in (before, after))
    return {**of_before, "truncated": True}, {**of_after, "truncated": True}


@contextmanager
def changing(
    database: Database, clock: Clock, ids: IdSource, team_id: str, author: Author, request_id: str | None
) -> Iterator[Change]:
    """A transaction that writes, for changes that follow no Kind of documents."""
    with database.write() as transaction:
        yield Change(transaction, ids, team_id, now_ms(clock), author, request_id)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change: who did what to which object, and the object before and after it (None: there was none)."""

    id: str
    team_id: str
    at: datetime
    author: Author
    action: Action
    object_kind: str
    object_id: str
    object_name: str
    before: Values | None
    after: Values | None
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Setting:
    """Something changed that is no record of its own."""

    id: str
    name: str


class AuditLog:
    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    def note(
        self,
        team_id: str,
        author: Author,
        request_id: str | None,
        kind: str,
        name: str,
        before: Values | None,
        after: Values | None,
    ) -> None:
        """Write down a change of something that is not kept in this database."""
        with changing(self._database, self._clock, self._ids, team_id, author, request_id) as change:
            change.note("update", kind, Setting(name, name), before, after)

    def prune(self, before_ms: int, rows_max: int) -> int:
        """Forget changes before then, and of a team with too many the oldest; at most `rows_max` at once. How many."""
        column, old = tables.audit_log.c, list[str]()
        with self._database.read() as connection:
            for team_id in connection.scalars(sa.select(tables.teams.c.id)).all():
                over = sa.select(column.id).where(_over(connection, team_id, before_ms))
                old += connection.scalars(over.limit(rows_max - len(old)))
        for at in range(0, len(old), _IDS_AT_ONCE):
            ids = old[at : at + _IDS_AT_ONCE]
            with self._database.write() as transaction:
                transaction.execute(sa.delete(tables.audit_log).where(column.id.in_(ids)))
        return len(old)

    def list(
        self,
        team_id: str,
        *,
        limit: int,
        offset: int = 0,
        before: str | None = None,
        object_kind: str | None = None,
        object_id: str | None = None,
        author: str | None = None,
    ) -> list[AuditEntry]:
        """The changes of a team, newest first; of them those before the entry `before`, of one object or author.

        `author` is an id or a name. An entry that is unknown has nothing before it.
        """
        column = tables.audit_log.c
        query = sa.select(tables.audit_log).where(column.team_id == team_id)
        if before is not None:
            mark = sa.select(column.at_ms, column.id).where(column.team_id == team_id, column.id == before)
            query = query.where(sa.tuple_(column.at_ms, column.id) < mark.scalar_subquery())
        if object_kind is not None:
            query = query.where(column.object_kind == object_kind)
        if object_id is not None:
            query = query.where(column.object_id == object_id)
        if author is not None:
            query = query.where(sa.or_(column.author_id == author, column.author_name == author))
        query = query.order_by(column.at_ms.desc(), column.id.desc()).limit(limit).offset(offset)
        with self._database.read() as connection:
            return [_entry(row) for row in connection.execute(query)]

    def count(self, team_id: str) -> int:
        column = tables.audit_log.c
        query = sa.select(sa.func.count()).select_from(tables.audit_log).where(column.team_id == team_id)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()


_IDS_AT_ONCE = 500  # deleted by one statement, whose parameters are counted


def _over(connection: Transaction, team_id: str, before_ms: int) -> sa.ColumnElement[bool]:
    """Which changes of a team are too old or too many."""
    column = tables.audit_log.c
    newest = sa.select(column.at_ms).where(column.team_id == team_id).order_by(column.at_ms.desc())
    last = connection.scalar(newest.offset(AUDIT_LOG_ROWS_MAX).limit(1))
    edge_ms = before_ms if last is None else max(before_ms, last + 1)
    return sa.and_(column.team_id == team_id, column.at_ms < edge_ms)


def _entry(row: sa.Row[Any]) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        team_id=row.team_id,
        at=moment(row.at_ms),
        author=Author(row.author_kind, row.author_id, row.author_name),
        action=row.action,
        object_kind=row.object_kind,
        object_id=row.object_id,
        object_name=row.object_name,
        before=row.before,
        after=row.after,
        request_id=row.request_id,
    )

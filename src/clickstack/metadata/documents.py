"""What a team edits, stored with a revision: one set of functions for connections, sources, dashboards, alerts, …

A write is one transaction: it reads what is there, checks the revision the caller knows, lets the edit decide, bumps
the revision, and leaves one row in the audit log. Rules between objects are hooks of the kind and run inside that
transaction, on the same `Change`; so a webhook cannot be deleted while an alert that uses it is being written.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clickstack.core.clock import Clock
from clickstack.core.errors import Conflict, Exposed, NotFound, PreconditionFailed
from clickstack.core.ids import IdSource
from clickstack.core.records import Author

from .audit import Change, Values
from .db import Database
from .moments import now_ms


class Document(Protocol):
    """What every stored object has. A frozen dataclass; moments are milliseconds since 1970 UTC."""

    @property
    def id(self) -> str: ...
    @property
    def team_id(self) -> str: ...
    @property
    def name(self) -> str | None: ...
    @property
    def revision(self) -> int: ...
    @property
    def created_ms(self) -> int: ...
    @property
    def updated_ms(self) -> int: ...


T = TypeVar("T", bound=Document)


def _nothing(*_: Any) -> None:
    """The hook of a kind that needs none."""


def _in_use(_error: IntegrityError) -> Exposed:
    return Conflict("Something this refers to, or that refers to this, has just changed. Read it again and retry.")


@dataclass(frozen=True)
class Kind(Generic[T]):
    """How one kind of object is stored.

    `to_row` gives the columns of its own (all but id, team_id, revision and the moments), `from_row` reads a whole row.
    `secrets` are columns the audit log masks. The hooks `before_write` and `after_write(change, before, after)` (before
    is None for a new object) and `before_delete(change, record)` may raise `core.errors` to refuse. `broken` names the
    error for a broken constraint.
    """

    name: str  # "alert": in the audit log
    title: str  # "Alert": in "Alert not found"
    table: sa.Table
    to_row: Callable[[T], dict[str, Any]]
    from_row: Callable[[sa.Row[Any]], T]
    order: Sequence[sa.ColumnElement[Any]]
    secrets: frozenset[str] = frozenset()
    before_write: Callable[[Change, T | None, T], None] = _nothing
    after_write: Callable[[Change, T | None, T], None] = _nothing
    before_delete: Callable[[Change, T], None] = _nothing
    broken: Callable[[IntegrityError], Exposed] = _in_use

    def shown(self, record: T | None) -> Values | None:
        """The object as the audit log keeps it: columns and spec side by side, secrets masked."""
        if record is None:
            return None
        row = dict(self.to_row(record))
        spec = row.pop("spec", {})
        if isinstance(spec, str):
            spec = orjson.loads(spec)
        masked = {key: "***" if key in self.secrets and value else value for key, value in row.items()}
        return {**masked, **spec}

    # --- inside a transaction -----------------------------------------------------------------------------------

    def find_in(self, change: Change, team_id: str, id: str) -> T | None:
        """The object, locked until the transaction ends."""
        column = self.table.c
        query = sa.select(self.table).where(column.team_id == team_id, column.id == id).with_for_update()
        row = change.transaction.execute(query).first()
        return self.from_row(row) if row else None

    def select_in(self, change: Change, team_id: str, *where: sa.ColumnElement[bool]) -> list[T]:
        query = sa.select(self.table).where(self.table.c.team_id == team_id, *where).order_by(*self.order)
        return [self.from_row(row) for row in change.transaction.execute(query)]

    def insert_in(self, change: Change, record: T) -> T:
        stored = _written(record, revision=1, created_ms=change.now_ms, updated_ms=change.now_ms)
        self.before_write(change, None, stored)
        change.transaction.execute(sa.insert(self.table).values(**self._row(stored)))
        self.after_write(change, None, stored)
        change.note("create", self.name, stored, None, self.shown(stored))
        return stored

    def replace_in(self, change: Change, before: T, after: T) -> T:
        stored = _written(after, revision=before.revision + 1, created_ms=before.created_ms, updated_ms=change.now_ms)
        self.before_write(change, before, stored)
        column = self.table.c
        change.transaction.execute(
            sa.update(self.table)
            .where(column.team_id == before.team_id, column.id == before.id)
            .values(**self._row(stored))
        )
        self.after_write(change, before, stored)
        change.note("update", self.name, stored, self.shown(before), self.shown(stored))
        return stored

    def delete_in(self, change: Change, record: T) -> None:
        self.before_delete(change, record)
        column = self.table.c
        change.transaction.execute(
            sa.delete(self.table).where(column.team_id == record.team_id, column.id == record.id)
        )
        change.note("delete", self.name, record, self.shown(record), None)

    def _row(self, record: T) -> dict[str, Any]:
        return {
            **self.to_row(record),
            "id": record.id,
            "team_id": record.team_id,
            "revision": record.revision,
            "created_ms": record.created_ms,
            "updated_ms": record.updated_ms,
        }


def _written(record: T, **values: int) -> T:
    return dataclasses.replace(record, **values)  # type: ignore[type-var]  # a Document is a dataclass


class Documents(Generic[T]):
    """The objects of one kind. `author` and `request_id` go to the audit log."""

    def __init__(self, database: Database, clock: Clock, ids: IdSource, kind: Kind[T]) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._kind = kind
        column = kind.table.c
        # Of nearly every request: made once, since making it takes longer than asking it.
        self._one = sa.select(kind.table).where(column.team_id == sa.bindparam("team"), column.id == sa.bindparam("of"))

    def list(self, team_id: str, limit: int | None = None, offset: int = 0, *where: sa.ColumnElement[bool]) -> list[T]:
        """The team's objects in the order of the kind."""
        table = self._kind.table
        query = sa.select(table).where(table.c.team_id == team_id, *where).order_by(*self._kind.order)
        if limit is not None or offset:
            query = query.limit(limit).offset(offset)
        with self._database.read() as connection:
            return [self._kind.from_row(row) for row in connection.execute(query)]

    def count(self, team_id: str) -> int:
        table = self._kind.table
        query = sa.select(sa.func.count()).select_from(table).where(table.c.team_id == team_id)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def get(self, team_id: str, id: str) -> T | None:
        with self._database.read() as connection:
            row = connection.execute(self._one, {"team": team_id, "of": id}).first()
        return self._kind.from_row(row) if row else None

    def recent(self, team_id: str, id: str) -> T | None:
        """As `get`, for who only reads: what another process wrote in the last second may not be in it."""
        return self._database.recent(self._one, self._kind.from_row, team=team_id, of=id)

    def existing(self, team_id: str, ids: Sequence[str]) -> set[str]:
        """Those of the ids that the team has."""
        column = self._kind.table.c
        query = sa.select(column.id).where(column.team_id == team_id, column.id.in_(list(ids)))
        with self._database.read() as connection:
            return set(connection.scalars(query))

    def insert(self, record: T, author: Author, request_id: str | None) -> T:
        """Store a new object; its revision is 1 and its moments are now."""
        with self.change(record.team_id, author, request_id) as change:
            return self._kind.insert_in(change, record)

    def replace(self, record: T, author: Author, request_id: str | None, *, expected_revision: int | None = None) -> T:
        """Store an object over the one of its id. Raises NotFound, PreconditionFailed (see `update`)."""
        return self.update(
            record.team_id, record.id, lambda _: record, author, request_id, expected_revision=expected_revision
        )

    def update(
        self,
        team_id: str,
        id: str,
        edit: Callable[[T], T],
        author: Author,
        request_id: str | None,
        *,
        expected_revision: int | None = None,
    ) -> T:
        """Store what `edit` makes of the newest state; nobody else writes in between. `edit` may raise core.errors.

        Raises NotFound, and PreconditionFailed when `expected_revision` is not the newest one.
        """
        with self.change(team_id, author, request_id) as change:
            before = self._kind.find_in(change, team_id, id)
            if before is None:
                raise NotFound(f"{self._kind.title} not found")
            check_revision(self._kind.title, before.revision, expected_revision)
            return self._kind.replace_in(change, before, edit(before))

    def delete(
        self, team_id: str, id: str, author: Author, request_id: str | None, *, expected_revision: int | None = None
    ) -> bool:
        """False when the team has no such object. Raises what the kind's rules refuse, and PreconditionFailed."""
        with self.change(team_id, author, request_id) as change:
            before = self._kind.find_in(change, team_id, id)
            if before is None:
                return False
            check_revision(self._kind.title, before.revision, expected_revision)
            self._kind.delete_in(change, before)
            return True

    @contextmanager
    def change(self, team_id: str, author: Author, request_id: str | None) -> Iterator[Change]:
        """A transaction that writes; a broken constraint leaves as the error of the kind."""
        try:
            with self._database.write() as transaction:
                yield Change(transaction, self._ids, team_id, now_ms(self._clock), author, request_id)
        except IntegrityError as error:
            raise self._kind.broken(error) from error


def check_revision(title: str, revision: int, expected: int | None) -> None:
    """Raises PreconditionFailed when somebody changed the object after it was at the revision that the caller knows."""
    if expected not in (None, revision):
        raise PreconditionFailed(
            f"{title} has been changed since: it is at revision {revision}, not {expected}. Read it again."
        )

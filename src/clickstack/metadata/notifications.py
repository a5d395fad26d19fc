"""The outbox of alert messages: queued with the state they tell of, sent in order, at least once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection as Transaction

from clickstack.core.clock import Clock
from clickstack.core.ids import IdSource
from clickstack.core.limits import CLOCK_AHEAD_MS

from . import tables
from .db import Database
from .moments import now_ms

_COLUMN = tables.notifications.c
DeliveryState = Literal["queued", "sent", "failed"]
FAREWELL = "farewell"  # the kind of a message that ends a fire, when its alert is gone
TROUBLE = "trouble"  # ... of one that says that the alert cannot be judged
_FIRES = ("fire", "again", TROUBLE)


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to one target. Messages of one `lane` are sent one after the other. Moments in milliseconds.

    `target_key` is the same for all that goes to one target.
    """

    id: str
    team_id: str
    alert_id: str
    group: str
    lane: str
    target: Mapping[str, Any]
    target_key: str
    kind: str
    words: Mapping[str, Any]
    created_ms: int
    state: DeliveryState = "queued"
    attempts: int = 0
    next_ms: int = 0
    done_ms: int | None = None
    error: str | None = None


class Notifications:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, notification: Notification) -> None:
        with self._database.write() as transaction:
            queue_in(transaction, [notification])

    def due(self, limit: int, per_target: int, busy: Collection[str] = ()) -> list[Notification]:
        """Messages whose time has come and whose lane is free, oldest first.

        At most `per_target` to one target, so that many to one do not hide those to others; none to `busy` targets.
        """
        older = tables.notifications.alias()
        blocked = sa.exists().where(older.c.lane == _COLUMN.lane, older.c.state == "queued", older.c.seq < _COLUMN.seq)
        now = now_ms(self._clock)
        ripe = sa.or_(_COLUMN.next_ms <= now, _COLUMN.next_ms > now + CLOCK_AHEAD_MS)  # no wait is that long
        age = (_COLUMN.next_ms, _COLUMN.seq)
        place = sa.func.row_number().over(partition_by=_COLUMN.target_key, order_by=age).label("place")
        free = (
            sa.select(tables.notifications, place)
            .where(_COLUMN.state == "queued", ripe, ~blocked)
            .where(_COLUMN.target_key.not_in(busy))
        ).subquery()
        query = sa.select(free).where(free.c.place <= per_target).order_by(free.c.next_ms, free.c.seq).limit(limit)
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query)]

    def waiting(self) -> int:
        """How many are queued."""
        query = sa.select(sa.func.count()).select_from(tables.notifications).where(_COLUMN.state == "queued")
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def note_sent(self, id: str, fault: str | None = None) -> None:
        """It was taken. `fault` is what people must know all the same."""
        self._update(id, state="sent", done_ms=now_ms(self._clock), error=fault, attempts=_COLUMN.attempts + 1)

    def note_failed(self, id: str, error: str, *, again_ms: int | None) -> None:
        """An attempt failed. `again_ms` is when to try again; None gives up."""
        if again_ms is None:
            gone: dict[str, Any] = {"state": "failed", "done_ms": now_ms(self._clock)}
        else:
            gone = {"next_ms": again_ms}
        self._update(id, error=error, attempts=_COLUMN.attempts + 1, **gone)

    def of_alert(self, team_id: str, alert_id: str, limit: int) -> list[Notification]:
        """What was and will be sent about an alert, newest first."""
        query = (
            sa.select(tables.notifications)
            .where(_COLUMN.team_id == team_id, _COLUMN.alert_id == alert_id)
            .order_by(_COLUMN.created_ms.desc(), _COLUMN.seq.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query)]

    def open_troubles(self, alert_id: str) -> list[Notification]:
        """Who was told that this alert cannot be judged, and not yet that it can be again."""
        newer = tables.notifications.alias()
        answered = sa.exists().where(newer.c.lane == _COLUMN.lane, newer.c.seq > _COLUMN.seq)
        query = sa.select(tables.notifications).where(_COLUMN.alert_id == alert_id, _COLUMN.kind == TROUBLE, ~answered)
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query.order_by(_COLUMN.seq))]

    def faults(self, alert_id: str) -> set[str]:
        """What is wrong with the last message of each lane, until another goes out as it should.

        Of a farewell nothing: the alert tells that target no more.
        """
        newer = tables.notifications.alias()
        done = sa.exists().where(
            newer.c.lane == _COLUMN.lane, newer.c.state.in_(("sent", "failed")), newer.c.seq > _COLUMN.seq
        )
        ended = (_COLUMN.state.in_(("sent", "failed")), _COLUMN.error.is_not(None), _COLUMN.kind != FAREWELL, ~done)
        query = sa.select(_COLUMN.error).where(_COLUMN.alert_id == alert_id, *ended)
        with self._database.read() as connection:
            return set(connection.scalars(query.distinct()))

    def prune(self, before_ms: int) -> int:
        """Forget what was done before then; how many. A fire is kept until its end was told, which may need it."""
        newer = tables.notifications.alias()
        answered = sa.exists().where(newer.c.lane == _COLUMN.lane, newer.c.seq > _COLUMN.seq)
        over = sa.or_(_COLUMN.kind.not_in(_FIRES), answered)
        with self._database.write() as transaction:
            gone = transaction.execute(sa.delete(tables.notifications).where(_COLUMN.done_ms < before_ms, over))
        return gone.rowcount

    def _update(self, id: str, **values: Any) -> None:
        with self._database.write() as transaction:
            queued = (_COLUMN.id == id, _COLUMN.state == "queued")  # what is done is done, whoever comes late
            transaction.execute(sa.update(tables.notifications).where(*queued).values(**values))


def queue_in(transaction: Transaction, notifications: Sequence[Notification]) -> None:
    """Behind everything that is queued: there is one writer at a time, so the next number is nobody else's."""
    if not notifications:
        return
    last = transaction.execute(sa.select(sa.func.coalesce(sa.func.max(_COLUMN.seq), 0))).scalar_one()
    rows = [{**_row(each), "seq": last + place} for place, each in enumerate(notifications, 1)]
    transaction.execute(sa.insert(tables.notifications), rows)


def queue_farewells_in(
    transaction: Transaction,
    ids: IdSource,
    now_ms: int,
    alert_id: str,
    targets: Collection[Mapping[str, Any]] | None = None,
) -> int:
    """Nobody will judge this alert any more, or tell these targets: queue the end of every fire they were sent.

    A farewell has the words of its fire; who sends it knows how to say the end. How many were queued.
    """
    newer = tables.notifications.alias()
    answered = sa.exists().where(newer.c.lane == _COLUMN.lane, newer.c.seq > _COLUMN.seq)
    query = sa.select(tables.notifications).where(_COLUMN.alert_id == alert_id, _COLUMN.kind.in_(_FIRES), ~answered)
    fires = [_record(row) for row in transaction.execute(query.order_by(_COLUMN.seq))]
    farewells = [
        replace(
            fire, id=ids.object_id(), kind=FAREWELL, created_ms=now_ms, next_ms=now_ms,
            state="queued", attempts=0, done_ms=None, error=None,
        )
        for fire in fires
        if targets is None or fire.target in targets
    ]  # fmt: skip
    queue_in(transaction, farewells)
    return len(farewells)


def _row(each: Notification) -> dict[str, Any]:
    return {
        "id": each.id,
        "team_id": each.team_id,
        "alert_id": each.alert_id,
        "group_key": each.group,
        "lane": each.lane,
        "target": dict(each.target),
        "target_key": each.target_key,
        "kind": each.kind,
        "words": orjson.dumps(each.words).decode(),
        "state": each.state,
        "attempts": each.attempts,
        "next_ms": each.next_ms,
        "created_ms": each.created_ms,
        "done_ms": each.done_ms,
        "error": each.error,
    }


def _record(row: sa.Row[Any]) -> Notification:
    return Notification(
        id=row.id,
        team_id=row.team_id,
        alert_id=row.alert_id,
        group=row.group_key,
        lane=row.lane,
        target=row.target,
        target_key=row.target_key,
        kind=row.kind,
        words=orjson.loads(row.words),
        created_ms=row.created_ms,
        state=row.state,
        attempts=row.attempts,
        next_ms=row.next_ms,
        done_ms=row.done_ms,
        error=row.error,
    )

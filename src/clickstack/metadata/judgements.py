"""Where each alert stands, and what judging its windows found.

A Verdict is stored as a whole or not at all: the new standing, the log of its windows, the transitions, and the
messages about them. Two processes, or one that was killed and began again, cannot both store one of the same window.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection as Transaction

from clickstack.core.alert import Alert, AlertState
from clickstack.core.clock import Clock
from clickstack.core.ids import IdSource
from clickstack.core.limits import CLOCK_AHEAD_MS

from . import tables
from .alerts import ALERTS
from .db import Database, insert_over
from .leases import Lease, check_lease
from .moments import now_ms
from .notifications import Notification, queue_farewells_in, queue_in

_RUN, _EVALUATION, _TRANSITION = tables.alert_runs.c, tables.alert_evaluations.c, tables.alert_transitions.c


@dataclass(frozen=True, slots=True)
class Standing:
    """Up to which window an alert was judged, by which definition, and the state of its groups as JSON.

    `next_due_ms` is when the next window may be judged; `sql` is what was last asked, for people to read.
    """

    definition: str
    judged_end_ms: int
    next_due_ms: int
    groups: bytes
    sql: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One window of an alert. `state` is the worst of its groups, or ERROR; `found` is for the evaluation log."""

    window_start_ms: int
    window_end_ms: int
    at_ms: int
    state: str
    found: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Transition:
    """A group's way into ALERT or out of it."""

    id: str
    group: str
    state: str
    value: float | None
    window_start_ms: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What judging an alert gives. `before` is the standing it began from, None for the first; `after` None leaves it.

    `errors` replace the alert's execution errors; `state` None keeps the alert's state.
    """

    alert: Alert
    before: Standing | None
    after: Standing | None
    state: AlertState | None
    errors: tuple[Mapping[str, Any], ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    transitions: tuple[Transition, ...] = ()
    notifications: tuple[Notification, ...] = ()
    farewell: bool = False  # the alert was switched off: who was told of a fire is told that it is over


class Judgements:
    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    def due(self, now_ms: int) -> Iterator[tuple[Alert, Standing | None]]:
        """The alerts of every team that have a window to judge, were edited, or are new; and where they stand.

        One that was judged up to a moment far in the future has one, too: the clock was set back.
        """
        query = (
            sa.select(tables.alerts, *(column.label(f"run_{column.name}") for column in _RUN))
            .outerjoin(tables.alert_runs, _RUN.alert_id == tables.alerts.c.id)
            .where(
                sa.or_(
                    _RUN.alert_id.is_(None),
                    _RUN.next_due_ms <= now_ms,
                    _RUN.judged_end_ms > now_ms + CLOCK_AHEAD_MS,
                    _RUN.alert_revision != tables.alerts.c.revision,
                )
            )
            .order_by(tables.alerts.c.id)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            standing = None
            if row.run_alert_id is not None:
                standing = Standing(
                    row.run_definition,
                    row.run_judged_end_ms,
                    row.run_next_due_ms,
                    row.run_groups.encode(),
                    row.run_sql,
                )
            yield ALERTS.from_row(row), standing

    def standing(self, alert_id: str) -> Standing | None:
        with self._database.read() as connection:
            row = connection.execute(sa.select(tables.alert_runs).where(_RUN.alert_id == alert_id)).first()
        if row is None:
            return None
        return Standing(row.definition, row.judged_end_ms, row.next_due_ms, row.groups.encode(), row.sql)

    def store(self, verdicts: Sequence[Verdict], lease: Lease) -> int:
        """Store verdicts in one transaction; how many were, for those that others were faster with are dropped.

        Raises LostLease, and then nothing is stored.
        """
        with self._database.write() as transaction:
            check_lease(transaction, lease)
            kept = _still_true(transaction, verdicts)
            _move_on(transaction, kept)
            _log(transaction, kept)
            queue_in(transaction, [each for verdict in kept for each in verdict.notifications])
            for verdict in kept:
                if verdict.farewell:
                    queue_farewells_in(transaction, self._ids, now_ms(self._clock), verdict.alert.id)
            for verdict in kept:
                _note(transaction, verdict)
        return len(kept)

    def evaluations(self, alert_id: str, start_ms: int, end_ms: int, limit: int) -> list[Evaluation]:
        """The windows that ended in [start, end), newest first."""
        query = (
            sa.select(tables.alert_evaluations)
            .where(_EVALUATION.alert_id == alert_id, _EVALUATION.window_end_ms.between(start_ms, end_ms - 1))
            .order_by(_EVALUATION.window_end_ms.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [_evaluation(row) for row in connection.execute(query)]

    def recent(self, alert_ids: Sequence[str], limit: int) -> dict[str, list[Evaluation]]:
        """The newest windows of several alerts, each newest first. Reads no others, however many there are."""
        other, alert = tables.alert_evaluations.alias(), tables.alerts.c
        oldest = (
            sa.select(other.c.window_end_ms)
            .where(other.c.alert_id == alert.id)
            .order_by(other.c.window_end_ms.desc())
            .limit(1)
            .offset(limit - 1)
            .scalar_subquery()
        )
        since = sa.select(alert.id, sa.func.coalesce(oldest, 0).label("ms")).where(alert.id.in_(alert_ids)).subquery()
        query = (
            sa.select(tables.alert_evaluations)
            .join(since, sa.and_(_EVALUATION.alert_id == since.c.id, _EVALUATION.window_end_ms >= since.c.ms))
            .order_by(_EVALUATION.window_end_ms.desc())
        )
        found: dict[str, list[Evaluation]] = {alert_id: [] for alert_id in alert_ids}
        with self._database.read() as connection:
            for row in connection.execute(query):
                found[row.alert_id].append(_evaluation(row))
        return found

    def transitions(self, alert_id: str, start_ms: int, end_ms: int, limit: int) -> list[Transition]:
        """The transitions in [start, end), oldest first; of more than `limit` the newest."""
        query = (
            sa.select(tables.alert_transitions)
            .where(_TRANSITION.alert_id == alert_id, _TRANSITION.at_ms.between(start_ms, end_ms - 1))
            .order_by(_TRANSITION.at_ms.desc(), _TRANSITION.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [_transition(row) for row in reversed(connection.execute(query).all())]

    def open_at(self, alert_id: str, at_ms: int, limit: int) -> list[Transition]:
        """How each group that was in ALERT just before a moment had come into it."""
        newest = (_TRANSITION.at_ms.desc(), _TRANSITION.id.desc())
        place = sa.func.row_number().over(partition_by=_TRANSITION.group_key, order_by=newest)
        ranked = sa.select(tables.alert_transitions, place.label("place")).where(
            _TRANSITION.alert_id == alert_id, _TRANSITION.at_ms < at_ms
        )
        table = ranked.subquery()
        query = sa.select(table).where(table.c.place == 1, table.c.state == "ALERT").order_by(table.c.id).limit(limit)
        with self._database.read() as connection:
            return [_transition(row) for row in connection.execute(query)]

    def prune(self, before_ms: int, rows_max: int) -> int:
        """Forget what was found before then, at most `rows_max` windows at once; how many.

        What a clock found that was far in the future goes as well: it would stand before all that is found now.
        """
        wrong_ms = now_ms(self._clock) + CLOCK_AHEAD_MS
        unwanted = sa.or_(_EVALUATION.at_ms < before_ms, _EVALUATION.at_ms > wrong_ms)
        old = sa.select(_EVALUATION.alert_id, _EVALUATION.window_end_ms).where(unwanted)
        with self._database.write() as transaction:
            keys = transaction.execute(old.limit(rows_max)).all()
            for alert_id, window_end_ms in keys:
                transaction.execute(
                    sa.delete(tables.alert_evaluations).where(
                        _EVALUATION.alert_id == alert_id, _EVALUATION.window_end_ms == window_end_ms
                    )
                )
            crossed = sa.or_(_TRANSITION.at_ms < before_ms, _TRANSITION.at_ms > wrong_ms)
            transaction.execute(sa.delete(tables.alert_transitions).where(crossed))
        return len(keys)


def _still_true(transaction: Transaction, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts whose alert is as it was judged, and whose standing is the one they began from."""
    ids = [verdict.alert.id for verdict in verdicts]
    alert = tables.alerts.c
    revisions = sa.select(alert.id, alert.revision).where(alert.id.in_(ids))
    now_at = {row.id: row.revision for row in transaction.execute(revisions)}
    runs = sa.select(_RUN.alert_id, _RUN.definition, _RUN.judged_end_ms).where(_RUN.alert_id.in_(ids))
    standing = {row.alert_id: tuple(row)[1:] for row in transaction.execute(runs.with_for_update())}

    def holds(verdict: Verdict) -> bool:
        before = verdict.before and (verdict.before.definition, verdict.before.judged_end_ms)
        return now_at.get(verdict.alert.id) == verdict.alert.revision and standing.get(verdict.alert.id) == before

    return [verdict for verdict in verdicts if holds(verdict)]


def _move_on(transaction: Transaction, verdicts: Sequence[Verdict]) -> None:
    moved = [
        {
            "alert_id": verdict.alert.id,
            "definition": verdict.after.definition,
            "judged_end_ms": verdict.after.judged_end_ms,
            "next_due_ms": verdict.after.next_due_ms,
            "alert_revision": verdict.alert.revision,
            "groups": verdict.after.groups.decode(),
            "sql": verdict.after.sql,
        }
        for verdict in verdicts
        if verdict.after is not None
    ]
    if moved:
        transaction.execute(insert_over(transaction, tables.alert_runs, ("alert_id",)), moved)


def _log(transaction: Transaction, verdicts: Sequence[Verdict]) -> None:
    windows = [
        {
            "alert_id": verdict.alert.id,
            "window_end_ms": each.window_end_ms,
            "window_start_ms": each.window_start_ms,
            "at_ms": each.at_ms,
            "state": each.state,
            "found": orjson.dumps(each.found).decode(),
        }
        for verdict in verdicts
        for each in verdict.evaluations
    ]
    if windows:
        over = insert_over(transaction, tables.alert_evaluations, ("alert_id", "window_end_ms"))
        transaction.execute(over, windows)
    transitions = [
        {
            "id": each.id,
            "alert_id": verdict.alert.id,
            "group_key": each.group,
            "state": each.state,
            "value": each.value,
            "window_start_ms": each.window_start_ms,
            "at_ms": each.at_ms,
        }
        for verdict in verdicts
        for each in verdict.transitions
    ]
    if transitions:
        transaction.execute(sa.insert(tables.alert_transitions), transitions)


def _note(transaction: Transaction, verdict: Verdict) -> None:
    """The state people see on the alert; most verdicts change nothing there. No edit: the revision stays."""
    alert = verdict.alert
    state = alert.state if verdict.state is None else verdict.state
    if (state, verdict.errors) != (alert.state, alert.execution_errors):
        column = tables.alerts.c
        known = sa.select(column.execution_errors).where(column.id == alert.id).with_for_update()
        meanwhile = [each for each in transaction.scalar(known) or () if each not in alert.execution_errors]
        transaction.execute(
            sa.update(tables.alerts)
            .where(column.id == alert.id)
            .values(state=state, execution_errors=[*verdict.errors, *meanwhile])
        )


def _evaluation(row: sa.Row[Any]) -> Evaluation:
    return Evaluation(row.window_start_ms, row.window_end_ms, row.at_ms, row.state, orjson.loads(row.found))


def _transition(row: sa.Row[Any]) -> Transition:
    return Transition(row.id, row.group_key, row.state, row.value, row.window_start_ms, row.at_ms)

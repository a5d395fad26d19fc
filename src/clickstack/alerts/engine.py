"""A round of evaluation: what is due → questions → scans → verdicts, stored with their messages.

Exactly one process runs rounds (the lease); a verdict is stored in one transaction with its messages, so a process that
is killed between any two steps leaves either all of it or nothing, and the next one begins from what is stored.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from clickstack.core.alert import Alert
from clickstack.core.clock import Clock
from clickstack.core.ids import IdSource
from clickstack.core.limits import (
    ALERT_RETRY_MS,
    ALERT_SAMPLED_GROUPS_MAX,
    ALERT_VERDICTS_PER_WRITE,
    CLOCK_AHEAD_MS,
)
from clickstack.core.log import fields, get_logger
from clickstack.metadata import Evaluation, Lease, LostLease, Metadata, Notification, Standing, Transition, Verdict
from clickstack.query import Reader

from .counts import AlertCounts
from .errors import ErrorType, ExecutionError, execution_error, of_failure, same, still_wrong
from .judge import Judged, Told, judge
from .memory import Memory, anew, read_memory, write_memory
from .policy import Defaults, Policy, enabled, policy_of
from .question import InvalidAlert, Question, question_of, subject_of
from .queueing import Samples, lasting_faults, notice_of, notifications_of
from .quiet import Quiet
from .reading import Asked, Outcome, Reading, Scan, read, scans_of
from .samples import samples_of
from .team import ReaderOf, Team
from .trouble import Trouble, ends_of, failed_in_a_row, tells_after, trouble_messages
from .window import Due, due
from .workers import Workers

_log = get_logger("alerts")
_OFF = ""  # the definition of an alert that was switched off: nothing of what it was is carried on


@dataclass(slots=True)
class Round:
    """What a round did. `stored_after_s` are the seconds from its beginning until each alert's verdict was stored."""

    alerts: int = 0
    judged: int = 0
    failed: int = 0
    queries: int = 0
    rows_read: int = 0
    messages: int = 0
    stored_after_s: list[float] = field(default_factory=list)
    began_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Overdue:
    """An alert that is due."""

    alert: Alert
    standing: Standing | None
    policy: Policy
    due: Due
    memory: Memory


@dataclass(frozen=True, slots=True)
class _Task(_Overdue):
    """... and all that judging it needs."""

    question: Question


class AlertEngine:
    """`reader_of(sources)` reads for a team that has these sources; `workers` run scans side by side."""

    def __init__(
        self,
        metadata: Metadata,
        reader_of: ReaderOf,
        clock: Clock,
        ids: IdSource,
        app_url: str,
        defaults: Defaults,
        workers: Workers,
        counts: AlertCounts | None = None,
    ) -> None:
        self._metadata = metadata
        self._reader_of = reader_of
        self._clock = clock
        self._ids = ids
        self._app_url = app_url
        self._defaults = defaults
        self._workers = workers
        self._counts = counts or AlertCounts()
        self._retry_ms: dict[str, int] = {}  # alerts that failed, and when to try them again

    def round(self, lease: Lease) -> Round:
        """Judge every window that is due. Raises LostLease when another process has taken over."""
        now_ms, done = self._now_ms(), Round(began_s=self._clock.monotonic_s())
        quiet = Quiet(self._metadata.silences.in_force(now_ms))
        soon_ms = now_ms + ALERT_RETRY_MS  # later was said by a clock that was wrong
        self._retry_ms = {alert_id: ms for alert_id, ms in self._retry_ms.items() if now_ms < ms <= soon_ms}
        watched = [each for each in self._metadata.judgements.due(now_ms) if each[0].id not in self._retry_ms]
        for team_id, alerts in itertools.groupby(sorted(watched, key=_team), key=_team):
            try:
                team = Team(self._metadata, team_id, self._reader_of, quiet, now_ms)
                self._round_of_team(team, list(alerts), now_ms, lease, done)
            except LostLease:
                raise
            except Exception:
                _log.exception("the alerts of a team could not be judged", extra=fields(team=team_id))
        return done

    def close(self) -> None:
        """Ask nothing more; do not wait for what is being asked."""
        self._workers.close()

    def _round_of_team(
        self,
        team: Team,
        alerts: Sequence[tuple[Alert, Standing | None]],
        now_ms: int,
        lease: Lease,
        done: Round,
    ) -> None:
        verdicts: list[Verdict] = []
        tasks: dict[int, _Task] = {}
        asked: list[Asked] = []
        for alert, standing in alerts:
            made = self._prepared(team, alert, standing, now_ms)
            if isinstance(made, Verdict):
                verdicts.append(made)
            elif made is not None:
                asked.append(Asked(made.question, made.due.windows))
                tasks[id(asked[-1])] = made
        done.alerts += len(tasks) + len(verdicts)
        for scan, outcomes in self._read(list(scans_of(asked)), team.reader, done):
            for each, outcome in zip(scan, outcomes, strict=True):
                verdicts.append(self._judged(team, tasks[id(each)], outcome, now_ms, done))
            while len(verdicts) >= ALERT_VERDICTS_PER_WRITE:
                self._store(verdicts[:ALERT_VERDICTS_PER_WRITE], lease, done)
                del verdicts[:ALERT_VERDICTS_PER_WRITE]
        self._store(verdicts, lease, done)

    def _prepared(self, team: Team, alert: Alert, standing: Standing | None, now_ms: int) -> _Task | Verdict | None:
        """As `_prepare`; what nobody foresaw is this alert's failure and no other's."""
        try:
            return self._prepare(team, alert, standing, now_ms)
        except Exception as error:
            _log.exception("an alert could not be read", extra=fields(alert=alert.id))
            return self._failure(team, alert, standing, None, error, now_ms)

    def _judged(self, team: Team, task: _Task, outcome: Outcome | Exception, now_ms: int, done: Round) -> Verdict:
        """As `_verdict`, likewise."""
        try:
            return self._verdict(team, task, outcome, now_ms, done)
        except Exception as error:
            _log.exception("an alert could not be judged", extra=fields(alert=task.alert.id))
            return self._failure(team, task.alert, task.standing, task, error, now_ms)

    def _prepare(self, team: Team, alert: Alert, standing: Standing | None, now_ms: int) -> _Task | Verdict | None:
        """What is to be judged; a verdict where nothing needs to be asked; None where nothing is to be done."""
        if not enabled(alert):
            return None if alert.state == "DISABLED" else self._switched_off(alert, standing, now_ms)
        overdue: _Overdue | None = None
        try:
            policy = policy_of(alert, self._defaults)
            fresh = standing is None or standing.definition != policy.definition or _is_ahead(standing, now_ms)
            found = due(policy.schedule, _judged_until(standing, now_ms, fresh=fresh), now_ms)
            if fresh and not found:  # an edited alert is judged at once, by the newest window
                found = due(policy.schedule, None, now_ms)
            if not found:
                return None
            memory = read_memory(standing.groups) if standing else {}
            overdue = _Overdue(alert, standing, policy, found, anew(memory) if fresh else memory)
            question = question_of(alert, team.lookup)
        except InvalidAlert as error:
            return self._failure(team, alert, standing, overdue, error, now_ms)
        return _Task(alert, standing, policy, found, overdue.memory, question)

    def _switched_off(self, alert: Alert, standing: Standing | None, now_ms: int) -> Verdict:
        """What was fired is over, and being switched on again begins anew, with the newest window."""
        if standing is None:
            return Verdict(alert, None, None, "DISABLED")
        closed = tuple(
            Transition(self._ids.object_id(), group, "OK", None, standing.judged_end_ms, now_ms)
            for group, each in read_memory(standing.groups).items()
            if each.state.open
        )
        after = replace(standing, definition=_OFF, groups=write_memory({}))
        return Verdict(alert, standing, after, "DISABLED", transitions=closed, farewell=True)

    def _read(
        self, scans: Sequence[Scan], reader: Reader, done: Round
    ) -> Iterator[tuple[Scan, list[Outcome | Exception]]]:
        """Run the scans side by side; each is handed on as soon as its turn has come."""

        def count() -> None:
            done.queries += 1

        def run(scan: Scan) -> list[Outcome | Exception]:
            try:
                return [*read(scan, reader, count)]
            except Exception as error:
                _log.exception("an alert query failed", extra=fields(alerts=len(scan)))
                return [error] * len(scan)

        yield from zip(scans, self._workers.map(run, scans), strict=True)

    def _verdict(self, team: Team, task: _Task, outcome: Outcome | Exception, now_ms: int, done: Round) -> Verdict:
        if not isinstance(outcome, Reading):
            done.failed += 1
            return self._failure(team, task.alert, task.standing, task, outcome, now_ms)
        done.judged += 1
        done.rows_read += outcome.statistics.rows_read
        alert = task.alert
        silence_of = partial(team.silence, alert)
        judged = judge(task.question, task.policy, task.due, outcome, task.memory, silence_of)
        queued, errors = self._queue(team, task, judged, now_ms)
        if alert.execution_errors:  # as every alert has that could not be judged, or told
            troubles = self._metadata.notifications.open_troubles(alert.id)
            queued += ends_of(troubles, task.due.windows[-1], self._ids, now_ms)
            errors += still_wrong(alert, self._metadata.notifications.faults(alert.id), errors)
        done.messages += len(queued)
        self._count(task, judged, now_ms)
        end_ms = task.due.windows[-1].end_ms
        return Verdict(
            alert=alert,
            before=task.standing,
            after=Standing(
                task.policy.definition,
                end_ms,
                task.policy.schedule.next_due_ms(end_ms),
                write_memory(judged.memory),
                outcome.sql,
            ),
            state=judged.state,
            errors=tuple(errors) if not same(errors, alert.execution_errors) else alert.execution_errors,
            evaluations=tuple(self._evaluations(task, judged, outcome, now_ms)),
            transitions=tuple(
                Transition(self._ids.object_id(), each.group, each.state, each.value, each.window.start_ms, now_ms)
                for each in judged.crossings
            ),
            notifications=tuple(queued),
        )

    def _count(self, task: _Task, judged: Judged, now_ms: int) -> None:
        for window, state, _ in judged.windows:
            late_ms = now_ms - window.end_ms - task.policy.schedule.delay_ms
            self._counts.judged(state, max(0.0, late_ms / 1000))
        for told in judged.told:
            self._counts.told(told.message.kind)

    def _evaluations(self, task: _Task, judged: Judged, reading: Reading, now_ms: int) -> Iterator[Evaluation]:
        threshold = task.policy.rule.threshold
        about = {
            "threshold": threshold.limit,
            "thresholdMax": threshold.limit_max,
            "thresholdType": threshold.kind,
            "queryMs": round(reading.statistics.elapsed_s * 1000),
            "rowsRead": reading.statistics.rows_read,
            "backfilled": len(task.due.windows) - 1,
            "skipped": task.due.skipped,
        }
        for window, state, found in judged.windows:
            yield Evaluation(window.start_ms, window.end_ms, now_ms, state, {**found, **about})

    def _queue(
        self, team: Team, task: _Task, judged: Judged, now_ms: int
    ) -> tuple[list[Notification], list[ExecutionError]]:
        faults: list[tuple[ErrorType, str]] = [
            ("WEBHOOK_ERROR", each) for each in lasting_faults(task.alert, team.webhooks)
        ]
        queued: list[Notification] = []
        samples: Samples = partial(samples_of, team.reader, task.question)
        for at, told in enumerate(judged.told):
            shown = samples if at < ALERT_SAMPLED_GROUPS_MAX else _no_samples
            notice = notice_of(task.alert, task.policy, task.question, told, shown)
            made, wrong = notifications_of(task.alert, notice, team.webhooks, self._app_url, self._ids, now_ms)
            queued += made
            faults += [("WEBHOOK_ERROR", each) for each in wrong]
        if judged.left_out:
            more = f"The alert has {judged.left_out} more groups than the {task.policy.groups_max} that are judged. "
            faults.append(("INVALID_ALERT", more + "Group by something with fewer values."))
        return queued, [execution_error(kind, text, now_ms) for kind, text in dict.fromkeys(faults)]

    def _failure(
        self,
        team: Team,
        alert: Alert,
        standing: Standing | None,
        overdue: _Overdue | None,
        error: Exception,
        now_ms: int,
    ) -> Verdict:
        """The state stays; the window is tried again."""
        self._retry_ms[alert.id] = now_ms + ALERT_RETRY_MS
        if not isinstance(error, InvalidAlert):
            _log.warning("an alert could not be judged", extra=fields(alert=alert.id, error=str(error)))
        errors = (of_failure(error, now_ms),)
        shown = (*errors, *(each for each in alert.execution_errors if each["type"] == "WEBHOOK_ERROR"))
        self._counts.failed(errors[0]["type"])
        windows = overdue.due.windows[-1:] if overdue else ()
        return Verdict(
            alert=alert,
            before=standing,
            after=_before_its_first_window(overdue) if overdue else None,
            state=None,
            errors=alert.execution_errors if same(shown, alert.execution_errors) else shown,
            evaluations=tuple(
                Evaluation(window.start_ms, window.end_ms, now_ms, "ERROR", {"errors": list(errors)})
                for window in windows
            ),
            notifications=tuple(self._trouble(team, overdue, errors[0]["message"], now_ms)) if overdue else (),
        )

    def _trouble(self, team: Team, overdue: _Overdue, problem: str, now_ms: int) -> list[Notification]:
        """Messages that the alert cannot be judged, once it has been so for as long as its people allow."""
        alert, window = overdue.alert, overdue.due.windows[-1]
        after = tells_after(alert)
        if after is None or team.silence(alert, "") is not None:
            return []
        known = self._metadata.judgements.recent([alert.id], after)[alert.id]
        windows = failed_in_a_row(known, window)
        if windows < after or self._metadata.notifications.open_troubles(alert.id):
            return []
        subject, trouble = subject_of(alert, team.lookup), Trouble(windows, window, problem)
        return trouble_messages(
            alert, overdue.policy, subject, trouble, team.webhooks, self._app_url, self._ids, now_ms
        )

    def _store(self, verdicts: Sequence[Verdict], lease: Lease, done: Round) -> None:
        """Together; where that fails, one by one, so that a verdict the database refuses stops no other."""
        if not verdicts:
            return
        try:
            self._metadata.judgements.store(verdicts, lease)
        except LostLease:
            raise
        except Exception:
            if len(verdicts) == 1:
                self._retry_ms[verdicts[0].alert.id] = self._now_ms() + ALERT_RETRY_MS
                _log.exception("a verdict could not be stored", extra=fields(alert=verdicts[0].alert.id))
                return
            for each in verdicts:
                self._store([each], lease, done)
            return
        done.stored_after_s += [self._clock.monotonic_s() - done.began_s] * len(verdicts)

    def _now_ms(self) -> int:
        return self._clock.now_ns() // 1_000_000


def _judged_until(standing: Standing | None, now_ms: int, *, fresh: bool) -> int | None:
    """The end of the last window that was judged; None: the newest is judged, whatever was before it.

    So it is for an alert that is new, was switched on, or was edited with nothing left to judge, since a shorter
    interval makes no windows of the past due; and after the clock was far in the future.
    """
    if standing is None or standing.definition == _OFF or (fresh and standing.next_due_ms > now_ms):
        return None
    return standing.judged_end_ms


def _is_ahead(standing: Standing, now_ms: int) -> bool:
    return standing.judged_end_ms > now_ms + CLOCK_AHEAD_MS


def _before_its_first_window(task: _Overdue) -> Standing | None:
    """A first window that could not be judged is kept in mind; later ones follow from the standing there is."""
    if task.standing is not None:
        return None
    start_ms = task.due.windows[0].start_ms
    next_due_ms = task.policy.schedule.next_due_ms(start_ms)
    return Standing(task.policy.definition, start_ms, next_due_ms, write_memory(task.memory))


def _no_samples(_: Told) -> str:
    return ""


def _team(watched: tuple[Alert, Standing | None]) -> str:
    return watched[0].team_id

"""The state machine of one group of an alert: a value per window in, a state and at most one message out. Pure.

States are those of the reference (alerts-and-teams.md §1.3) and NO_DATA. An *episode* runs from the window whose
breach is reported to the window that ends it: it has exactly one fire and, when the fire was sent, exactly one resolve.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from clickstack.core.alert import NoDataPolicy

from .threshold import Threshold
from .window import Window

State = Literal["OK", "PENDING", "ALERT", "NO_DATA"]
MessageKind = Literal["fire", "again", "resolve"]


@dataclass(frozen=True, slots=True)
class Rule:
    """What a value is held against. `again_every_ms` re-sends a standing alert; None sends on transitions only."""

    threshold: Threshold
    windows: int = 1  # consecutive breaching windows before it fires
    no_data: NoDataPolicy = "zero"
    again_every_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """No value in this window: no row at all, or rows whose value is NULL (a metric gap, a zero denominator)."""

    null: bool = False


Observation = float | Absent


@dataclass(frozen=True, slots=True)
class GroupState:
    """What is remembered of one group between windows. Times are ends of windows.

    `breaches` counts breaching windows in a row. `open` says that an episode runs, `sent_ms` when its last message
    was queued: None while silence holds it back.
    """

    state: State = "OK"
    since_ms: int | None = None
    breaches: int = 0
    open: bool = False
    sent_ms: int | None = None
    opened_ms: int | None = None
    value: float | None = None
    seen_ms: int | None = None  # the last window with a value


@dataclass(frozen=True, slots=True)
class Message:
    """What people must be told about a group, once."""

    kind: MessageKind
    window: Window
    value: float | None  # None: there is no data
    opened_ms: int


@dataclass(frozen=True, slots=True)
class Step:
    after: GroupState
    message: Message | None
    reason: str  # why there is a message or none, for the evaluation log


def step(before: GroupState, seen: Observation, window: Window, rule: Rule, *, silenced: bool = False) -> Step:
    """Judge one window of one group. `silenced` holds back fires, never the resolve of a fire that was sent."""
    value, breaching = _judged(seen, rule)
    if breaching is None:
        return Step(before, None, "no value: the state is kept")
    after = replace(before, value=value, seen_ms=before.seen_ms if isinstance(seen, Absent) else window.end_ms)
    if breaching:
        return _breach(after, window, rule, silenced=silenced)
    return _recovery(after, window)


def skip(before: GroupState) -> GroupState:
    """Windows nobody will judge have passed: breaches before and after them are not in a row."""
    return before if before.open else replace(before, breaches=0)


def _judged(seen: Observation, rule: Rule) -> tuple[float | None, bool | None]:
    """The value to compare and whether it breaches; (None, True) is absence that counts as a breach."""
    if not isinstance(seen, Absent):
        return seen, rule.threshold.breached_by(seen)
    match rule.no_data:
        case "alert":
            return None, True
        case "ok":
            return None, False
        case "zero" if not seen.null:
            return 0.0, rule.threshold.breached_by(0.0)
        case _:
            return None, None


def _breach(now: GroupState, window: Window, rule: Rule, *, silenced: bool) -> Step:
    now = replace(now, breaches=now.breaches + 1)
    if not now.open and now.breaches < rule.windows:
        return Step(_in_state(now, "PENDING", window), None, f"breach {now.breaches} of {rule.windows} in a row")
    if not now.open:
        now = replace(now, open=True, opened_ms=window.end_ms, sent_ms=None)
    now = _in_state(now, "NO_DATA" if now.value is None else "ALERT", window)
    if silenced:
        return Step(now, None, "breaching, silenced")
    if now.sent_ms is None:
        return _send("fire", now, window, "breaching: fired")
    if rule.again_every_ms is not None and window.end_ms - now.sent_ms >= rule.again_every_ms:
        return _send("again", now, window, "still breaching: sent again")
    return Step(now, None, "still breaching: already sent")


def _recovery(now: GroupState, window: Window) -> Step:
    was = now
    now = replace(_in_state(now, "OK", window), breaches=0, open=False, sent_ms=None, opened_ms=None)
    if not was.open:
        return Step(now, None, "within the threshold")
    if was.sent_ms is None:
        return Step(now, None, "recovered; the fire was silenced, so nothing is sent")
    opened_ms = window.end_ms if was.opened_ms is None else was.opened_ms
    return Step(now, Message("resolve", window, now.value, opened_ms), "recovered: resolved")


def _send(kind: MessageKind, now: GroupState, window: Window, reason: str) -> Step:
    opened_ms = window.end_ms if now.opened_ms is None else now.opened_ms
    return Step(replace(now, sent_ms=window.end_ms), Message(kind, window, now.value, opened_ms), reason)


def _in_state(now: GroupState, state: State, window: Window) -> GroupState:
    return now if now.state == state else replace(now, state=state, since_ms=window.end_ms)

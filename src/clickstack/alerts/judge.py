"""One alert, the windows that are due, what was seen in them → states, messages and the log. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from clickstack.core.alert import AlertState
from clickstack.core.limits import ALERT_GROUPS_LOGGED_MAX

from .memory import Memory, Remembered, forgotten
from .policy import Policy
from .question import Question
from .reading import Reading
from .seen import Seen
from .state import Absent, GroupState, Message, Observation, State, Step, skip, step
from .window import Due, Window

SilenceOf = Callable[[str], str | None]  # group → why nobody is told about it now
_WORST: tuple[State, ...] = ("ALERT", "NO_DATA", "PENDING", "OK")
_SHOWN: dict[State, AlertState] = {
    "ALERT": "ALERT",
    "NO_DATA": "INSUFFICIENT_DATA",
    "PENDING": "PENDING",
    "OK": "OK",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A message that must be sent, and about which group."""

    group: str
    attributes: Mapping[str, str]
    message: Message


@dataclass(frozen=True, slots=True)
class Crossing:
    """A group has come into ALERT or gone out of it."""

    group: str
    state: str
    value: float | None
    window: Window


@dataclass(frozen=True, slots=True)
class Judged:
    """`windows` are (window, worst state, what the log keeps), in order."""

    memory: Memory
    state: AlertState
    told: tuple[Told, ...]
    crossings: tuple[Crossing, ...]
    windows: tuple[tuple[Window, str, Mapping[str, Any]], ...]
    left_out: int = 0


@dataclass(slots=True)
class _Notes:
    told: list[Told] = field(default_factory=list)
    crossings: list[Crossing] = field(default_factory=list)
    windows: list[tuple[Window, str, Mapping[str, Any]]] = field(default_factory=list)
    left_out: int = 0


def judge(
    question: Question, policy: Policy, due: Due, reading: Reading, memory: Memory, silence_of: SilenceOf
) -> Judged:
    """`memory` is that of the window before the first one due."""
    notes = _Notes()
    if due.skipped:
        memory = {group: replace(each, state=skip(each.state)) for group, each in memory.items()}
    for window in due.windows:
        seen = _worst_of_each(reading.seen.get(window.end_ms, ()), policy)
        memory = _judge_window(question, policy, window, seen, memory, silence_of, notes)
    return Judged(
        memory,
        _alert_state(memory),
        tuple(notes.told),
        tuple(notes.crossings),
        tuple(notes.windows),
        notes.left_out,
    )


def _worst_of_each(seen: Iterable[Seen], policy: Policy) -> dict[str, Seen]:
    """One value for each group: a breaching one stands for all, a NULL for none."""
    kept: dict[str, Seen] = {}
    for each in seen:
        known = kept.get(each.group)
        if known is None or known.value is None or (each.value is not None and _breaches(each, policy)):
            kept[each.group] = each
    return kept


def _breaches(seen: Seen, policy: Policy) -> bool:
    return seen.value is not None and policy.rule.threshold.breached_by(seen.value)


def _judge_window(
    question: Question,
    policy: Policy,
    window: Window,
    seen: Mapping[str, Seen],
    memory: Memory,
    silence_of: SilenceOf,
    notes: _Notes,
) -> Memory:
    after: Memory = {}
    logged: list[dict[str, Any]] = []
    groups, left_out = _groups(question, policy, seen, memory)
    notes.left_out = max(notes.left_out, left_out)
    for group in groups:
        before = memory.get(group, Remembered())
        attributes = seen[group].attributes if group in seen else before.attributes
        silenced = silence_of(group)
        made = _step(group, groups, before.state, _observation(seen.get(group)), window, policy, silenced)
        if made.message is not None:
            notes.told.append(Told(group, attributes, made.message))
        if made.after.open != before.state.open:
            state = "ALERT" if made.after.open else "OK"
            notes.crossings.append(Crossing(group, state, made.after.value, window))
        logged.append(_logged(group, made, silenced))
        if not _is_over(group, groups, made.after, window, question):
            after[group] = Remembered(made.after, attributes)
    notes.windows.append((window, _worst(each["state"] for each in logged), _found(logged, left_out)))
    return after


def _groups(question: Question, policy: Policy, seen: Mapping[str, Seen], memory: Memory) -> tuple[list[str], int]:
    """The groups to judge, and how many are left out: those that are known come first, then those that breach."""
    if not question.grouped:
        return [""], 0
    new = sorted((group for group in seen if group not in memory), key=lambda group: not _breaches(seen[group], policy))
    groups = [*memory, *new]
    kept = groups[: policy.groups_max]
    return kept or [""], len(groups) - len(kept)  # with nothing seen and nobody known, the silence itself is judged


def _observation(seen: Seen | None) -> Observation:
    if seen is None:
        return Absent()
    return Absent(null=True) if seen.value is None else seen.value


def _step(
    group: str,
    groups: Sequence[str],
    before: GroupState,
    observed: Observation,
    window: Window,
    policy: Policy,
    silenced: str | None,
) -> Step:
    others_report = group == "" and len(groups) > 1  # the silence of all is over
    given_up = before.open and isinstance(observed, Absent) and forgotten(before, window.end_ms, 0)
    rule = replace(policy.rule, no_data="ok") if others_report or given_up else policy.rule
    return step(before, observed, window, rule, silenced=silenced is not None)


def _is_over(group: str, groups: Sequence[str], after: GroupState, window: Window, question: Question) -> bool:
    if not question.grouped or after.open:
        return False
    return (group == "" and len(groups) > 1) or forgotten(after, window.end_ms, question.interval_ms)


def _logged(group: str, made: Step, silenced: str | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"state": made.after.state, "value": made.after.value, "reason": made.reason}
    if group:
        entry["group"] = group
    if made.message is not None:
        entry["message"] = made.message.kind
    if silenced is not None:
        entry["silenced"] = silenced
    return entry


def _found(logged: list[dict[str, Any]], left_out: int) -> dict[str, Any]:
    ordered = sorted(
        logged, key=lambda each: (_WORST.index(each["state"]), -(each["value"] or 0.0), each.get("group", ""))
    )
    found: dict[str, Any] = {"groups": ordered[:ALERT_GROUPS_LOGGED_MAX], "groupsTotal": len(logged) + left_out}
    return {**found, "leftOut": left_out} if left_out else found


def _alert_state(memory: Memory) -> AlertState:
    return _SHOWN[_worst(each.state.state for each in memory.values())]


def _worst(states: Iterable[State]) -> State:
    return min(states, key=_WORST.index, default="OK")

"""What an alert remembers of its groups between windows, as it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

import orjson

from .state import GroupState

_FORGET_QUIET_MS = 24 * 3_600_000  # a group that is OK and has not been seen
_FORGET_QUIET_WINDOWS = 10  # ... nor in this many windows
_FORGET_OPEN_MS = 7 * 24 * 3_600_000  # one that alerts and will never be seen again


@dataclass(frozen=True, slots=True)
class Remembered:
    state: GroupState = GroupState()
    attributes: Mapping[str, str] = field(default_factory=dict)


Memory = dict[str, Remembered]  # by group; an alert without groups has one, called ""


def read_memory(text: bytes) -> Memory:
    return {
        group: Remembered(GroupState(**stored["state"]), stored["attributes"])
        for group, stored in orjson.loads(text).items()
    }


def write_memory(memory: Memory) -> bytes:
    return orjson.dumps(
        {group: {"state": asdict(each.state), "attributes": dict(each.attributes)} for group, each in memory.items()}
    )


def anew(memory: Memory) -> Memory:
    """The memory of an alert whose definition has changed: only episodes that run are still to be ended."""
    return {
        group: replace(each, state=replace(each.state, breaches=0)) for group, each in memory.items() if each.state.open
    }


def forgotten(state: GroupState, window_end_ms: int, interval_ms: int) -> bool:
    """Whether a group has not been seen for so long that nobody waits for it."""
    unseen_ms = window_end_ms - (state.seen_ms or state.since_ms or window_end_ms)
    if state.open:
        return unseen_ms > max(_FORGET_OPEN_MS, _FORGET_QUIET_WINDOWS * interval_ms)
    return unseen_ms > max(_FORGET_QUIET_MS, _FORGET_QUIET_WINDOWS * interval_ms)

"""Whatever groups do, however late they are judged, whoever is silenced: the laws of what people are told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from clickstack.alerts.judge import Told, judge
from clickstack.alerts.memory import Memory, read_memory, write_memory
from clickstack.alerts.notice import Subject
from clickstack.alerts.policy import Policy
from clickstack.alerts.question import Question
from clickstack.alerts.reading import Reading, Seen
from clickstack.alerts.state import NoDataPolicy, Rule
from clickstack.alerts.threshold import Threshold
from clickstack.alerts.window import Due, Schedule, Window
from clickstack.core.result import Statistics

MINUTE = 60_000
GROUPS = ["s:a", "s:b", "s:c"]
Found = dict[str, float | None]  # what one window shows, by group

found: st.SearchStrategy[Found] = st.dictionaries(st.sampled_from(GROUPS), st.none() | st.sampled_from([0.0, 3.0, 9.0]))
NO_DATA: list[NoDataPolicy] = ["zero", "keep", "alert", "ok"]


def policy(no_data: NoDataPolicy, windows: int, below: bool) -> Policy:
    rule = Rule(Threshold("below" if below else "above", 5), windows, no_data)
    return Policy(rule, Schedule(MINUTE), 100, "d")


policies = st.builds(policy, st.sampled_from(NO_DATA), st.integers(1, 3), st.booleans())


def play(
    policy: Policy, timeline: Sequence[Found], rounds: Sequence[int], silenced: set[str]
) -> tuple[Memory, list[Told]]:
    """Judge the windows in rounds of so many each; between two rounds the memory lies in the database."""
    question = Question(Subject("saved_search", "id", "Errors"), MINUTE, grouped=True)
    memory: Memory = {}
    told: list[Told] = []
    for windows in cut(timeline, rounds):
        seen = {
            window.end_ms: tuple(Seen(group, value, {"s": group}) for group, value in shown.items())
            for window, shown in windows
        }
        due = Due(tuple(window for window, _ in windows))
        reading = Reading(seen, "", Statistics(0, 0, 0.0))
        judged = judge(question, policy, due, reading, memory, lambda group: "quiet" if group in silenced else None)
        memory = read_memory(write_memory(judged.memory))
        told += judged.told
    return memory, told


def cut(timeline: Sequence[Found], rounds: Sequence[int]) -> Iterator[list[tuple[Window, Found]]]:
    windows = [(Window(at * MINUTE, (at + 1) * MINUTE), each) for at, each in enumerate(timeline)]
    for size in [*rounds, len(windows)]:
        if windows:
            yield windows[:size]
        windows = windows[size:]


@settings(max_examples=150)
@given(policies, st.lists(found, max_size=15), st.lists(st.integers(1, 4), max_size=15))
def test_being_late_changes_nothing(policy: Policy, timeline: list[Found], rounds: list[int]) -> None:
    assert play(policy, timeline, rounds, set()) == play(policy, timeline, [1] * len(timeline), set())


@settings(max_examples=150)
@given(policies, st.lists(found, max_size=25), st.sets(st.sampled_from(GROUPS)))
def test_each_group_has_one_resolve_for_each_fire(policy: Policy, timeline: list[Found], silenced: set[str]) -> None:
    memory, told = play(policy, timeline, [], silenced)
    kinds = defaultdict(list)
    for each in told:
        kinds[each.group].append(each.message.kind)
    for group, said in kinds.items():
        assert group not in silenced
        assert said == (["fire", "resolve"] * len(said))[: len(said)]
        standing = group in memory and memory[group].state.open
        assert standing == (said[-1] == "fire")
    for group, each in memory.items():  # nobody burns unseen
        assert each.state.open <= (group in kinds or group in silenced)

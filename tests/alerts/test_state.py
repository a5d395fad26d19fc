"""The state machine of a group: timelines an operator can read, and the laws every timeline obeys.

A timeline is a value per window: a number, `-` for no row, `~` for a NULL; `s` after it means silenced. The answer is
one word per window: the state, and `!` for a fire, `+` for a repeat, `.` for a resolve.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clickstack.alerts.state import Absent, GroupState, NoDataPolicy, Observation, Rule, Step, skip, step
from clickstack.alerts.threshold import Threshold
from clickstack.alerts.window import Window

MINUTE = 60_000
SIGNS = {"fire": "!", "again": "+", "resolve": "."}


def play(timeline: str, rule: Rule) -> str:
    return " ".join(word(each) for each in steps([parse(text) for text in timeline.split()], rule))


def steps(seen: list[tuple[Observation, bool]], rule: Rule) -> list[Step]:
    group, made = GroupState(), []
    for index, (observation, silenced) in enumerate(seen):
        window = Window(index * MINUTE, (index + 1) * MINUTE)
        made.append(step(group, observation, window, rule, silenced=silenced))
        group = made[-1].after
    return made


def parse(text: str) -> tuple[Observation, bool]:
    value = text.removesuffix("s")
    observation: Observation = {"-": Absent(), "~": Absent(null=True)}.get(value) or float(value or 0)
    return observation, text.endswith("s")


def word(made: Step) -> str:
    return made.after.state + (SIGNS[made.message.kind] if made.message else "")


def rule(kind: str = "above", windows: int = 1, no_data: NoDataPolicy = "zero", again: int | None = None) -> Rule:
    limit = Threshold("below" if kind == "below" else "above", 5)
    return Rule(limit, windows, no_data, None if again is None else again * MINUTE)


@pytest.mark.parametrize(
    ("rule", "timeline", "states"),
    [
        pytest.param(rule(), "1 9 9 1 1", "OK ALERT! ALERT OK. OK", id="one fire, one resolve"),
        pytest.param(rule(again=0), "9 9 9 1", "ALERT! ALERT+ ALERT+ OK.", id="every window, as the reference"),
        pytest.param(rule(again=2), "9 9 9 9 9", "ALERT! ALERT ALERT+ ALERT ALERT+", id="every two minutes"),
        pytest.param(rule(windows=3), "9 9 1 9 9 9 1", "PENDING PENDING OK PENDING PENDING ALERT! OK.", id="in a row"),
        pytest.param(rule(windows=2), "9 ~ 9", "PENDING PENDING ALERT!", id="a NULL neither counts nor breaks"),
        pytest.param(rule(), "9 - 9", "ALERT! OK. ALERT!", id="no rows are zero"),
        pytest.param(rule("below"), "9 - 9", "OK ALERT! OK.", id="no rows breach below"),
        pytest.param(rule(no_data="keep"), "9 - ~ 1", "ALERT! ALERT ALERT OK.", id="no rows keep the state"),
        pytest.param(rule(no_data="ok"), "9 - 9", "ALERT! OK. ALERT!", id="no rows are good"),
        pytest.param(rule(no_data="alert"), "1 - - 1", "OK NO_DATA! NO_DATA OK.", id="no rows are an alert"),
        pytest.param(rule(no_data="alert"), "9 - 1", "ALERT! NO_DATA OK.", id="one episode, two reasons"),
        pytest.param(rule(), "9s 9s 9 1", "ALERT ALERT ALERT! OK.", id="the silence ends while it breaches"),
        pytest.param(rule(), "9s 1s 9 1", "ALERT OK ALERT! OK.", id="recovered unseen"),
        pytest.param(rule(), "9 9s 1s", "ALERT! ALERT OK.", id="a sent fire is resolved, silence or not"),
    ],
)
def test_timelines(rule: Rule, timeline: str, states: str) -> None:
    assert play(timeline, rule) == states


def test_windows_nobody_judged_break_the_row() -> None:
    pending = GroupState(state="PENDING", breaches=2)
    assert skip(pending).breaches == 0
    standing = GroupState(state="ALERT", breaches=2, open=True, sent_ms=MINUTE, opened_ms=MINUTE)
    assert skip(standing) == standing


observations: st.SearchStrategy[Observation] = st.one_of(
    st.floats(0, 10, allow_nan=False), st.sampled_from([Absent(), Absent(null=True)])
)
rules = st.builds(
    rule,
    st.sampled_from(["above", "below"]),
    st.integers(1, 4),
    st.sampled_from(["zero", "keep", "alert", "ok"]),
    st.none() | st.integers(0, 3),
)


@given(rules, st.lists(st.tuples(observations, st.booleans()), max_size=40))
def test_every_fire_has_one_resolve_and_every_resolve_one_fire(
    rule: Rule, timeline: list[tuple[Observation, bool]]
) -> None:
    made = steps(timeline, rule)
    kinds = [each.message.kind for each in made if each.message and each.message.kind != "again"]
    assert kinds == ["fire", "resolve"] * (len(kinds) // 2) + ["fire"] * (len(kinds) % 2)
    for each in made:  # whoever was told of a breach is told of its end, in the window it ends
        assert each.after.open == (each.after.state in ("ALERT", "NO_DATA"))
        assert each.after.open or each.after.sent_ms is None


@given(rules, st.lists(observations, max_size=40))
def test_unsilenced_an_episode_is_told_when_it_begins(rule: Rule, timeline: list[Observation]) -> None:
    before = GroupState()
    for each in steps([(seen, False) for seen in timeline], rule):
        begun = each.after.open and not before.open
        assert begun == (each.message is not None and each.message.kind == "fire")
        assert each.after.breaches >= rule.windows or not begun
        before = each.after

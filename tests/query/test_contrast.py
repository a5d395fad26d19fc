"""What sets two groups of events apart (reference/query-engine.md §10.8, G76 and G77)."""

from __future__ import annotations

import random

import pytest

from clickstack.query.contrast import Delta, contrast


def deltas(target: list[dict[str, str]], baseline: list[dict[str, str]]) -> dict[tuple[str, str], Delta]:
    return {(delta.name, delta.kind): delta for delta in contrast(target, baseline)}


def test_a_value_of_one_group_only_scores_a_hundred() -> None:
    region = [{"Region": "eu"}, {"Region": "us"}] * 10
    found = deltas(
        [{"SeverityText": "ERROR", **each} for each in region], [{"SeverityText": "INFO", **each} for each in region]
    )
    assert found["SeverityText", "value"].score == 100
    assert found["SeverityText", "value"].significant
    assert found["Region", "value"].score == 0
    assert not found["Region", "value"].significant


def test_known_names_are_boosted() -> None:
    found = deltas([{"http.method": "GET"}] * 10, [{"http.method": "PUT"}] * 10)
    assert found["http.method", "value"].score == pytest.approx(100.1)


def test_rare_properties_are_not_listed() -> None:
    rows = [{"a": "x", "rare": "y"}] * 4 + [{"a": "x"}] * 6
    assert ("rare", "value") not in deltas(rows, rows)
    assert ("a", "value") in deltas(rows, rows)


def test_absence_is_seen() -> None:
    found = deltas([{"a": "x", "error.type": "timeout"}] * 30, [{"a": "x"}] * 30)
    assert found["error.type", "value"].score == 0  # nothing to compare its one value with
    assert found["error.type", "presence"].score == 100
    assert ("a", "presence") not in found


def test_ids_and_values_that_do_not_repeat_are_minor() -> None:
    many = [{"TraceId": "t", "user_id": "u", "span.Id": "s", "path": f"/{at}", "grid": "g"} for at in range(30)]
    found = deltas(many, many)
    assert {name for (name, _), delta in found.items() if delta.minor} == {"TraceId", "user_id", "span.Id", "path"}


def test_chance_explains_small_differences() -> None:
    """Two samples of one population, many times: almost never is anything significant."""
    chance = random.Random(7)
    alarms = 0
    for _ in range(100):
        groups = [[{f"p{at}": chance.choice("abcd") for at in range(8)} for _ in range(60)] for _ in range(2)]
        alarms += any(delta.significant for delta in contrast(*groups))
    assert alarms <= 3


@pytest.mark.parametrize("size", [5, 20, 50])
def test_chance_explains_the_rare_values_of_a_small_selection(size: int) -> None:
    """A few events of a heatmap's corner beside a thousand others, of one population with many rare values."""
    chance = random.Random(7)

    def event() -> dict[str, str]:
        return {"host": f"h{int(chance.paretovariate(0.8))}", "pod": f"p{chance.randrange(300)}"}

    alarms = 0
    for _ in range(60):
        target, baseline = [event() for _ in range(size)], [event() for _ in range(1_000)]
        alarms += any(delta.significant for delta in contrast(target, baseline))
    assert alarms <= 2


def test_a_real_difference_is_found_among_noise() -> None:
    chance = random.Random(7)
    target = [{"pod": chance.choice("aaab"), "noise": chance.choice("abcd")} for _ in range(200)]
    baseline = [{"pod": chance.choice("aabb"), "noise": chance.choice("abcd")} for _ in range(200)]
    first = contrast(target, baseline)[0]
    assert (first.name, first.significant) == ("pod", True)
    assert contrast([], []) == []

"""Thresholds against the worked tables of the reference (alerts-and-teams.md §1.2, §3.2, §9.4)."""

from __future__ import annotations

from typing import get_args

import pytest

from clickstack.alerts.threshold import Threshold
from clickstack.core.alert import RANGE_TYPES, ThresholdType


def threshold(kind: ThresholdType, limit: float = 5, limit_max: float = 7) -> Threshold:
    return Threshold(kind, limit, limit_max if kind in RANGE_TYPES else None)


@pytest.mark.parametrize(
    ("kind", "breaching", "calm"),
    [
        ("above", (5, 5.1, 100), (4.9, -5)),
        ("above_exclusive", (5.1, 100), (5, 4)),
        ("below", (4.9, -1), (5, 6)),
        ("below_or_equal", (5, 4), (5.1, 6)),
        ("equal", (5,), (4, 6)),
        ("not_equal", (4, 6), (5,)),
        ("between", (5, 6, 7), (4.9, 7.1)),
        ("not_between", (4.9, 7.1), (5, 6, 7)),
    ],
)
def test_when_it_breaches(kind: ThresholdType, breaching: tuple[float, ...], calm: tuple[float, ...]) -> None:
    limit = threshold(kind)
    assert all(limit.breached_by(value) for value in breaching)
    assert not any(limit.breached_by(value) for value in calm)


@pytest.mark.parametrize(
    ("kind", "fire", "fired", "recover", "recovered"),
    [
        ("above", 10, "10 meets or exceeds 5", 3, "3 falls below 5"),
        ("above_exclusive", 10, "10 exceeds 5", 3, "3 falls to or below 5"),
        ("below", 2, "2 falls below 5", 10, "10 meets or exceeds 5"),
        ("below_or_equal", 3, "3 falls to or below 5", 10, "10 exceeds 5"),
        ("equal", 5, "5 equals 5", 10, "10 does not equal 5"),
        ("not_equal", 10, "10 does not equal 5", 5, "5 equals 5"),
        ("between", 6, "6 falls between 5 and 7", 10, "10 falls outside 5 and 7"),
        ("not_between", 12, "12 falls outside 5 and 7", 6, "6 falls between 5 and 7"),
    ],
)
def test_how_it_is_said(kind: ThresholdType, fire: float, fired: str, recover: float, recovered: str) -> None:
    limit = threshold(kind)
    assert limit.sentence(fire) == fired
    assert limit.sentence(recover) == recovered


@pytest.mark.parametrize(
    ("value", "limit", "shown"),
    [
        (10.789, 5, "11"),
        (10.123, 1.5, "10.1"),
        (10, 0.12, "10.00"),
        (1111.11111111, 1, "1111"),
        (1.123456789, 0.1234, "1.1235"),
        (0.00001, 0.0000001, "0.0000100"),
        (2.5, 1, "3"),
        (float("inf"), 1, "inf"),
    ],
)
def test_a_value_has_the_decimals_of_its_threshold(value: float, limit: float, shown: str) -> None:
    assert Threshold("above", limit).shown(value) == shown


@pytest.mark.parametrize("kind", get_args(ThresholdType))
def test_a_range_needs_its_end_and_the_others_have_none(kind: ThresholdType) -> None:
    wrong = None if kind in RANGE_TYPES else 7.0
    with pytest.raises(ValueError, match="thresholdMax"):
        Threshold(kind, 5, wrong)

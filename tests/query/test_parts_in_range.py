"""Which parts may hold rows of a range, told from what they say of themselves."""

from __future__ import annotations

from clickstack.core.sql import Sql
from clickstack.core.timerange import TimeRange
from clickstack.query.parts_in_range import parts_in_range
from clickstack.store import Part

MORNING = Part("d1_1_4_1", "d1", 800, 0, 99)
NOON = Part("d1_5_5_0", "d1", 100, 100, 199)
EVENING = Part("d1_6_6_0", "d1", 100, 200, 299)
NEXT_DAY = Part("d2_7_7_0", "d2", 50, 1000, 1999)
TIMELESS = Part("all_1_1_0", "all", 60, 0, 0)


def test_parts_outside_are_left_out_by_name_and_partitions_as_a_whole() -> None:
    found = parts_in_range([MORNING, NOON, EVENING, NEXT_DAY], TimeRange(100_000, 200_000))
    assert found.left_out == (MORNING.name, EVENING.name)
    assert found.partitions_left_out == ("d2",)
    assert (found.share, found.first_s) == (1.0, 100)
    assert found.conditions() == [
        Sql.of("part_name NOT IN ('d1_1_4_1', 'd1_6_6_0')"),
        Sql.of("substringIndex(part_name, '_', 1) NOT IN ('d2')"),
    ]


def test_the_share_of_rows_is_that_of_the_time_of_each_part() -> None:
    found = parts_in_range([MORNING, NOON], TimeRange(50_000, 150_000))
    assert found.share == (800 / 2 + 100 / 2) / 900
    assert found.conditions() == []


def test_both_ends_of_a_part_belong_to_it() -> None:
    assert parts_in_range([MORNING], TimeRange(99_000, 99_500)).share == 1 / 100
    assert parts_in_range([MORNING], TimeRange(100_000, 200_000)).partitions_left_out == ("d1",)


def test_a_part_that_knows_no_time_is_always_in_the_range() -> None:
    found = parts_in_range([TIMELESS], TimeRange(5_000, 6_000))
    assert found.share == 1.0
    assert found.conditions() == []
    assert parts_in_range([], TimeRange(0, 1)).share == 1.0

"""Heatmaps of values at the ends of what a number can be."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import pytest

from clickstack.core.timerange import TimeRange
from clickstack.query.events import Scope
from clickstack.query.heatmap import Scale, find_heatmap
from clickstack.store import Store
from query.seeds import source

RANGE = TimeRange(1_641_340_800_000, 1_641_340_860_000)


@pytest.fixture
def scope(store: Store) -> Iterator[Scope]:
    store.command("CREATE TABLE extremes (at DateTime64(9), f Float64, u UInt256) ENGINE = MergeTree ORDER BY at")
    yield Scope(
        replace(
            source("log"),
            table_name="extremes",
            timestamp_value_expression="at",
            displayed_timestamp_value_expression=None,
            implicit_column_expression=None,
            body_expression=None,
        ),
        RANGE,
    )
    store.command("DROP TABLE extremes")


@pytest.mark.parametrize("scale", ["log", "linear"])
@pytest.mark.parametrize(
    "values",
    [
        ["1.7976931348623157e308"],
        ["1.7976931348623157e308", "0", "1"],
        ["1e308", "1e308", "1e-308"],
        ["1641340800000000000"],
        ["123456789012345678901234567890"],
        ["0", "0"],
        ["nan", "inf", "-inf", "-1", "7"],
    ],
)
def test_every_number_has_its_cell(store: Store, scope: Scope, values: list[str], scale: Scale) -> None:
    rows = ", ".join(f"('2022-01-05 00:00:01', {value}, 0)" for value in values)
    store.command(f"INSERT INTO extremes VALUES {rows}")
    found = find_heatmap(store, scope, 8, scale, "f")
    finite = [float(value) for value in values if math.isfinite(float(value)) and float(value) >= 0]
    assert sum(count for _, _, count in found.cells) == found.total == len(finite)
    assert all(0 <= row < 8 for _, row, _ in found.cells)
    assert all(map(math.isfinite, found.bounds))
    assert sorted(set(found.bounds)) == found.bounds

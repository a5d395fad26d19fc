"""Searching tables whose times are whole seconds or days: each row once, however the range is cut into windows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from clickstack.core.chart import Filter
from clickstack.core.timerange import TimeRange
from clickstack.query import Runner, Search, SearchConfig, histogram
from clickstack.query.events import Scope
from clickstack.query.heatmap import find_heatmap
from clickstack.store import Store
from query.seeds import source

T0_S = 1_641_340_800
ROWS = 600
RANGE = TimeRange(T0_S * 1000 - 86_400_000 + 250, T0_S * 1000 + 86_400_000 + 789)


@pytest.fixture(params=["DateTime", "DateTime('America/New_York')", "Date", "DateTime64(3)"])
def config(request: pytest.FixtureRequest, store: Store) -> Iterator[SearchConfig]:
    """Every half a minute a row, three of each moment."""
    table = f"coarse_{request.param_index}"  # what a table looks like is remembered
    store.command(f"CREATE TABLE {table} (at {request.param}, n UInt64) ENGINE = MergeTree ORDER BY at")
    moment = f"CAST(fromUnixTimestamp({T0_S} + intDiv(number, 3) * 30) AS {request.param})"
    store.command(f"INSERT INTO {table} SELECT {moment}, number FROM numbers({ROWS})")
    coarse = replace(
        source("log"),
        table_name=table,
        timestamp_value_expression="at",
        displayed_timestamp_value_expression=None,
        implicit_column_expression=None,
        body_expression=None,
        severity_text_expression=None,
    )
    yield SearchConfig(coarse, Filter(), RANGE, 2 * ROWS, select="at, n")
    store.command(f"DROP TABLE {table}")


@pytest.mark.parametrize("limit", [7, 100, 2 * ROWS])
def test_each_row_is_there_once(store: Store, config: SearchConfig, limit: int) -> None:
    seen, cursor = [], None
    while True:
        page = Search(store).page(replace(config, limit=limit, cursor=cursor))
        seen += [row[1] for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == list(range(ROWS))


def test_the_surroundings_of_a_row_are_there_once(store: Store, config: SearchConfig) -> None:
    page = Search(store).page(config)
    found = Search(store).around(config, page.row_ids[ROWS // 2])
    assert sorted(row[1] for row in found.page.rows) == list(range(ROWS))


@pytest.mark.parametrize("time_zone", ["UTC", "America/St_Johns"])
def test_bars_and_cells_are_of_the_rows_found(store: Store, config: SearchConfig, time_zone: str) -> None:
    """A range that begins in the middle of a day: its rows are of that day, and in the first bar."""
    noon_ms = T0_S * 1000 + 43_200_789
    middle = replace(config, time_range=TimeRange(noon_ms - 43_000_000, noon_ms))
    rows = Search(store).page(middle).rows
    bars = histogram(Runner(store), config.source, Filter(), middle.time_range, None, None, time_zone)
    cells = find_heatmap(store, Scope(config.source, middle.time_range), 5, "linear", "n")
    assert bars.total == cells.total == len(rows) > 0
    assert all(0 <= column < len(cells.starts_ms) for column, _, _ in cells.cells)

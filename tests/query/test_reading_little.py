"""Queries read no more than they must: windows of time, sorting keys, text indexes."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from clickstack.core.chart import ChartConfig, Filter, Select
from clickstack.core.errors import BadQuery
from clickstack.core.sql import Sql
from clickstack.core.timerange import TimeRange
from clickstack.query import Runner, Search, SearchConfig
from clickstack.query.row_identity import RowKey
from clickstack.query.search import WINDOW_FIRST_MS, windows
from clickstack.store import Store
from query.seeds import source

DAY_MS = 86_400_000
DAY = TimeRange(1_641_340_800_000, 1_641_340_800_000 + DAY_MS)
ROWS = 864_000  # ten a second


@pytest.fixture(scope="module")
def day(_engine: Store) -> Store:
    """A day of logs of three services, ten a second."""
    _engine.command("TRUNCATE TABLE otel_logs")
    _engine.command(
        "INSERT INTO otel_logs (Timestamp, ServiceName, Body, LogAttributes) "
        "SELECT toDateTime64('2022-01-05 00:00:00', 9) + toIntervalMillisecond(number * 100), "
        "concat('svc', toString(number % 3)), concat('request ', toString(number)), map('n', toString(number)) "
        f"FROM numbers({ROWS})"
    )
    return _engine


def search(store: Store, where: str = "", limit: int = 200) -> tuple[int, int]:
    """Rows found, rows read."""
    page = Search(store).page(SearchConfig(source("log"), Filter(where), DAY, limit))
    return len(page.rows), page.statistics.rows_read


def test_a_page_reads_minutes_of_a_day(day: Store) -> None:
    found, read = search(day)
    assert found == 200
    assert read < ROWS / 20


def test_a_rare_word_reads_by_the_index(day: Store) -> None:
    found, read = search(day, "request 4321")
    assert found == 1
    assert read < ROWS / 20


def test_an_attribute_reads_by_the_index(day: Store) -> None:
    found, read = search(day, 'LogAttributes.n:"4321"')
    assert found == 1
    assert read < ROWS / 20


def test_an_hour_of_a_day_reads_an_hour(day: Store) -> None:
    chart = ChartConfig(source("log"), (Select("count"),), granularity_s=600)
    hour = TimeRange(DAY.start_ms + 3 * 3_600_000, DAY.start_ms + 4 * 3_600_000)
    result = Runner(day).run(chart, hour)
    assert sum(point.values[0] for point in result.points) == 36_000
    assert result.statistics.rows_read < 36_000 * 3


def test_opening_a_row_reads_little(day: Store) -> None:
    page = Search(day).page(SearchConfig(source("log"), Filter("request 4321"), DAY, 1))
    before = _rows_selected(day)
    assert Search(day).row(source("log"), page.row_ids[0])["Body"] == "request 4321"
    assert _rows_selected(day) - before < ROWS / 20


def _rows_selected(store: Store) -> int:
    text = "SELECT toUInt64(sumIf(value, event = 'SelectedRows')) FROM system.events"
    return int(store.query(Sql.of(text), pool="admin").scalar())


# --- Windows ---------------------------------------------------------------------------------------------------------


def widths(
    found: list[int], wanted: int = 100, time_range: TimeRange = DAY, after: RowKey | None = None
) -> list[TimeRange]:
    """The windows of a search that has found so many rows after each."""
    seen = iter(found)
    return list(windows(time_range, after, lambda: (next(seen), wanted)))


def test_windows_cover_the_range_without_overlap() -> None:
    pieces = widths([0] * 20)
    assert pieces[0].end_ms == DAY.end_ms
    assert pieces[-1].start_ms == DAY.start_ms
    assert all(older.end_ms == newer.start_ms for newer, older in itertools.pairwise(pieces))


def test_windows_grow_while_nothing_is_found() -> None:
    lengths = [piece.end_ms - piece.start_ms for piece in widths([0] * 20)]
    assert lengths[:3] == [WINDOW_FIRST_MS, 20 * WINDOW_FIRST_MS, 400 * WINDOW_FIRST_MS]
    assert len(lengths) == 4


def test_windows_grow_as_the_rows_found_suggest() -> None:
    lengths = [piece.end_ms - piece.start_ms for piece in widths([50, 90] + [99] * 2000)]
    assert lengths[:3] == [WINDOW_FIRST_MS, int(WINDOW_FIRST_MS * 1.5), int(WINDOW_FIRST_MS * 1.5)]


def test_windows_begin_at_the_cursor() -> None:
    cursor = RowKey((DAY.start_ms + 5_000) * 1_000_000 + 7, (1, 2))
    assert widths([0], after=cursor) == [TimeRange(DAY.start_ms, DAY.start_ms + 5_001)]


def test_an_empty_range_has_one_empty_window() -> None:
    (only,) = widths([], time_range=TimeRange(9, 5))
    assert only.empty


def test_the_settings_of_a_source_go_with_its_queries(day: Store) -> None:
    """A source that may read a thousand rows cannot read a day."""
    careful = replace(source("log"), query_settings=({"setting": "max_rows_to_read", "value": "1000"},))
    chart = ChartConfig(careful, (Select("count_distinct", "Body"),))
    with pytest.raises(BadQuery, match="rows"):
        Runner(day).run(chart, DAY)
    assert Runner(day).run(replace(chart, source=source("log")), DAY).points

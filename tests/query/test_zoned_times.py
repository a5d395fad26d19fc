"""Tables whose times have a zone of their own: answers tell them in UTC, as all times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from clickstack.core.chart import Filter
from clickstack.core.timerange import TimeRange
from clickstack.query import Search, SearchConfig
from clickstack.store import Store
from query.seeds import source

RANGE = TimeRange(1_641_340_800_000, 1_641_344_400_000)
COLUMNS = "at DateTime64(9, 'Asia/Tokyo'), ended Nullable(DateTime('America/New_York')), plain DateTime, n UInt8"
MOMENTS = ["2022-01-05 00:00:01.000000000", "2022-01-05 00:00:02", "2022-01-05 00:00:03", 7]


@pytest.fixture
def config(store: Store) -> Iterator[SearchConfig]:
    store.command(f"CREATE TABLE zoned ({COLUMNS}) ENGINE = MergeTree ORDER BY at")
    seconds = ", ".join(f"fromUnixTimestamp({1_641_340_800 + second})" for second in (1, 2, 3))
    store.command(f"INSERT INTO zoned SELECT {seconds}, 7")
    zoned = replace(
        source("log"),
        table_name="zoned",
        timestamp_value_expression="at",
        displayed_timestamp_value_expression=None,
        implicit_column_expression=None,
        body_expression=None,
    )
    yield SearchConfig(zoned, Filter(), RANGE, 10, select="at, ended, plain, n")
    store.command("DROP TABLE zoned")


@pytest.mark.parametrize("config_change", [{}, {"select": "*"}, {"strict": True}, {"order_by": "at DESC"}])
def test_a_page_tells_them_in_utc(store: Store, config: SearchConfig, config_change: dict[str, str]) -> None:
    page = Search(store).page(replace(config, **config_change))  # type: ignore[arg-type]
    assert [column.name for column in page.columns] == ["at", "ended", "plain", "n"]
    assert page.rows == [MOMENTS]


def test_the_time_that_is_put_first_is_in_utc(store: Store, config: SearchConfig) -> None:
    page = Search(store).page(replace(config, select="n"))
    assert page.rows == [[MOMENTS[0], 7]]


def test_a_whole_row_tells_them_in_utc(store: Store, config: SearchConfig) -> None:
    (row_id,) = Search(store).page(config).row_ids
    assert list(Search(store).row(config.source, row_id).values()) == MOMENTS
    assert Search(store).around(config, row_id).page.rows == [MOMENTS]

"""Settings of one query: they take effect, for that query only, and lift no limit."""

from __future__ import annotations

import pytest

from clickstack.core.errors import BadQuery, BadRequest, QueryTimeout
from clickstack.core.sql import Sql
from clickstack.store import Store

ASKED = Sql.of("SELECT getSetting('max_threads'), getSetting('max_execution_time'), getSetting('readonly')")


def test_a_setting_holds_for_its_query_alone(store: Store) -> None:
    before = store.query(ASKED).rows
    assert store.query(ASKED, settings={"max_threads": "1"}).rows[0][0] == 1
    assert store.query(ASKED).rows == before


def test_limits_can_be_lowered_and_not_lifted(store: Store) -> None:
    limit = store.query(ASKED).rows[0][1]
    for wanted, held in (("5", 5), (str(int(limit) * 10), limit), ("0", limit), ("-1", limit)):
        assert store.query(ASKED, settings={"max_execution_time": wanted}).rows[0][1:] == [held, 1]


@pytest.mark.parametrize(
    ("name", "value", "held"),
    [
        ("max_execution_time", "0.5", 0.5),
        ("max_memory_usage", "100000000", 100_000_000),
        ("max_result_rows", "7", 7),
        ("max_threads", "64", 64),
        ("max_block_size", "1000", 1000),
        ("max_bytes_before_external_group_by", "0", 0),
        ("max_bytes_before_external_group_by", "100000000", 100_000_000),
        ("max_bytes_ratio_before_external_sort", "0.25", 0.25),
        ("max_rows_to_read", "0", 0),
    ],
)
def test_the_engine_holds_what_was_set(store: Store, name: str, value: str, held: float) -> None:
    assert store.query(Sql.of(f"SELECT getSetting('{name}')"), settings={name: value}).scalar() == held


def test_a_lower_time_limit_is_kept(store: Store) -> None:
    endless = Sql.of("SELECT count() FROM numbers(100000000000) WHERE NOT ignore(sipHash64(number))")
    with pytest.raises(QueryTimeout):
        store.query(endless, settings={"max_execution_time": "0.2"})
    assert store.query(Sql.of("SELECT 1")).scalar() == 1


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("readonly", "0", "'readonly' cannot be set"),
        ("allow_ddl", "1", "'allow_ddl' cannot be set"),
        ("log_comment", "x", "'log_comment' cannot be set"),
        ("session_timezone", "Asia/Tokyo", "'session_timezone' cannot be set"),
        ("output_format_json_quote_64bit_integers", "1", "cannot be set"),
        ("max_threads = 1, readonly", "0", "cannot be set"),
        ("max_execution_time", "soon", "max_execution_time needs a number"),
        ("optimize_read_in_order", "1" * 300, "longer than"),
        ("max_execution_time", "0.0000001", "max_execution_time must be 0.001 seconds or more"),
        ("max_execution_time", "1e-7", "max_execution_time needs a number of seconds"),
        ("max_execution_time", "nan", "max_execution_time needs a number of seconds"),
        ("max_memory_usage", "0.1", "max_memory_usage needs a whole number"),
        ("max_memory_usage", "1e-3", "max_memory_usage needs a whole number"),
        ("max_result_rows", "0.5", "max_result_rows needs a whole number"),
        ("max_threads", "1000000", "max_threads must be from 1 to 64"),
        ("max_threads", "1M", "max_threads needs a whole number"),
        ("max_final_threads", "65", "max_final_threads must be from 1 to 64"),
        ("max_block_size", "0", "max_block_size must be from 1 to 1048576"),
        ("max_block_size", "10000000", "max_block_size must be from 1 to 1048576"),
        ("max_bytes_before_external_group_by", "1", "max_bytes_before_external_group_by must be from 16777216"),
        ("max_bytes_before_external_sort", "0.5", "needs a whole number"),
        ("max_bytes_ratio_before_external_sort", "7", "needs a number from 0 to 1"),
        ("query_plan_optimize_join_order_limit", "64", "must be from 0 to 10"),
        ("merge_tree_storage_snapshot_sleep_ms", "60000", "cannot be set"),
    ],
)
def test_what_nobody_may_set(store: Store, name: str, value: str, message: str) -> None:
    with pytest.raises(BadRequest, match=message.replace("'", ".")):
        store.query(ASKED, settings={name: value})


def test_a_value_is_data(store: Store) -> None:
    with pytest.raises(BadQuery):
        store.query(ASKED, settings={"optimize_read_in_order": "1', readonly = '0"})


def test_a_setting_the_engine_does_not_know_is_named(store: Store) -> None:
    with pytest.raises(BadQuery, match="optimize_everything"):
        store.query(ASKED, settings={"optimize_everything": "1"})

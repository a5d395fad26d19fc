"""Ids, clocks, time ranges, SQL pieces, log lines."""

from __future__ import annotations

import io
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clickstack.core.clock import FixedClock, SystemClock, iso_millis, utc_datetime
from clickstack.core.errors import BadRequest
from clickstack.core.ids import OBJECT_ID, RandomIds, SequentialIds
from clickstack.core.log import configure_logging, fields, get_logger
from clickstack.core.source import Source
from clickstack.core.sql import Param, Sql, ident
from clickstack.core.timerange import AUTO_STEPS_S, TimeRange, auto_granularity_seconds, granularity_seconds


def test_object_ids_are_24_hex_unique_and_grow() -> None:
    ids = RandomIds(SystemClock())
    made = [ids.object_id() for _ in range(1000)]
    assert all(OBJECT_ID.fullmatch(each) for each in made)
    assert len(set(made)) == 1000
    assert OBJECT_ID.fullmatch(SequentialIds().object_id())


def test_times_are_written_in_utc_with_milliseconds() -> None:
    assert iso_millis(utc_datetime(FixedClock().now_ns() + 88_999_999)) == "2026-01-01T00:00:00.088Z"


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("5m", 300), ("1h", 3600), ("2d", 172_800), ("5 minute", 300), ("1 hours", 3600)]
)
def test_granularity_words(text: str, seconds: int) -> None:
    assert granularity_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "0s", "5", "m", "5min", "-5m", "1.5h", "9999999d"])
def test_granularity_nonsense(text: str) -> None:
    with pytest.raises(BadRequest, match="granularity"):
        granularity_seconds(text)


@given(st.integers(0, 10**10), st.integers(1, 500))
def test_auto_granularity_keeps_to_its_bucket_budget(length_ms: int, buckets_max: int) -> None:
    step_s = auto_granularity_seconds(TimeRange(0, length_ms), buckets_max)
    assert step_s in AUTO_STEPS_S
    assert length_ms / 1000 / step_s <= buckets_max or step_s == AUTO_STEPS_S[-1]


@given(st.lists(st.one_of(st.text(), st.integers(), st.booleans())))
def test_rendering_keeps_values_out_of_the_text(values: list[str | int | bool]) -> None:
    text, params = Sql.join([Sql.of(Param(value, type(value).__name__)) for value in values], ", ").render()
    assert len(text.split(", ")) == max(1, len(values))
    assert len(params) == len({(type(value), value) for value in values})
    assert all(any(given is value or given == value for given in params.values()) for value in values)


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("Body", "Body"),
        ("Events.Name", "`Events.Name`"),
        ("service-name", "`service-name`"),
        ("a`b", "`a\\`b`"),
        ("a\\", "`a\\\\`"),
        ("select", "`select`"),
        ("1st", "`1st`"),
    ],
)
def test_identifiers(name: str, quoted: str) -> None:
    assert ident(name) == quoted


def test_a_source_survives_the_wire() -> None:
    wire = {
        "id": "0" * 23 + "1",
        "name": "Logs",
        "kind": "log",
        "connection": "0" * 23 + "2",
        "from": {"databaseName": "default", "tableName": "otel_logs"},
        "timestampValueExpression": "Timestamp",
        "bodyExpression": "Body",
        "querySettings": [{"setting": "max_threads", "value": "1"}],
        "disabled": False,
    }
    source = Source.from_wire({**wire, "unknown": 1}, id=wire["id"], team_id="t")
    assert source.to_wire() == wire


def test_log_lines_are_one_json_object_with_the_same_keys() -> None:
    stream = io.StringIO()
    configure_logging("info", "json", stream)
    get_logger("ingest").info("request", extra=fields(signal="logs", rows=3))
    get_logger("ingest").debug("too quiet")
    try:
        raise ValueError("inner")
    except ValueError:
        get_logger("api").exception("failed")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert {key: first[key] for key in ("level", "room", "message", "signal", "rows")} == {
        "level": "info",
        "room": "ingest",
        "message": "request",
        "signal": "logs",
        "rows": 3,
    }
    assert "ValueError: inner" in second["exception"]
    logging.getLogger("clickstack").handlers.clear()
    logging.getLogger("clickstack").propagate = True

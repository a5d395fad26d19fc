"""Dead letters: listed, put back into the spool, and stored once in the one table that had refused them."""

from __future__ import annotations

from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Metric, NumberDataPoint, Sum

from clickstack.core.clock import FixedClock, SystemClock
from clickstack.core.errors import BadRequest, NotFound, StartupError
from clickstack.core.ids import RandomIds
from clickstack.core.settings import Settings
from clickstack.ingest import open_ingest
from clickstack.ingest.dead_letters import DeadLetters
from clickstack.ingest.redrive import redrive
from clickstack.ingest.spool_state import DeadLetter, dead_letters, spool_state
from clickstack.server.data_directory import locked_data_directory
from clickstack.server.spool_tool import retry_dead_letters, show_dead_letters, show_spool
from clickstack.store import Store
from ingest.requests import count_rows, gauges

NAME = "otel_metrics_sum-0123456789abcdef01234567-0-1"


def gauge_and_sum() -> bytes:
    request = ExportMetricsServiceRequest.FromString(gauges(["temperature"]))
    point = NumberDataPoint(time_unix_nano=1_767_225_600_000_000_000, as_int=7)
    total = Sum(
        data_points=[point], is_monotonic=True, aggregation_temporality=AggregationTemporality.Value(
            "AGGREGATION_TEMPORALITY_CUMULATIVE"
        ),
    )  # fmt: skip
    request.resource_metrics[0].scope_metrics[0].metrics.append(Metric(name="orders", sum=total))
    return bytes(request.SerializeToString())


@pytest.fixture
def letter(tmp_path: Path, clock: FixedClock) -> DeadLetter:
    """A request with a gauge, which was stored, and a sum, which was refused."""
    (tmp_path / "spool").mkdir()
    letters = DeadLetters(tmp_path / "dead-letters", clock)
    letters.add(NAME, "metrics", "otel_metrics_sum", 2, gauge_and_sum(), "No room at the inn.")
    return dead_letters(tmp_path)[0]


def load_everything(tmp_path: Path, store: Store) -> None:
    clock = SystemClock()
    ingest = open_ingest(tmp_path, store, Settings(data_dir=tmp_path), clock, RandomIds(clock))
    assert ingest.close(20)


def test_a_letter_goes_to_the_table_that_refused_it_and_to_no_other(
    tmp_path: Path, store: Store, letter: DeadLetter
) -> None:
    said: list[str] = []
    retry_dead_letters(tmp_path, [NAME], said.append)
    assert said == [f"{NAME}: back in the spool", "The next start of the server loads them."]
    assert dead_letters(tmp_path) == []
    assert [(state.signal, state.segments, state.records) for state in spool_state(tmp_path)] == [
        ("logs", 0, 0),
        ("traces", 0, 0),
        ("metrics", 1, 2),
    ]
    load_everything(tmp_path, store)
    assert count_rows(store, "otel_metrics_sum") == 1
    assert count_rows(store, "otel_metrics_gauge") == 0


def test_a_retry_that_was_cut_off_stores_nothing_twice(tmp_path: Path, store: Store, letter: DeadLetter) -> None:
    request = tmp_path / "dead-letters" / f"{NAME}.pb"
    note = request.with_suffix(".json")
    kept = request.read_bytes(), note.read_bytes()
    redrive(tmp_path, letter)
    load_everything(tmp_path, store)
    request.write_bytes(kept[0])  # as if the letter had not been removed before the power went
    note.write_bytes(kept[1])
    redrive(tmp_path, letter)
    load_everything(tmp_path, store)
    assert count_rows(store, "otel_metrics_sum") == 1


def test_a_running_server_keeps_its_spool_to_itself(tmp_path: Path, letter: DeadLetter) -> None:
    with locked_data_directory(tmp_path), pytest.raises(StartupError, match="in use by another ClickStack"):
        retry_dead_letters(tmp_path, [], lambda _: None)
    assert dead_letters(tmp_path) == [letter]


def test_what_the_command_line_shows(tmp_path: Path, letter: DeadLetter) -> None:
    said: list[str] = []
    show_spool(tmp_path, said.append)
    assert said[1:] == [
        "logs               0             0               0",
        "traces             0             0               0",
        "metrics            0             0               0",
        "dead letters: 1",
    ]
    said.clear()
    show_dead_letters(tmp_path, said.append)
    assert said[0] == NAME
    assert said[2] == "  No room at the inn."


def test_what_cannot_be_retried(tmp_path: Path, letter: DeadLetter, clock: FixedClock) -> None:
    with pytest.raises(NotFound, match=r"There is no dead letter \.\./x"):
        retry_dead_letters(tmp_path, ["../x"], lambda _: None)
    DeadLetters(tmp_path / "dead-letters", clock).add("future-0-1", "logs", "otel_profiles", 1, b"", "unknown")
    with pytest.raises(BadRequest, match="no table otel_profiles"):
        retry_dead_letters(tmp_path, ["future-0-1"], lambda _: None)
    assert len(dead_letters(tmp_path)) == 2
    with pytest.raises(StartupError, match="is not a data directory"):
        show_spool(tmp_path / "elsewhere", lambda _: None)


def test_a_note_without_its_request_is_no_letter(tmp_path: Path, letter: DeadLetter) -> None:
    (tmp_path / "dead-letters" / f"{NAME}.pb").unlink()
    assert dead_letters(tmp_path) == []

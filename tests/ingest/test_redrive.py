"""Dead letters: listed, put back into the spool, and stored once in the one table that had refused them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Metric, NumberDataPoint, Sum

from clickstack.core.clock import FixedClock, SystemClock
from clickstack.core.errors import BadRequest, Busy, NotFound, StartupError
from clickstack.core.ids import RandomIds
from clickstack.core.settings import Settings
from clickstack.ingest import Ingest, open_ingest
from clickstack.ingest.dead_letters import DeadLetters
from clickstack.ingest.redrive import redrive
from clickstack.ingest.spool_state import DeadLetter, dead_letters, spool_state
from clickstack.server.data_directory import locked_data_directory
from clickstack.server.errands import Errands, ask_server
from clickstack.server.spool_tool import RETRY, retry_dead_letters, retry_in_server, show_dead_letters, show_spool
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
    (tmp_path / "spool").mkdir(exist_ok=True)
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


@pytest.fixture
def running(tmp_path: Path, ingest: Ingest) -> Iterator[None]:
    """As much of a running server as retries need."""
    with locked_data_directory(tmp_path), Errands(tmp_path, {RETRY: retry_in_server(ingest, tmp_path)}):
        yield


def test_a_running_server_loads_them_itself(
    tmp_path: Path, store: Store, ingest: Ingest, running: None, letter: DeadLetter
) -> None:
    said: list[str] = []
    retry_dead_letters(tmp_path, [NAME], said.append)
    assert said == [f"{NAME}: back in the spool", "The server is loading them."]
    assert ingest.flush(20)
    assert (count_rows(store, "otel_metrics_sum"), count_rows(store, "otel_metrics_gauge")) == (1, 0)
    assert dead_letters(tmp_path) == []
    said.clear()
    retry_dead_letters(tmp_path, [], said.append)
    assert said == ["No dead letters."]
    with pytest.raises(BadRequest, match="There is no dead letter nosuch"):
        retry_dead_letters(tmp_path, ["nosuch"], said.append)
    assert not list((tmp_path / "errands").iterdir())


def test_a_letter_that_is_in_the_spool_already_is_not_queued_twice(
    tmp_path: Path, store: Store, ingest: Ingest, letter: DeadLetter, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = tmp_path / "dead-letters" / f"{NAME}.pb"
    kept = {path: path.read_bytes() for path in (request, request.with_suffix(".json"))}
    arrived: list[object] = []
    monkeypatch.setattr(ingest._spools["metrics"], "adopt", arrived.append)
    for _ in range(2):
        ingest.retry(letter)
        for path, content in kept.items():
            path.write_bytes(content)
    assert len(arrived) == 1


def test_a_server_that_does_not_answer_is_not_waited_for_for_ever(tmp_path: Path, letter: DeadLetter) -> None:
    with locked_data_directory(tmp_path), pytest.raises(Busy, match="is not ready"):
        retry_dead_letters(tmp_path, [], lambda _: None)
    (tmp_path / "errands").mkdir()
    with pytest.raises(Busy, match=r"did not answer in 0\.1 s\."):
        ask_server(tmp_path, RETRY, [], SystemClock(), RandomIds(SystemClock()), wait_s=0.1)
    assert dead_letters(tmp_path) == [letter]


def test_a_verb_of_another_version_and_a_fault_are_told(tmp_path: Path) -> None:
    def broken(_: object) -> list[str]:
        raise ZeroDivisionError("a detail for the log")

    (tmp_path / "errands").mkdir()
    (tmp_path / "errands" / "old.errand").write_text("left by a command that was killed")
    clock = SystemClock()
    with Errands(tmp_path, {"break": broken}):
        for verb, words in (("dance", "knows no 'dance'"), ("break", "its log has the cause")):
            with pytest.raises(BadRequest, match=words):
                ask_server(tmp_path, verb, [], clock, RandomIds(clock))


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

"""What reaches a server: decodable OTLP, every record once, and patience with a server in trouble."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from clickstack.core.clock import FixedClock
from clickstack.core.errors import BadRequest
from clickstack.demo import DemoOptions, LogLine, MetricPoint, SpanRecord, generate, run_demo
from clickstack.demo import sender as sender_module
from demo.conftest import SECOND_NS, Receiver, at

HOURS = 1 / 30  # two minutes


@pytest.fixture
def noon_clock() -> FixedClock:
    return FixedClock(at(10))


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender_module, "_RETRY_S", 0.01)


def options(receiver: Receiver, **changes: Any) -> DemoOptions:
    given: dict[str, Any] = {"ingestion_key": receiver.key, "hours": HOURS, "rate": 3.0, "live": False, **changes}
    return DemoOptions(receiver.http_url, receiver.grpc_target, **given)


def text(attributes: Any, key: str) -> str:
    return next((each.value.string_value for each in attributes if each.key == key), "")


def test_every_record_arrives_once_and_decodes(receiver: Receiver, noon_clock: FixedClock) -> None:
    said: list[str] = []
    run_demo(options(receiver), threading.Event(), said.append, noon_clock)
    expected = list(generate(1, at(8), at(10), 3.0))
    assert len(receiver.spans) == sum(isinstance(record, SpanRecord) for record in expected)
    assert len(receiver.logs) == sum(isinstance(record, LogLine) for record in expected)
    assert len(receiver.points) == sum(isinstance(record, MetricPoint) for record in expected)
    assert "history sent" in said[-1]


def test_a_span_keeps_its_ids_times_links_and_resource(receiver: Receiver, noon_clock: FixedClock) -> None:
    run_demo(options(receiver), threading.Event(), lambda _: None, noon_clock)
    sent = {span.span_id: span for span in generate(1, at(8), at(10), 3.0) if isinstance(span, SpanRecord)}
    for resource, span in receiver.spans:
        original = sent[int.from_bytes(span.span_id, "big")]
        assert int.from_bytes(span.trace_id, "big") == original.trace_id
        assert int.from_bytes(span.parent_span_id, "big") == original.parent_id
        assert (span.start_time_unix_nano, span.end_time_unix_nano) == (original.start_ns, original.end_ns)
        assert text(resource.attributes, "service.name") == original.instance.service
        assert len(span.attributes) == len(original.attributes)
        assert [int.from_bytes(link.span_id, "big") for link in span.links] == [x.span_id for x in original.links]
        assert [event.name for event in span.events] == [event.name for event in original.events]
        assert span.status.code == (2 if original.status == "error" else 0)


def test_a_log_keeps_its_trace_and_severity(receiver: Receiver, noon_clock: FixedClock) -> None:
    run_demo(options(receiver), threading.Event(), lambda _: None, noon_clock)
    sent = {(line.time_ns, line.body): line for line in generate(1, at(8), at(10), 3.0) if isinstance(line, LogLine)}
    for _, record in receiver.logs:
        original = sent[record.time_unix_nano, record.body.string_value]
        assert int.from_bytes(record.trace_id, "big") == original.trace_id
        assert int.from_bytes(record.span_id, "big") == original.span_id
        assert record.severity_text == original.severity
        assert {1: "TRACE", 5: "DEBUG", 9: "INFO", 13: "WARN", 17: "ERROR", 21: "FATAL"}[
            record.severity_number
        ] == original.severity


def test_a_batch_that_failed_is_sent_again(receiver: Receiver, noon_clock: FixedClock) -> None:
    receiver.status = 503
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if "busy" in line:
            receiver.status = 200

    run_demo(options(receiver), threading.Event(), say, noon_clock)
    assert any("is busy (503)" in line for line in said)
    assert any("takes data again" in line for line in said)
    assert receiver.spans
    assert receiver.logs


@pytest.mark.parametrize(
    ("trouble", "line"),
    [
        (lambda receiver: setattr(receiver, "key", "another"), "refuses the ingestion key (401)"),
        (lambda receiver: setattr(receiver, "status", 404), "answers 404 to OTLP"),
        (lambda receiver: setattr(receiver, "http_url", "http://127.0.0.1:9"), "no server answers"),
    ],
)
def test_trouble_is_said_in_one_line_without_the_key(
    receiver: Receiver, noon_clock: FixedClock, trouble: Any, line: str
) -> None:
    right = options(receiver, ingestion_key="right-key")
    trouble(receiver)
    asked = DemoOptions(receiver.http_url, right.otlp_grpc_target, right.ingestion_key, hours=HOURS, live=False)
    stop, said = threading.Event(), list[str]()

    def say(text: str) -> None:
        said.append(text)
        stop.set()

    run_demo(asked, stop, say, noon_clock)
    assert len(said) == 1
    assert line in said[0]
    assert "right-key" not in said[0] + repr(asked)


def test_live_mode_goes_on_with_the_present(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clickstack.demo.run._LIVE_STEP_S", 0.01)
    clock, stop = FixedClock(at(8)), threading.Event()
    steps = 0

    class Ticking(FixedClock):
        def now_ns(self) -> int:
            nonlocal steps
            steps += 1
            clock.advance(1)
            if steps == 120:
                stop.set()
            return clock.now_ns()

    run_demo(options(receiver, live=True, hours=0), stop, lambda _: None, Ticking())
    end_ns = clock.now_ns()
    begun = [span for _, span in receiver.spans if not span.parent_span_id and not span.links]
    assert len(begun) > 200
    assert all(span.end_time_unix_nano <= end_ns for _, span in receiver.spans)
    assert len({span.span_id for _, span in receiver.spans}) == len(receiver.spans)
    assert all(at(8) <= span.start_time_unix_nano <= at(8) + 121 * SECOND_NS for span in begun)


@pytest.mark.parametrize("wrong", [{"hours": -1}, {"rate": 0}, {"rate": float("nan")}])
def test_options_are_checked(receiver: Receiver, wrong: dict[str, float]) -> None:
    with pytest.raises(BadRequest):
        options(receiver, **wrong)

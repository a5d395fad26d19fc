"""The shop's telemetry as values: repeatable, cut anywhere, and well formed."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clickstack.demo import LogLine, MetricPoint, Record, SpanRecord, generate
from clickstack.demo.traffic import traffic_between
from demo.conftest import SECOND_NS, at


@pytest.fixture(scope="module")
def records() -> list[Record]:
    """Five busy minutes without an incident."""
    return list(generate(7, at(8), at(13), rate=4))


@pytest.fixture(scope="module")
def spans(records: list[Record]) -> list[SpanRecord]:
    return [record for record in records if isinstance(record, SpanRecord)]


@pytest.fixture(scope="module")
def logs(records: list[Record]) -> list[LogLine]:
    return [record for record in records if isinstance(record, LogLine)]


def test_the_same_seed_and_range_give_the_same_records(records: list[Record]) -> None:
    assert list(generate(7, at(8), at(13), rate=4)) == records


def test_another_seed_gives_other_records(records: list[Record]) -> None:
    assert list(generate(8, at(8), at(13), rate=4)) != records


@settings(max_examples=15, deadline=None)
@given(cut_ns=st.integers(at(66.5), at(70.5)))
def test_a_range_cut_in_two_gives_the_records_of_the_whole(cut_ns: int) -> None:
    start_ns, end_ns = at(66.5), at(70.5)
    whole = generate(3, start_ns, end_ns, rate=1)
    assert list(chain(generate(3, start_ns, cut_ns, rate=1), generate(3, cut_ns, end_ns, rate=1))) == list(whole)


def test_everything_begins_inside_the_range(records: list[Record]) -> None:
    begun = {
        record.trace_id: record.start_ns
        for record in records
        if isinstance(record, SpanRecord) and not record.parent_id and not record.links
    }
    points = [record.time_ns for record in records if isinstance(record, MetricPoint)]
    assert all(at(8) <= moment < at(13) for moment in (*begun.values(), *points))


def test_the_rate_is_what_was_asked_for(spans: list[SpanRecord]) -> None:
    visits = sum(1 for span in spans if not span.parent_id and not span.links)
    expected = 4 * traffic_between(at(8) / SECOND_NS, at(13) / SECOND_NS)
    assert visits == pytest.approx(expected, rel=0.1)


def test_parents_exist_in_the_same_trace_and_contain_their_children(spans: list[SpanRecord]) -> None:
    by_id = {(span.trace_id, span.span_id): span for span in spans}
    assert len(by_id) == len(spans)
    for span in spans:
        assert span.start_ns < span.end_ns
        if span.parent_id:
            parent = by_id[span.trace_id, span.parent_id]
            assert parent.start_ns <= span.start_ns
            assert span.end_ns <= parent.end_ns
            assert span.remote_parent == (parent.instance != span.instance)


def test_every_trace_has_one_root(spans: list[SpanRecord]) -> None:
    roots: dict[int, int] = defaultdict(int)
    for span in spans:
        roots[span.trace_id] += not span.parent_id
    assert set(roots.values()) == {1}


def test_messages_are_linked_to_the_span_that_sent_them(spans: list[SpanRecord]) -> None:
    by_id = {(span.trace_id, span.span_id): span for span in spans}
    consumers = [span for span in spans if span.kind == "consumer"]
    assert len(consumers) > 20
    for consumer in consumers:
        (link,) = consumer.links
        producer = by_id[link.trace_id, link.span_id]
        assert (producer.kind, producer.trace_id != consumer.trace_id) == ("producer", True)
        assert producer.end_ns <= consumer.start_ns
        assert producer.attributes["messaging.message.id"] == consumer.attributes["messaging.message.id"]


def test_the_shop_is_a_system_of_services(spans: list[SpanRecord]) -> None:
    resources = {span.instance.service: dict(span.instance.resource) for span in spans}
    assert len(resources) >= 9
    for resource in resources.values():
        for key in ("service.version", "service.instance.id", "host.name", "k8s.pod.name", "cloud.region"):
            assert resource[key]
        assert resource["deployment.environment.name"] == "production"
    assert {span.kind for span in spans} == {"server", "client", "internal", "producer", "consumer"}


def test_spans_carry_the_attributes_of_their_protocol(spans: list[SpanRecord]) -> None:
    for span in spans:
        if span.kind == "server":
            assert "http.route" in span.attributes or "rpc.method" in span.attributes
        if "http.route" in span.attributes:
            assert isinstance(span.attributes["http.response.status_code"], int)
            assert "{" not in str(span.attributes["url.path"])
    systems = {span.attributes.get("db.system.name") for span in spans}
    assert {"postgresql", "redis", "opensearch"} <= systems
    assert all(span.attributes["db.query.text"] for span in spans if "db.system.name" in span.attributes)


def test_an_error_says_what_and_where(spans: list[SpanRecord]) -> None:
    events = [event for span in spans for event in span.events]
    assert events
    for event in events:
        assert event.name == "exception"
        assert "\n" in str(event.attributes["exception.stacktrace"])
    for span in spans:
        assert (span.status == "error") == ("error.type" in span.attributes)
        if span.kind == "server" and "http.route" in span.attributes:
            assert (span.status == "error") == (int(str(span.attributes["http.response.status_code"])) >= 500)


def test_errors_are_rare_on_a_quiet_day(spans: list[SpanRecord]) -> None:
    assert 0 < sum(span.status == "error" for span in spans) / len(spans) < 0.03


def test_logs_point_to_spans_of_their_own_service(spans: list[SpanRecord], logs: list[LogLine]) -> None:
    by_id = {(span.trace_id, span.span_id): span for span in spans}
    correlated = [line for line in logs if line.trace_id]
    assert len(correlated) > len(logs) / 2
    for line in correlated:
        span = by_id[line.trace_id, line.span_id]
        assert span.instance == line.instance
        assert span.start_ns <= line.time_ns <= span.end_ns


def test_logs_come_in_all_shapes(logs: list[LogLine]) -> None:
    assert {"DEBUG", "INFO", "WARN", "ERROR"} <= {line.severity for line in logs}
    as_json = [json.loads(line.body) for line in logs if line.body.startswith("{")]
    assert any("order_id" in body for body in as_json)
    assert any(isinstance(body.get("status"), int) for body in as_json)
    assert any(line.attributes and not line.body.startswith("{") for line in logs)


def test_latencies_have_a_long_tail(spans: list[SpanRecord]) -> None:
    took = sorted(span.end_ns - span.start_ns for span in spans if span.name == "GET /product/:sku")
    median, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
    assert 1.5 < p99 / median < 20
    assert 10_000_000 < median < 1_000_000_000


def test_quiet_hours_are_quieter() -> None:
    def visits(hour: float) -> int:
        start_ns = at(0) + int((hour - 12) * 3600) * SECOND_NS
        found = generate(1, start_ns, start_ns + 120 * SECOND_NS, rate=4)
        return sum(1 for record in found if isinstance(record, SpanRecord) and not record.parent_id)

    assert visits(15) > 1.5 * visits(3)

"""What is accepted, what is not, and in which form it goes on."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from clickstack.core.blocking import WouldBlock
from clickstack.core.errors import BadRequest, TooLarge
from clickstack.ingest.anyvalue import double_text, json_text
from clickstack.ingest.check import check
from clickstack.ingest.signals import GAUGE, LOG, SESSION, SIGNAL_NAMES, SIGNALS, SPAN, SUMMARY, SignalName
from ingest.requests import gauges, logs, spans


def test_plain_requests_pass_unchanged_and_are_counted() -> None:
    for signal, body, kinds in (
        ("logs", logs("abc"), LOG),
        ("traces", spans("abc"), SPAN),
        ("metrics", gauges("abc"), GAUGE),
    ):
        checked = check(signal, body)
        assert (checked.body, checked.records, checked.kinds) == (body, 3, kinds)


def test_replay_records_are_announced() -> None:
    assert check("logs", logs("a", session=True)).kinds == LOG | SESSION


def test_metrics_without_data_are_not_counted() -> None:
    request = ExportMetricsServiceRequest()
    scope = request.resource_metrics.add().scope_metrics.add()
    scope.metrics.add(name="says nothing")
    scope.metrics.add(name="s").summary.data_points.add(count=1)
    checked = check("metrics", request.SerializeToString())
    assert (checked.records, checked.kinds) == (1, SUMMARY)


def _request_of(histogram_point: bytes) -> bytes:
    name = b"\x0a\x01h"
    message = histogram_point
    for field, before in (
        (1, b""),
        (9, name),
        (2, b""),
        (2, b""),
        (1, b""),
    ):  # point, histogram, metric, scope, resource
        message = before + bytes([field << 3 | 2, len(message)]) + message
    return message


def test_histograms_that_are_not_packed_as_usual_are_packed() -> None:
    one, two, three = (number.to_bytes(8, "little") for number in (1, 2, 3))
    usual = b"\x32\x18" + one + two + three + b"\x3a\x10" + one + two
    for odd in (
        b"\x31" + one + b"\x31" + two + b"\x31" + three + b"\x39" + one + b"\x39" + two,  # a field each
        b"\x32\x08" + one + b"\x32\x10" + two + three + b"\x3a\x08" + one + b"\x39" + two,  # in two goes
        b"\x32\x00" + usual,
    ):
        assert check("metrics", _request_of(odd)).body == check("metrics", _request_of(usual)).body


@pytest.mark.parametrize("flags", [b"", b"\x50\x01"], ids=["recorded", "not recorded"])
def test_histograms_cut_off_within_a_number_are_refused(flags: bytes) -> None:
    for point in (b"\x32\x07" + bytes(7), b"\x32\x08" + bytes(8) + b"\x3a\x01\x00"):
        with pytest.raises(BadRequest, match="cut off"):
            check("metrics", _request_of(point + flags))


def test_unknown_fields_are_dropped() -> None:
    unknown = b"\xc2\x3e\x03abc"  # field 1000, length-delimited: our own number, sent by a client
    checked = check("logs", logs(["a"]) + unknown)
    assert checked.body == logs(["a"])


def test_nested_values_become_text_and_flat_keys() -> None:
    request = ExportLogsServiceRequest.FromString(logs(["a"]))
    record = request.resource_logs[0].scope_logs[0].log_records[0]
    nested = record.attributes.add(key="a").value.kvlist_value.values.add(key="b").value
    nested.array_value.values.add().int_value = 1
    record.body.array_value.values.add().double_value = 1.0
    seen = ExportLogsServiceRequest.FromString(check("logs", request.SerializeToString()).body)
    flat = seen.resource_logs[0].scope_logs[0].log_records[0]
    assert flat.body.string_value == "[1]"
    assert [(each.key, each.value.int_value) for each in flat.attributes] == [("a.b.0", 1)]


def test_text_that_is_not_utf8_is_mended_not_refused() -> None:
    body = logs(["caf?e"]).replace(b"caf?e", b"caf\xe9e")
    seen = ExportLogsServiceRequest.FromString(check("logs", body).body)
    assert seen.resource_logs[0].scope_logs[0].log_records[0].body.string_value == "caf\ufffde"


def test_values_nested_beyond_sense_are_refused() -> None:
    request = ExportLogsServiceRequest.FromString(logs(["a"]))
    value = request.resource_logs[0].scope_logs[0].log_records[0].body
    for _ in range(200):
        value = value.array_value.values.add()
    with pytest.raises(BadRequest):
        check("logs", request.SerializeToString())


@pytest.mark.parametrize("signal", SIGNAL_NAMES)
@given(body=st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_request_or_a_bad_request(signal: str, body: bytes) -> None:
    try:
        checked = check(signal, body)
    except BadRequest:
        return
    assert check(signal, checked.body) == checked


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_damaged_requests_never_break_the_check(data: st.DataObject) -> None:
    body = bytearray(logs(["one", "two"]) + logs(["three"], session=True))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BadRequest):
        check("logs", bytes(body))


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.text(max_size=5),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(),
        st.binary(max_size=4),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=10,
)


@given(VALUES)
def test_json_text_is_json(value: object) -> None:
    import json

    assert isinstance(json.loads(json_text(any_value(value))), (dict, list, str, int, float, type(None)))


def any_value(value: object) -> AnyValue:
    result = AnyValue()
    if isinstance(value, dict):
        result.kvlist_value.SetInParent()
        for key, each in value.items():
            result.kvlist_value.values.add(key=key).value.CopyFrom(any_value(each))
    elif isinstance(value, list):
        result.array_value.SetInParent()
        result.array_value.values.extend(any_value(each) for each in value)
    elif value is not None:
        kinds = {str: "string_value", bool: "bool_value", int: "int_value", float: "double_value", bytes: "bytes_value"}
        setattr(result, kinds[type(value)], value)
    return result


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_double_text_reads_back(number: float) -> None:
    assert float(double_text(number)) == number


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1"),
        (-0.0, "-0"),
        (0.1, "0.1"),
        (1e-6, "0.000001"),
        (1.5e-7, "1.5e-7"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (5e-324, "5e-324"),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
    ],
)
def test_double_text_is_as_in_ecmascript(number: float, text: str) -> None:
    assert double_text(number) == text


def test_more_rows_than_a_request_may_make_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clickstack.ingest.check.REQUEST_RECORDS_MAX", 3)
    assert check("logs", logs(["a"] * 3)).records == 3
    with pytest.raises(TooLarge, match="more than 3 records"):
        check("logs", logs(["a"] * 4))


@pytest.mark.parametrize("signal", ["logs", "traces", "metrics"])
def test_a_large_resource_for_many_small_records_is_refused(signal: SignalName) -> None:
    """A megabyte once is little; a megabyte in each of a thousand rows is a gigabyte."""
    request = SIGNALS[signal].request()
    request.MergeFromString({"logs": logs, "traces": spans, "metrics": gauges}[signal](["a"] * 1000))
    (origin,) = getattr(
        request, {"logs": "resource_logs", "traces": "resource_spans", "metrics": "resource_metrics"}[signal]
    )
    origin.resource.attributes.add(key="note").value.string_value = "x" * 1_000_000
    with pytest.raises(TooLarge, match="resource is too large"):
        check(signal, request.SerializeToString())


def test_a_long_key_over_many_leaves_is_refused() -> None:
    request = SIGNALS["logs"].request()
    record = request.resource_logs.add().scope_logs.add().log_records.add()
    leaves = record.attributes.add(key="k" * 1_000_000).value.kvlist_value.values
    for number in range(100):
        leaves.add(key=str(number)).value.int_value = number
    with pytest.raises(TooLarge):
        check("logs", request.SerializeToString())


@pytest.mark.parametrize("value", [{"kvlist_value": {"values": [{"key": "a"}]}}, {"array_value": {"values": [{}]}}])
def test_what_is_more_than_the_work_of_c_is_not_done_on_an_event_loop(value: Any) -> None:
    plain, nested = ExportLogsServiceRequest(), ExportLogsServiceRequest()
    plain.resource_logs.add().scope_logs.add().log_records.add().body.string_value = "plain"
    nested.resource_logs.add().scope_logs.add().log_records.add(body=AnyValue(**value))
    bad_text = plain.SerializeToString().replace(b"plain", b"pl\xffin")

    async def check_here(body: bytes) -> int:
        return check("logs", body).records

    assert asyncio.run(check_here(plain.SerializeToString())) == 1
    for body in (nested.SerializeToString(), bad_text):
        with pytest.raises(WouldBlock):
            asyncio.run(check_here(body))
        assert check("logs", body).records == 1

"""OTLP/JSON becomes the same protobuf, however it is spelt."""

from __future__ import annotations

import contextlib
import json
import math
import time

import pytest
from google.protobuf import json_format
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import HistogramDataPoint

from clickstack.core.errors import BadRequest
from clickstack.ingest.otlp_json import read_json
from clickstack.ingest.signals import SIGNAL_NAMES, SIGNALS
from ingest.requests import gauges, logs, spans


def record_of(record: object) -> LogRecord:
    document = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    request = ExportLogsServiceRequest.FromString(read_json("logs", json.dumps(document).encode()).body)
    return request.resource_logs[0].scope_logs[0].log_records[0]


@pytest.mark.parametrize(("signal", "body"), [("logs", logs("ab")), ("traces", spans("ab")), ("metrics", gauges("ab"))])
def test_the_standard_form_reads_back(signal: str, body: bytes) -> None:
    request = SIGNALS[signal].request.FromString(body)
    for span in request.resource_spans[0].scope_spans[0].spans if signal == "traces" else ():
        span.ClearField("trace_id")  # the protobuf library writes ids in base64, OTLP in hex
        span.ClearField("span_id")
    document = json_format.MessageToJson(request)
    assert read_json(signal, document.encode()).body == request.SerializeToString()


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"timeUnixNano": "5"}, {"time_unix_nano": 5}),
        ({"timeUnixNano": 5}, {"time_unix_nano": 5}),
        ({"timeUnixNano": 5.0}, {"time_unix_nano": 5}),
        ({"time_unix_nano": "5"}, {"time_unix_nano": 5}),
        ({"severityNumber": 9}, {"severity_number": 9}),
        ({"severityNumber": "SEVERITY_NUMBER_INFO"}, {"severity_number": 9}),
        ({"severity_number": "9"}, {"severity_number": 9}),
        ({"traceId": "0102030405060708090A0b0c0d0e0f10"}, {"trace_id": bytes(range(1, 17))}),
        ({"traceId": "0102"}, {}),
        ({"traceId": ""}, {}),
        ({"traceId": "nonsense"}, {}),
        ({"spanId": "0102030405060708"}, {"span_id": bytes(range(1, 9))}),
        ({"unknown": {"deep": [1]}, "eventName": "e"}, {"event_name": "e"}),
        ({"severityText": None}, {}),
        ({"flags": "257"}, {"flags": 257}),
        ({"body": {"bytesValue": "/wA="}}, {"body": {"bytes_value": b"\xff\0"}}),
        ({"body": {"bytesValue": "_wA"}}, {"body": {"bytes_value": b"\xff\0"}}),
        ({"body": {"doubleValue": "NaN"}}, {"body": {"double_value": float("nan")}}),
        ({"body": {"doubleValue": "-Infinity"}}, {"body": {"double_value": float("-inf")}}),
        ({"body": {"doubleValue": "1.5"}}, {"body": {"double_value": 1.5}}),
        ({"body": {"intValue": "-9223372036854775808"}}, {"body": {"int_value": -(2**63)}}),
        ({"body": {}}, {"body": {}}),
    ],
)
def test_spellings(document: dict[str, object], expected: dict[str, object]) -> None:
    assert record_of(document).SerializeToString() == LogRecord(**expected).SerializeToString()


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (
            {"timeUnixNano": "soon"},
            "scopeLogs[0].logRecords[0].timeUnixNano: 'soon' is not a whole number.",
        ),
        ({"timeUnixNano": -1}, "timeUnixNano: -1 is out of range (0 to 18446744073709551615)."),
        ({"timeUnixNano": 1.5}, "timeUnixNano: must be a whole number."),
        ({"timeUnixNano": True}, "timeUnixNano: must be a whole number."),
        ({"severityNumber": "LOUD"}, "severityNumber: 'LOUD' is not a name of SeverityNumber."),
        ({"severityText": 5}, "severityText: must be text."),
        ({"attributes": {}}, "attributes: must be a list."),
        ({"attributes": [5]}, "attributes[0]: must be an object."),
        ({"body": "text"}, "body: must be an object."),
        ({"body": {"boolValue": 1}}, "body.boolValue: must be true or false."),
        ({"body": {"doubleValue": []}}, "body.doubleValue: must be a number."),
        ({"body": {"bytesValue": "*"}}, "body.bytesValue: not base64."),
        ({"body": {"bytesValue": "é"}}, "body.bytesValue: not base64."),
    ],
)
def test_mistakes_are_named_with_their_place(record: dict[str, object], message: str) -> None:
    with pytest.raises(BadRequest) as error:
        record_of(record)
    assert error.value.message.endswith(message)


def histogram_of(point: object) -> HistogramDataPoint:
    metric = {"name": "h", "histogram": {"dataPoints": [point]}}
    document = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}
    request = ExportMetricsServiceRequest.FromString(read_json("metrics", json.dumps(document).encode()).body)
    return request.resource_metrics[0].scope_metrics[0].metrics[0].histogram.data_points[0]


def test_lists_of_numbers_are_spelt_as_single_ones_are() -> None:
    assert list(histogram_of({"bucketCounts": ["0", 1, 2.0, str(2**64 - 1)]}).bucket_counts) == [0, 1, 2, 2**64 - 1]
    assert list(histogram_of({"bucketCounts": ["0", 1]}).bucket_counts) == [0, 1]
    assert list(histogram_of({"bucketCounts": []}).bucket_counts) == []
    assert list(histogram_of({"explicitBounds": [-1, 0.5]}).explicit_bounds) == [-1.0, 0.5]
    assert list(histogram_of({"explicitBounds": [0, "0.5", "Infinity"]}).explicit_bounds) == [0.0, 0.5, math.inf]


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ({"bucketCounts": [1, -1]}, "bucketCounts[1]: -1 is out of range (0 to 18446744073709551615)."),
        ({"bucketCounts": ["1", str(2**64)]}, f"bucketCounts[1]: {2**64} is out of range (0 to 18446744073709551615)."),
        ({"bucketCounts": [1, "many"]}, "bucketCounts[1]: 'many' is not a whole number."),
        ({"bucketCounts": [1, True]}, "bucketCounts[1]: must be a whole number."),
        ({"bucketCounts": [1, None]}, "bucketCounts[1]: must be a whole number."),
        ({"explicitBounds": [1, True]}, "explicitBounds[1]: must be a number."),
    ],
)
def test_mistakes_in_lists_of_numbers_are_named(point: dict[str, object], message: str) -> None:
    with pytest.raises(BadRequest) as error:
        histogram_of(point)
    assert error.value.message.endswith(message)


def test_millions_of_numbers_are_read_in_a_moment() -> None:
    """One such request must not hold up those who wait for their turn to be read."""
    started_s = time.process_time()
    histogram_of({"bucketCounts": [1] * 2_000_000})
    assert time.process_time() - started_s < 1.0  # 0.3 s; 2 s one by one


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["resourceLogs", "scopeLogs", "logRecords", "body", "attributes", "value", "key", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@pytest.mark.parametrize("signal", SIGNAL_NAMES)
@given(document=JSON)
@settings(max_examples=200, deadline=None)
def test_any_json_is_a_request_or_a_bad_request(signal: str, document: object) -> None:
    with contextlib.suppress(BadRequest):
        read_json(signal, json.dumps(document).encode())


@pytest.mark.parametrize("body", [b"\xff", b"[" * 100_000, b'{"resourceLogs":' * 5000, b'"\\ud800"'])
def test_hostile_json_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest):
        read_json("logs", body)


def nested(depth: int) -> str:
    return '{"arrayValue":{"values":[' * depth + "]}}" * depth


@pytest.mark.parametrize("depth", [60, 120])
def test_a_record_that_is_too_deep_is_left_out_alone(depth: int) -> None:
    records = f'{{"body":{{"stringValue":"a"}}}},{{"body":{nested(depth)}}},{{"body":{{"stringValue":"b"}}}}'
    reading = read_json("logs", f'{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{records}]}}]}}]}}'.encode())
    kept = ExportLogsServiceRequest.FromString(reading.body).resource_logs[0].scope_logs[0].log_records
    assert [each.body.string_value for each in kept] == ["a", "b"]
    assert reading.rejected == 1
    assert "resourceLogs[0].scopeLogs[0].logRecords[1]: it nests objects" in reading.message


@pytest.mark.parametrize("depth", [60, 1000, 10_000])
def test_deep_values_that_are_of_no_record_are_refused_not_a_crash(depth: int) -> None:
    attribute = f'{{"key":"k","value":{nested(depth)}}}'
    with pytest.raises(BadRequest):
        read_json("logs", f'{{"resourceLogs":[{{"resource":{{"attributes":[{attribute}]}}}}]}}'.encode())


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        (rb"cut \ud83d", "cut \ufffd"),
        (rb"\udE00 cut", "\ufffd cut"),
        (rb"whole \ud83d\ude00, cut \ud83d!", "whole \U0001f600, cut \ufffd!"),
        (rb"a path C:\\ud83d, cut \ud83d", "a path C:\\ud83d, cut \ufffd"),
        (rb"a line\n\u00e9 \ud83d", "a line\n\u00e9 \ufffd"),
        (b"caf\xe9", "caf\ufffd"),
    ],
)
def test_text_that_is_none_is_mended_not_refused(text: bytes, stored: str) -> None:
    document = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"' + text + b'"}}]}]}]}'
    request = ExportLogsServiceRequest.FromString(read_json("logs", document).body)
    assert request.resource_logs[0].scope_logs[0].log_records[0].body.string_value == stored


def test_what_is_not_json_even_mended_is_refused() -> None:
    for body in (b'{"a":"\\ud83d"', b"{\xff", b"nonsense"):
        with pytest.raises(BadRequest, match="The body is not JSON"):
            read_json("logs", body)

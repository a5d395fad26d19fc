"""Prometheus remote write as a Prometheus meets it, and what it makes of requests nobody should send."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import cramjam
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clickstack.core.errors import BadRequest, Busy, TooLarge
from clickstack.core.limits import HISTOGRAM_BUCKETS_MAX, INGEST_BODY_BYTES_MAX, REMOTE_WRITE_FAMILIES_MAX
from clickstack.core.sql import Sql
from clickstack.ingest import Ingest
from clickstack.ingest.admission import Admission
from clickstack.ingest.check import check
from clickstack.ingest.remote_write import Family, WriteRequest, read_write_request
from clickstack.store import Store
from ingest.prometheus import write_request
from ingest.requests import KEY, count_rows

PATH = "/api/v1/write"
HEADERS = {  # as Prometheus sends them
    "content-type": "application/x-protobuf",
    "content-encoding": "snappy",
    "user-agent": "Prometheus/3.1.0",
    "x-prometheus-remote-write-version": "0.1.0",
    "authorization": f"Bearer {KEY}",
}
BODY = write_request(({"__name__": "up", "job": "api"}, 1.0), ({"__name__": "seen_total", "job": "api"}, 7.0))


@pytest.fixture
def client(otlp_http: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=otlp_http, headers=HEADERS) as client:
        yield client


def block(body: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(body))


def test_what_prometheus_sends_becomes_rows(client: httpx.Client, ingest: Ingest, store: Store) -> None:
    reply = client.post(PATH, content=block(BODY))
    assert (reply.status_code, reply.content) == (204, b"")
    assert ingest.flush(20)
    assert (count_rows(store, "otel_metrics_gauge"), count_rows(store, "otel_metrics_sum")) == (1, 1)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"content-type": "application/x-protobuf;proto=prometheus.WriteRequest"}, block(BODY)),
        ({"content-type": ""}, block(BODY)),
        ({"content-encoding": ""}, block(BODY)),
        ({"content-encoding": "identity"}, BODY),
        ({"content-encoding": "zstd"}, bytes(cramjam.zstd.compress(BODY))),
        ({"authorization": KEY}, block(BODY)),
        ({"authorization": "", "x-api-key": KEY}, block(BODY)),
    ],
)
def test_headers_are_read_kindly(client: httpx.Client, ingest: Ingest, headers: dict[str, str], body: bytes) -> None:
    assert client.post(PATH, content=body, headers=headers).status_code == 204
    assert ingest.counters()["metrics"].accepted == 2


BOMB = bytes(cramjam.zstd.compress(bytes(INGEST_BODY_BYTES_MAX + 1)))
BAD = {
    "no key": ({"authorization": ""}, block(BODY), 401, "ingestion key"),
    "a wrong key": ({"authorization": "Bearer no"}, block(BODY), 401, "ingestion key"),
    "not compressed": ({}, BODY, 400, "snappy"),
    "not protobuf": ({}, block(b"\xff\xff\xff"), 400, "prometheus.WriteRequest"),
    "JSON": ({"content-type": "application/json"}, b"{}", 415, "application/x-protobuf"),
    "brotli": ({"content-encoding": "br"}, BODY, 415, "snappy"),
    "version 2": (
        {"content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"},
        block(BODY),
        415,
        "prometheus.WriteRequest",
    ),
    "a bomb": ({"content-encoding": "zstd"}, BOMB, 413, "larger"),
    "no name": ({}, block(write_request(({"job": "api"}, 1.0))), 400, "__name__"),
}


@pytest.mark.parametrize("name", BAD)
def test_refusals_are_text(client: httpx.Client, name: str) -> None:
    headers, body, status, words = BAD[name]
    reply = client.post(PATH, content=body, headers=headers)
    assert (reply.status_code, reply.headers["content-type"]) == (status, "text/plain; charset=utf-8")
    assert words in reply.text


def test_reading_is_refused_with_the_method(client: httpx.Client) -> None:
    reply = client.get(PATH)
    assert (reply.status_code, reply.headers["allow"]) == (405, "POST, OPTIONS")


@pytest.mark.parametrize(("error", "status"), [(Busy("Full.", retry_after_s=7), 503), (BadRequest("Bad."), 400)])
def test_errors_of_the_spool_are_passed_on(
    client: httpx.Client, ingest: Ingest, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(ingest, "submit", fails)
    reply = client.post(PATH, content=block(BODY))
    assert reply.status_code == status
    assert reply.headers.get("retry-after") == ("7" if status == 503 else None)
    assert ingest.counters()["metrics"].rejected == 1


def test_too_much_at_once_is_429(client: httpx.Client, ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "admission", Admission(requests_max=10, bytes_max=10))
    assert client.post(PATH, content=block(BODY)).status_code == 429


def test_one_bad_series_does_not_cost_the_others(client: httpx.Client, ingest: Ingest) -> None:
    reply = client.post(PATH, content=block(BODY + write_request(({"job": "api"}, 1.0))))
    assert (reply.status_code, reply.text) == (
        400,
        "1 series were not stored, the others were. The first: a series has no __name__ label.\n",
    )
    assert ingest.counters()["metrics"].accepted == 2


def test_text_that_is_no_text_costs_nothing_else(client: httpx.Client, ingest: Ingest, store: Store) -> None:
    body = write_request(({"__name__": "up", "path": "caf@"}, 1.0), ({"__name__": "up"}, 1.0)).replace(b"@", b"\xe9")
    response = client.post(PATH, content=bytes(cramjam.snappy.compress_raw(body)))
    assert response.status_code == 204, response.text
    assert ingest.flush(20)
    found = store.query(Sql.of("SELECT Attributes FROM otel_metrics_gauge ORDER BY length(Attributes)")).dicts()
    assert list(found) == [{"Attributes": {}}, {"Attributes": {"path": "caf\ufffd"}}]


def test_families_are_remembered_up_to_a_bound() -> None:
    request: Any = WriteRequest()
    for index in range(REMOTE_WRITE_FAMILIES_MAX + 5):
        request.metadata.add(metric_family_name=f"m{index}", type=1, help="h" * 2000)
    request.metadata.add(metric_family_name="m0", type=2)
    families: dict[str, Family] = {}
    read_write_request(request.SerializeToString(), families)
    assert len(families) == REMOTE_WRITE_FAMILIES_MAX
    assert len(families["m1"].help) == 1000
    assert families["m0"].kind == 2


def histogram(**fields: Any) -> bytes:
    request: Any = WriteRequest()
    series = request.timeseries.add()
    series.labels.add(name="__name__", value="h")
    spans = fields.pop("spans", ())
    made = series.histograms.add(**{"count_int": 1, "schema": 1, **fields})
    for offset, length in spans:
        made.positive_spans.add(offset=offset, length=length)
    data: bytes = request.SerializeToString()
    return data


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (histogram(schema=9), "schema 9"),
        (histogram(schema=-5), "schema -5"),
        (histogram(positive_deltas=[1]), "differ in number"),
        (histogram(spans=[(0, 2**32 - 1)], positive_deltas=[1]), "differ in number"),
        (histogram(spans=[(0, 1), (2**31 - 1, 1)], positive_deltas=[1, 1]), f"{HISTOGRAM_BUCKETS_MAX} buckets"),
        (histogram(spans=[(0, 1), (-1, 1)], positive_deltas=[1, 1]), "begins before"),
        (histogram(spans=[(-(2**31), 1)], positive_deltas=[1]), "out of range"),
        (histogram(spans=[(0, 1)], positive_deltas=[-1]), "out of range"),
        (histogram(spans=[(0, 1)], positive_counts=[float("nan")]), "number of observations"),
        (histogram(count_int=0, count_float=float("inf")), "number of observations"),
        (histogram(schema=-53, custom_values=[1.0], spans=[(2, 1)], positive_deltas=[1]), "custom_values"),
        (histogram(schema=-53, custom_values=[1.0], spans=[(-1, 1)], positive_deltas=[1]), "custom_values"),
    ],
)
def test_impossible_histograms_are_rejected_alone(body: bytes, reason: str) -> None:
    reading = read_write_request(body + BODY, {})
    assert reading.rejected == 1
    assert reason in reading.message
    assert check("metrics", reading.body).records == 2


def test_labels_of_many_samples_are_bounded() -> None:
    request: Any = WriteRequest()
    series = request.timeseries.add()
    series.labels.add(name="__name__", value="m")
    series.labels.add(name="long", value="x" * 1_000_000)
    for _ in range(100):
        series.samples.add(value=1)
    with pytest.raises(TooLarge, match="in OTLP"):
        read_write_request(request.SerializeToString(), {})


def test_help_texts_of_many_series_are_bounded() -> None:
    families = {"up": Family(2, "h" * 1000, "")}
    body = write_request(*(({"__name__": "up", "job": f"{index}"}, 1.0) for index in range(70_000)))
    with pytest.raises(TooLarge, match="in OTLP"):
        read_write_request(body, families)


@given(body=st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(BadRequest):
        check("metrics", read_write_request(body, {}).body)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_damaged_requests_never_break_the_reader(data: st.DataObject) -> None:
    body = bytearray(BODY + histogram(spans=[(0, 1), (3, 1)], positive_deltas=[1, 1], sum=4.0, count_int=2))
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BadRequest):
        check("metrics", read_write_request(bytes(body), {}).body)


LABELS = st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4)
SAMPLES = st.lists(st.tuples(st.floats(), st.integers(-(2**63), 2**63 - 1)), max_size=3)


@given(st.lists(st.tuples(LABELS, SAMPLES), max_size=5))
@settings(deadline=None)
def test_every_sample_of_a_named_series_is_kept(all_series: list[Any]) -> None:
    request: Any = WriteRequest()
    for labels, samples in all_series:
        series = request.timeseries.add()
        series.labels.add(name="__name__", value="m")
        for name, value in labels.items():
            if name != "__name__":
                series.labels.add(name=name, value=value)
        for number, at_ms in samples:
            series.samples.add(value=number, timestamp=at_ms)
    reading = read_write_request(request.SerializeToString(), {})
    assert check("metrics", reading.body).records == sum(len(samples) for _, samples in all_series)

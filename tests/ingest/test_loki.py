"""Loki's push as its clients meet it."""

from __future__ import annotations

import contextlib
import gzip
import json
from collections.abc import Iterator
from typing import Any

import cramjam
import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clickstack.core.errors import BadRequest, Busy, TooLarge
from clickstack.ingest import Ingest, loki
from clickstack.ingest.allowance import Allowance
from clickstack.ingest.check import check
from clickstack.ingest.loki import PushRequest, read_json, read_protobuf
from clickstack.ingest.loki_labels import parse_labels
from clickstack.store import Store
from ingest.requests import KEY, START_NS, count_rows

PATH = "/loki/api/v1/push"
PROTOBUF, JSON = "application/x-protobuf", "application/json"
DOCUMENT = {
    "streams": [
        {
            "stream": {"app": "cart", "path": 'C:\\logs\n"x"'},
            "values": [[str(START_NS + 1), "one"], [str(START_NS + 2), "two", {"pod": "cart-1", "level": "error"}]],
        }
    ]
}
BODY = json.dumps(DOCUMENT).encode()


def push() -> Any:
    """DOCUMENT as Promtail sends it."""
    request: Any = PushRequest()
    stream = request.streams.add(labels=rb'{app="cart", path="C:\\logs\n\"x\""}')
    for index, line in enumerate((b"one", b"two"), start=1):
        entry = stream.entries.add(line=line)
        entry.timestamp.seconds, entry.timestamp.nanos = START_NS // 10**9, index
    for name, value in ((b"pod", b"cart-1"), (b"level", b"error")):
        entry.structured_metadata.add(name=name, value=value)
    return request


def block(body: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(body))


@pytest.fixture
def client(otlp_http: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=otlp_http, headers={"authorization": f"Bearer {KEY}"}) as client:
        yield client


def test_both_forms_say_the_same() -> None:
    assert read_protobuf(push().SerializeToString()) == read_json(BODY)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"content-type": JSON}, BODY),
        ({"content-type": "application/json; charset=utf-8", "x-scope-orgid": "tenant"}, BODY),
        ({"content-type": JSON, "content-encoding": "gzip"}, gzip.compress(BODY)),
        ({"content-type": PROTOBUF}, block(push().SerializeToString())),
        ({"content-type": PROTOBUF, "content-encoding": "snappy"}, block(push().SerializeToString())),
        ({}, block(push().SerializeToString())),
    ],
)
def test_what_clients_send_becomes_rows(
    client: httpx.Client, ingest: Ingest, store: Store, headers: dict[str, str], body: bytes
) -> None:
    reply = client.post(PATH, content=body, headers=headers)
    assert (reply.status_code, reply.content) == (204, b"")
    assert ingest.flush(20)
    assert count_rows(store, "otel_logs") == 2


BAD = {
    "no key": ({"authorization": "", "content-type": JSON}, BODY, 401, "ingestion key"),
    "not JSON": ({"content-type": JSON}, b"{", 400, "not JSON"),
    "not protobuf": ({}, block(b"\xff\xff\xff"), 400, "PushRequest"),
    "not snappy": ({}, push().SerializeToString(), 400, "snappy"),
    "text": ({"content-type": "text/plain"}, b"hello", 415, "application/json"),
}


@pytest.mark.parametrize("name", BAD)
def test_refusals_are_text(client: httpx.Client, name: str) -> None:
    headers, body, status, words = BAD[name]
    reply = client.post(PATH, content=body, headers=headers)
    assert (reply.status_code, reply.headers["content-type"]) == (status, "text/plain; charset=utf-8")
    assert words in reply.text


def test_a_full_spool_says_when_to_come_back(
    client: httpx.Client, ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise Busy("Full.", retry_after_s=7)

    monkeypatch.setattr(ingest, "submit", full)
    reply = client.post(PATH, content=BODY, headers={"content-type": JSON})
    assert (reply.status_code, reply.headers["retry-after"], reply.text) == (503, "7", "Full.\n")


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ([], "the body"),
        ({"streams": {}}, "streams"),
        ({"streams": [1]}, "streams[0]"),
        ({"streams": [{"stream": []}]}, "streams[0].stream"),
        ({"streams": [{"stream": "{}"}]}, "streams[0].stream"),
        ({"streams": [{"stream": {"a": 1}}]}, "streams[0].stream.a"),
        ({"streams": [{"values": 1}]}, "streams[0].values"),
        ({"streams": [{"values": [["1"]]}]}, "streams[0].values[0]"),
        ({"streams": [{"values": [["1", "a"], ["soon", "b"]]}]}, "streams[0].values[1][0]"),
        ({"streams": [{"values": [["-1", "a"]]}]}, "streams[0].values[0][0]"),
        ({"streams": [{"values": [[1.5, "a"]]}]}, "streams[0].values[0][0]"),
        ({"streams": [{"values": [["1", 2]]}]}, "streams[0].values[0][1]"),
        ({"streams": [{"values": [["1", "a", {"k": 2}]]}]}, "streams[0].values[0][2].k"),
    ],
)
def test_wrong_json_is_refused_with_the_place(document: Any, where: str) -> None:
    with pytest.raises(BadRequest) as error:
        read_json(orjson.dumps(document))
    assert error.value.message.startswith(where)


@pytest.mark.parametrize("document", [{}, {"streams": None}, {"streams": []}, {"streams": [{}]}])
def test_an_empty_push_succeeds(document: Any) -> None:
    assert check("logs", read_json(orjson.dumps(document)).body).records == 0


def test_labels_that_go_to_every_record_are_bounded() -> None:
    values = [["1", ""]] * 100
    with pytest.raises(TooLarge, match="in OTLP"):
        read_json(orjson.dumps({"streams": [{"stream": {"level": "x" * 1_000_000}, "values": values}]}))


def test_records_of_a_push_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loki, "Allowance", lambda: Allowance(records_max=1))
    for read, body in ((read_json, BODY), (read_protobuf, push().SerializeToString())):
        with pytest.raises(TooLarge, match="more than 1 records"):
            read(body)


def test_lines_that_are_not_utf8_are_mended() -> None:
    request: Any = PushRequest()
    request.streams.add(labels=b"{}").entries.add(line=b"caf\xe9")
    assert b"caf\xef\xbf\xbd" in read_protobuf(request.SerializeToString()).body


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("{}", {}),
        (" { } ", {}),
        ('{a="1"}', {"a": "1"}),
        ('{a="1",b="2"}', {"a": "1", "b": "2"}),
        ('{ a = "1" , b="2", }', {"a": "1", "b": "2"}),
        (r'{a="\\\"\n\t\x41\u00e9\U0001F600\101"}', {"a": '\\"\n\tA\u00e9\U0001f600A'}),
        ("{a=`raw\\n`}", {"a": "raw\\n"}),
        ('{a="}"}', {"a": "}"}),
        (r'{a="\ud800"}', {"a": "\ufffd"}),
    ],
)
def test_labels_are_read_as_go_quotes_them(text: str, labels: dict[str, str]) -> None:
    assert parse_labels(text) == labels


@pytest.mark.parametrize(
    "text", ["", "{", "}", "a", '{a="1"', "{a=1}", '{="1"}', '{a="1" b="2"}', '{a="1}', '{a="1\\"}', '{a="1"}}']
)
def test_other_texts_are_no_labels(text: str) -> None:
    with pytest.raises(BadRequest, match="labels"):
        parse_labels(text)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,5}", fullmatch=True), st.text(max_size=10), max_size=3))
def test_quoted_labels_read_back(labels: dict[str, str]) -> None:
    quoted = ", ".join(f"{name}={json.dumps(value)}" for name, value in labels.items() if value.isprintable())
    expected = {
        name: value for name, value in labels.items() if value.isprintable() and max(value, default="") < "\U00010000"
    }
    assert expected.items() <= parse_labels("{" + quoted + "}").items()


@given(st.text(max_size=60))
@settings(deadline=None)
def test_any_text_is_labels_or_refused(text: str) -> None:
    with contextlib.suppress(BadRequest):
        parse_labels(text)
    with contextlib.suppress(BadRequest):
        parse_labels("{a=" + text + "}")


@given(body=st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for read in (read_protobuf, read_json):
        with contextlib.suppress(BadRequest):
            check("logs", read(body).body)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_damaged_requests_never_break_the_reader(data: st.DataObject) -> None:
    for read, whole in ((read_protobuf, push().SerializeToString()), (read_json, BODY)):
        body = bytearray(whole)
        for _ in range(data.draw(st.integers(1, 4))):
            body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
        with contextlib.suppress(BadRequest):
            check("logs", read(bytes(body)).body)

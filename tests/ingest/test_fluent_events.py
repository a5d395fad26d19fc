"""Messages of the Forward protocol, whole and broken, without a socket."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Callable
from typing import Any

import cramjam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clickstack.core.errors import BadRequest, Exposed, TooLarge
from clickstack.core.limits import FLUENT_NESTING_MAX, FLUENT_RECORD_VALUES_MAX, INGEST_BODY_BYTES_MAX
from clickstack.ingest import fluent_events
from clickstack.ingest.allowance import Allowance
from clickstack.ingest.check import check
from clickstack.ingest.fluent_events import read_message
from clickstack.ingest.fluent_handshake import Handshake
from clickstack.ingest.msgpack import Extension, MessageBuffer, Reader, pack
from ingest.fluent_sender import event_time, packed

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False),
    st.text(max_size=40),
    st.binary(max_size=40),
    st.builds(Extension, st.integers(0, 127), st.binary(max_size=20)),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=20), st.dictionaries(st.text(max_size=5), inner, max_size=20)),
    max_leaves=30,
)
MESSAGES = (
    packed(["t", 1767225600, {"log": "a", "n": 1}]),
    packed(["t", [[event_time(1767225600, 1), {"log": "a", "m": {"x": [1, 2.5, None]}}]], {"chunk": "c"}]),
    packed(["t", gzip.compress(packed([1, {"log": "a"}])), {"compressed": "gzip", "size": 1}]),
)


@given(VALUES)
@settings(deadline=None)
def test_values_read_back(value: Any) -> None:
    reader = Reader(packed(value))
    assert reader.record_value() == value
    assert reader.at_end


@pytest.mark.parametrize("value", [True, "", "x" * 70_000, b"\xff", ["a", [b"b"]], {"k": {"nested": False}}])
def test_what_the_server_packs_reads_back(value: Any) -> None:
    assert Reader(pack(value)).record_value() == value


@given(st.lists(VALUES, min_size=1, max_size=4), st.lists(st.integers(1, 50), min_size=1, max_size=30))
@settings(deadline=None)
def test_messages_are_found_however_they_are_cut(values: list[Any], cuts: list[int]) -> None:
    data = b"".join(map(packed, values))
    buffer, found, position = MessageBuffer(), [], 0
    while position < len(data):
        step = cuts[position % len(cuts)]
        buffer.feed(data[position : position + step])
        position += step
        while (message := buffer.next()) is not None:
            found.append(message)
    assert found == [packed(value) for value in values]
    assert len(buffer) == 0


@pytest.mark.parametrize(
    "head", [b"\xdb\xff\xff\xff\xff", b"\xc6\x02\x00\x00\x01", b"\xdd\xff\xff\xff\xff", b"\xdf\x7f\xff\xff\xff"]
)
def test_a_message_that_announces_too_much_is_refused_at_once(head: bytes) -> None:
    buffer = MessageBuffer()
    buffer.feed(head)
    with pytest.raises(TooLarge):
        buffer.next()


@given(st.binary(max_size=200))
@settings(max_examples=500, deadline=None)
def test_any_bytes_are_messages_or_refused(data: bytes) -> None:
    buffer = MessageBuffer(1000)
    buffer.feed(data)
    with contextlib.suppress(Exposed):
        while (message := buffer.next()) is not None:
            readable(message)
    readable(data)


@given(st.data())
@settings(max_examples=500, deadline=None)
def test_damaged_messages_never_break_the_reader(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from(MESSAGES)))
    for _ in range(data.draw(st.integers(1, 5))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    readable(bytes(body))


@given(VALUES)
@settings(max_examples=300, deadline=None)
def test_every_record_can_be_stored(value: Any) -> None:
    batch = read_message(packed(["t", 1767225600, {"log": "a", "v": value}]))
    assert check("logs", batch.body).records == 1


def readable(message: bytes) -> None:
    """What can be read can also be stored."""
    try:
        batch = read_message(message)
    except Exposed:
        return
    check("logs", batch.body)


def nested(depth: int, wrap: Callable[[Any], Any]) -> bytes:
    value: Any = 1
    for _ in range(depth):
        value = wrap(value)
    return packed(["t", 1, {"v": value}])


@pytest.mark.parametrize("wrap", [lambda value: [value], lambda value: {"k": value}])
def test_nesting_is_bounded_below_what_the_store_reads(wrap: Callable[[Any], Any]) -> None:
    assert check("logs", read_message(nested(FLUENT_NESTING_MAX - 1, wrap)).body).records == 1
    with pytest.raises(BadRequest, match="nested"):
        read_message(nested(FLUENT_NESTING_MAX, wrap))


def test_values_of_a_record_are_bounded() -> None:
    with pytest.raises(BadRequest, match="values"):
        read_message(packed(["t", 1, {"v": [0] * FLUENT_RECORD_VALUES_MAX}]))


def test_records_of_a_message_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fluent_events, "Allowance", lambda: Allowance(records_max=10))
    with pytest.raises(TooLarge, match="records"):
        read_message(packed(["t", [[1, {}]] * 11]))


@pytest.mark.parametrize(
    "message",
    [
        packed(["t" * 1_000_000, [[1, {}]] * 100]),
        packed(["t", 1, {"k" * 1_000_000: list(range(100))}]),
        packed(["t", 1, {"k" * 1_000_000: {f"{index}": 1 for index in range(100)}}]),
    ],
)
def test_what_is_said_once_cannot_be_repeated_without_bound(message: bytes) -> None:
    with pytest.raises(TooLarge, match="in OTLP"):
        read_message(message)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_is_refused(encoding: str) -> None:
    compress = {"gzip": gzip.compress, "zstd": cramjam.zstd.compress}[encoding]
    with pytest.raises(TooLarge):
        read_message(packed(["t", bytes(compress(bytes(INGEST_BODY_BYTES_MAX + 1))), {"compressed": encoding}]))


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_answer_to_the_greeting_is_refused(ping: bytes) -> None:
    with pytest.raises(Exposed):
        Handshake("nonce").pong(ping, ["key"])

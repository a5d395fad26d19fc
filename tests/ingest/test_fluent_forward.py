"""The Fluent Forward receiver as a sender meets it."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import cramjam
import pytest

from clickstack.core.clock import FixedClock
from clickstack.core.errors import Busy, StartupError
from clickstack.ingest import Accepted, FluentForward, Ingest
from clickstack.ingest import fluent_connection as connection
from clickstack.ingest import fluent_forward as listener
from clickstack.ingest.admission import Admission
from clickstack.store import Store
from ingest.fluent_sender import Sender, event_time, packed
from ingest.requests import KEY, START_NS, count_rows

SECONDS = START_NS // 1_000_000_000
ENTRIES = [[event_time(SECONDS, 1), {"log": "one"}], [event_time(SECONDS, 2), {"log": "two"}]]
PACKED = b"".join(map(packed, ENTRIES))


@pytest.fixture
def port(ingest: Ingest) -> Iterator[int]:
    """The port of a running receiver that takes KEY."""
    receiver = FluentForward(ingest, lambda: ["another-key", KEY])
    yield receiver.start("127.0.0.1", 0)
    receiver.stop(1)


@pytest.fixture
def sender(port: int) -> Iterator[Sender]:
    with Sender(port) as sender:
        assert sender.greet(KEY)[:2] == ["PONG", True]
        yield sender


def eventually(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not (seen := true()) and time.monotonic() < deadline:
        time.sleep(0.005)
    return seen


MODES = {
    "message": (["shop", SECONDS, {"log": "one"}], 1),
    "message with options": (["shop", event_time(SECONDS, 1), {"log": "one"}, {}], 1),
    "forward": (["shop", ENTRIES], 2),
    "forward with options": (["shop", ENTRIES, {"size": 2, "fluent_signal": 0}], 2),
    "forward with metadata": (["shop", [[[event_time(SECONDS, 1), {"of": "fluent-bit"}], {"log": "one"}]]], 1),
    "packed as bytes": (["shop", PACKED], 2),
    "packed as text": (["shop", PACKED.decode("latin-1"), {"compressed": "text"}], 2),
    "compressed": (["shop", gzip.compress(PACKED), {"compressed": "gzip"}], 2),
    "compressed in members": (["shop", gzip.compress(PACKED) + gzip.compress(PACKED), {"compressed": "gzip"}], 4),
    "compressed with zstd": (["shop", bytes(cramjam.zstd.compress(PACKED)), {"compressed": "zstd"}], 2),
    "heartbeat": (None, 0),
    "empty": (["shop", []], 0),
}


@pytest.mark.parametrize("name", MODES)
def test_every_mode_becomes_rows(sender: Sender, ingest: Ingest, store: Store, name: str) -> None:
    message, records = MODES[name]
    if name == "packed as text":
        sender.send_bytes(b"\x93" + packed("shop") + b"\xda" + len(PACKED).to_bytes(2, "big") + PACKED + packed({}))
    else:
        sender.send(message)
    sender.send(["done", [], {"chunk": "after it"}])
    assert sender.receive() == {"ack": "after it"}
    assert ingest.flush(20)
    assert count_rows(store, "otel_logs") == records


def test_a_message_may_come_byte_by_byte(sender: Sender, ingest: Ingest) -> None:
    for byte in packed(["shop", ENTRIES, {"chunk": "slow"}]):
        sender.send_bytes(bytes([byte]))
    assert sender.receive() == {"ack": "slow"}
    assert ingest.counters()["logs"].accepted == 2


def test_many_messages_at_once_are_acknowledged_in_order(sender: Sender, ingest: Ingest) -> None:
    sender.send(*(["shop", ENTRIES, {"chunk": f"{index}"}] for index in range(200)))
    assert [sender.receive()["ack"] for _ in range(200)] == [f"{index}" for index in range(200)]
    assert ingest.counters()["logs"].accepted == 400


def test_an_acknowledgement_means_durable(sender: Sender, ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    durable: Future[None] = Future()
    monkeypatch.setattr(ingest, "submit", lambda *_: (Accepted(2), durable))
    sender.send(["shop", ENTRIES, {"chunk": "waits"}])
    sender._socket.settimeout(0.2)
    with pytest.raises(TimeoutError):
        sender.receive()
    sender._socket.settimeout(10)
    durable.set_result(None)
    assert sender.receive() == {"ack": "waits"}


def test_without_room_a_chunk_is_not_acknowledged(
    sender: Sender, ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "submit", full)
    sender.send(["shop", ENTRIES, {"chunk": "comes again"}])
    assert sender.is_closed()
    assert ingest.counters()["logs"].rejected == 1


def full(*_: object) -> Any:
    raise Busy("The ingestion spool is full.", retry_after_s=0)


def test_without_room_records_without_a_chunk_wait(
    sender: Sender, ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit, attempts = ingest.submit, iter(range(20))

    def full_at_first(signal: Any, body: bytes) -> Any:
        return full() if next(attempts) < 10 else submit(signal, body)

    monkeypatch.setattr(ingest, "submit", full_at_first)
    sender.send(["shop", ENTRIES])
    assert eventually(lambda: ingest.counters()["logs"].accepted == 2)


def test_a_wrong_key_gets_a_reason_and_the_door(port: int, ingest: Ingest) -> None:
    with Sender(port) as sender:
        assert sender.greet("guess") == ["PONG", False, "The shared key is wrong.", "", ""]
        assert sender.is_closed()
    assert ingest.counters()["logs"].rejected == 1


@pytest.mark.parametrize(
    "first",
    [
        packed(["shop", ENTRIES]),
        packed(["shop", ["x" * 100_000]]),
        packed(["PING", "h", "s", "d"]),
        packed(["PING", 1, 2, 3, 4, 5]),
        packed(None),
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xc1",
    ],
)
def test_nobody_gets_in_without_the_handshake(port: int, ingest: Ingest, first: bytes) -> None:
    with Sender(port) as sender:
        assert sender.receive()[0] == "HELO"
        sender.send_bytes(first + packed(["shop", ENTRIES]))
        assert sender.is_closed()
    assert ingest.counters()["logs"].accepted == 0


def test_without_keys_nobody_gets_in(ingest: Ingest) -> None:
    receiver = FluentForward(ingest, lambda: [""])
    with Sender(receiver.start("127.0.0.1", 0)) as sender:
        assert sender.greet("")[1] is False
    receiver.stop(1)


def test_a_fault_of_ours_costs_one_connection(ingest: Ingest) -> None:
    keys = iter([lambda: 1 / 0, lambda: [KEY]])
    receiver = FluentForward(ingest, lambda: next(keys)())  # type: ignore[arg-type, return-value]
    port = receiver.start("127.0.0.1", 0)
    with Sender(port) as unlucky:
        unlucky.receive()
        unlucky.send(["PING", "h", "s", "d", "", ""])
        assert unlucky.is_closed()
    with Sender(port) as lucky:
        assert lucky.greet(KEY)[1]
    receiver.stop(1)


BAD = {
    "not MessagePack": b"\xc1",
    "no list": packed({"a": 1}),
    "one item": packed(["shop"]),
    "five items": packed(["shop", 1, {}, {}, {}]),
    "no record": packed(["shop", 1]),
    "a record that is text": packed(["shop", 1, "log"]),
    "a tag that is a number": packed([1, 1, {}]),
    "an entry that is a number": packed(["shop", [1]]),
    "an entry without record": packed(["shop", [[1]]]),
    "packed garbage": packed(["shop", b"\xc1\xc1"]),
    "packed and cut": packed(["shop", PACKED[:-1]]),
    "gzip that is none": packed(["shop", PACKED, {"compressed": "gzip"}]),
    "an unknown compression": packed(["shop", PACKED, {"compressed": "brotli"}]),
    "options that are text": packed(["shop", ENTRIES, "chunk"]),
    "metrics of Fluent Bit": packed(["shop", b"", {"fluent_signal": 1}]),
    "a list as key": packed(["shop", 1]).replace(b"\x92", b"\x93", 1) + b"\x81\x90\x01",
    "nested beyond sense": packed(["shop", 1, {"log": "x"}])[:-7] + b"\x81\xa1a" + b"\x91" * 5000 + b"\x01",
    "larger than allowed": b"\x93\xdb\xff\xff\xff\xff",
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_ends_the_connection(sender: Sender, ingest: Ingest, name: str) -> None:
    sender.send(["before", ENTRIES, {"chunk": "before"}])
    assert sender.receive() == {"ack": "before"}
    sender.send_bytes(BAD[name])
    assert sender.is_closed()
    assert ingest.counters()["logs"].accepted == 2
    assert ingest.counters()["logs"].rejected == 1


def test_what_comes_before_garbage_is_stored(sender: Sender, ingest: Ingest) -> None:
    sender.send_bytes(packed(["shop", ENTRIES, {"chunk": "good"}]) + packed(["shop"]) + packed(["shop", ENTRIES]))
    assert sender.receive() == {"ack": "good"}
    assert sender.is_closed()
    assert ingest.counters()["logs"].accepted == 2


def test_records_without_a_chunk_need_memory_in_time(
    sender: Sender, ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "FLUENT_ROOM_WAIT_S", 0)
    monkeypatch.setattr(ingest, "admission", Admission(requests_max=10, bytes_max=10))
    sender.send(["shop", ENTRIES])
    assert sender.is_closed()
    assert ingest.counters()["logs"].rejected == 1


@pytest.mark.parametrize(
    ("limit", "said"),
    [("FLUENT_HANDSHAKE_S", None), ("FLUENT_IDLE_S", b""), ("FLUENT_PARTIAL_S", packed(["shop", 1])[:3])],
)
def test_silence_has_an_end(port: int, monkeypatch: pytest.MonkeyPatch, limit: str, said: bytes | None) -> None:
    monkeypatch.setattr(connection, limit, 0.05)
    with Sender(port) as silent:
        if said is not None:
            assert silent.greet(KEY)[1]
            silent.send_bytes(said)
        assert silent.is_closed()


def test_who_does_not_take_acknowledgements_is_let_go(
    port: int, ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits to be written holds memory, and a place among the requests that are in it."""
    monkeypatch.setattr(connection, "FLUENT_PARTIAL_S", 0.5)
    with Sender(port) as deaf:
        assert deaf.greet(KEY)[1]
        with contextlib.suppress(ConnectionError, TimeoutError):
            for _ in range(20):
                deaf.send(["shop", ENTRIES, {"chunk": "x" * 1_000_000}])
        assert eventually(lambda: ingest.admission._requests == 0)
        with Sender(port) as other:
            assert other.greet(KEY)[1]


def test_noise_harms_nobody(port: int, ingest: Ingest) -> None:
    for index in range(60):
        noise = hashlib.sha256(bytes([index])).digest() * (1 + index % 7)
        with Sender(port) as sender:
            assert sender.greet(KEY)[1]
            sender.send_bytes(packed(["shop", ENTRIES])[: index % 20] + noise)
    with Sender(port) as sender:
        assert sender.greet(KEY)[1]
        sender.send(["shop", ENTRIES, {"chunk": "still here"}])
        assert sender.receive() == {"ack": "still here"}
    assert ingest.flush(20)


def test_connections_are_counted(port: int, ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "FLUENT_CONNECTIONS_MAX", 2)
    with Sender(port) as one, Sender(port) as two:
        assert one.greet(KEY)[1]
        assert two.greet(KEY)[1]
        with Sender(port) as three:
            assert three.is_closed()
    assert eventually(lambda: lets_in(port))


def lets_in(port: int) -> bool:
    with Sender(port) as sender:
        try:
            return bool(sender.greet(KEY)[1])
        except (AssertionError, ConnectionError):
            return False


def test_stopping_lets_records_end_and_idle_senders_go(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    durable: Future[None] = Future()
    submitted: list[bytes] = []

    def submit(_signal: str, body: bytes) -> tuple[Accepted, Future[None]]:
        submitted.append(body)
        return Accepted(2), durable

    receiver = FluentForward(ingest, lambda: [KEY], FixedClock())
    port = receiver.start("127.0.0.1", 0)
    monkeypatch.setattr(ingest, "submit", submit)
    with Sender(port) as idle, Sender(port) as busy:
        assert idle.greet(KEY)[1]
        assert busy.greet(KEY)[1]
        busy.send(["shop", ENTRIES, {"chunk": "last"}])
        assert eventually(lambda: bool(submitted))
        receiver._loop.call_soon_threadsafe(receiver._loop.call_later, 0.05, durable.set_result, None)
        receiver.stop(10)
        assert busy.receive() == {"ack": "last"}
        assert idle.is_closed()


def test_a_port_in_use_is_said_clearly(port: int, ingest: Ingest) -> None:
    with pytest.raises(StartupError, match="--fluent-port"):
        FluentForward(ingest, list).start("127.0.0.1", port)

"""One attempt at a message, against real receivers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from functools import partial

import pytest

from alerts.receiver import Answer, Receiver, receiver
from clickstack.alerts.channels import Outgoing
from clickstack.alerts.sending import Attempt, HttpSender
from clickstack.core.address import AllowedHosts, check_address
from clickstack.core.clock import FixedClock, SystemClock
from threads import joined

LOCAL = AllowedHosts.parse("127.0.0.1")


def sender(
    allowed: AllowedHosts = LOCAL, names: dict[str, Sequence[str]] | None = None, timeout_s: float = 5
) -> HttpSender:
    check = partial(check_address, resolve=lambda host: (names or {}).get(host, []), allowed=allowed)
    return HttpSender(check, FixedClock(), timeout_s)


def outgoing(url: str) -> Outgoing:
    return Outgoing(url, b'{"text": "x"}', {"Content-Type": "application/json", "X-Secret": "s"})


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as held:
        yield held


def test_a_message_arrives_as_it_was_made(there: Receiver) -> None:
    assert sender().send(outgoing(there.url + "?token=a%20b")) == Attempt()
    (got,) = there.received
    assert got.path == "/hook?token=a%20b"
    assert got.body == b'{"text": "x"}'
    assert got.headers["x-secret"] == "s"
    assert got.headers["host"] == f"127.0.0.1:{there.port}"


@pytest.mark.parametrize(
    ("answer", "attempt"),
    [
        (Answer(204, body=b""), Attempt()),
        (Answer(500, body=b"oops"), Attempt("The receiver answered 500: oops", again=True)),
        (Answer(404, body=b""), Attempt("The receiver answered 404.")),
        (Answer(400, body=b"no"), Attempt("The receiver answered 400: no")),
        (Answer(429, {"Retry-After": "7"}, b""), Attempt("The receiver answered 429.", again=True, wait_s=7)),
        (
            Answer(503, {"Retry-After": "Thu, 01 Jan 2026 00:01:00 GMT"}, b""),
            Attempt("The receiver answered 503.", again=True, wait_s=60),
        ),
        (Answer(429, {"Retry-After": "\u00b2"}, b""), Attempt("The receiver answered 429.", again=True)),
        (Answer(429, {"Retry-After": "soon"}, b""), Attempt("The receiver answered 429.", again=True)),
        (
            Answer(302, {"Location": "http://127.0.0.1:1/"}, b""),
            Attempt("The receiver answered 302: redirects are not followed. Use the final URL."),
        ),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else "",
)
def test_what_an_answer_means(there: Receiver, answer: Answer, attempt: Attempt) -> None:
    there.answers = [answer]
    assert sender().send(outgoing(there.url)) == attempt
    assert len(there.received) == 1


def test_a_receiver_that_hangs_is_left(there: Receiver) -> None:
    there.answers = [Answer(after_s=3)]
    attempt = sender(timeout_s=0.3).send(outgoing(there.url))
    assert attempt == Attempt("The receiver did not answer within 0.3 s.", again=True)


def test_a_port_where_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert sender().send(outgoing(f"http://127.0.0.1:{port}/")) == Attempt(
        "The receiver could not be reached.", again=True
    )


def test_a_private_address_is_refused_though_it_was_saved_when_it_was_public(there: Receiver) -> None:
    """A name that now stands for a private address: nothing is sent, and trying again is no use."""
    rebound = sender(AllowedHosts(), {"hooks.example.com": ["127.0.0.1"]})
    attempt = rebound.send(outgoing(f"http://hooks.example.com:{there.port}/hook"))
    assert attempt == Attempt("URL resolves to a private or reserved address")
    assert not there.received


def test_the_connection_goes_to_the_address_that_was_checked(there: Receiver) -> None:
    allowed = AllowedHosts.parse("hooks.example.com")
    pinned = sender(allowed, {"hooks.example.com": ["127.0.0.1"]})  # nobody else knows the name
    assert pinned.send(outgoing(f"http://hooks.example.com:{there.port}/hook")) == Attempt()
    assert there.received[0].headers["host"] == f"hooks.example.com:{there.port}"


def test_the_next_address_is_tried_when_one_is_not_reached(there: Receiver) -> None:
    allowed = AllowedHosts.parse("hooks.example.com")
    two = sender(allowed, {"hooks.example.com": ["127.0.0.2", "127.0.0.1"]})
    assert two.send(outgoing(f"http://hooks.example.com:{there.port}/hook")) == Attempt()


def test_a_name_without_an_address_may_have_one_later() -> None:
    assert sender().send(outgoing("https://gone.example.com/")) == Attempt(
        "The host of the URL is not known.", again=True
    )


def test_an_answer_without_end_is_not_read_to_its_end(there: Receiver) -> None:
    there.answers = [Answer(500, body=b"x" * 10_000_000)]
    attempt = sender().send(outgoing(there.url))
    assert attempt.again
    assert len(attempt.problem or "") < 300


def test_a_receiver_that_drips_is_left_when_the_time_is_over() -> None:
    """A byte of the headers now and then: each comes in time, all together do not."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)
        port = listening.getsockname()[1]
        over = threading.Event()

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000:
                    if over.wait(0.05):
                        return
                    try:
                        connection.send(bytes([byte]))
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        check = partial(check_address, resolve=lambda _: [], allowed=LOCAL)
        attempt = HttpSender(check, SystemClock(), 0.5).send(outgoing(f"http://127.0.0.1:{port}/"))
        over.set()
        joined(thread)
    assert attempt == Attempt("The receiver did not answer within 0.5 s.", again=True)


def test_what_frames_the_request_is_ours(there: Receiver) -> None:
    headers = {"Host": "other.example.com", "content-length": "5", "Transfer-Encoding": "chunked", "X-Own": "1"}
    assert sender().send(Outgoing(there.url, b"0123456789", headers)) == Attempt()
    (got,) = there.received
    assert got.body == b"0123456789"
    assert got.headers["host"] == f"127.0.0.1:{there.port}"
    assert got.headers["x-own"] == "1"

"""Whether a connection answers. Only to addresses that core.address lets pass, and only to those that were checked."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode, urlsplit, urlunsplit

from clickstack.core.address import Destination
from clickstack.core.clock import Clock
from clickstack.core.errors import BadRequest
from clickstack.core.limits import CONNECTION_TEST_S
from clickstack.core.pinned_http import BrokenOff, NotReached, TooSlow, ask
from clickstack.core.source import EMBEDDED_HOST

from ..context import Services
from .outside import check_outside

SUBJECT = "Host"
QUESTION, ANSWER_BYTES = "SELECT 1", 16
PROMETHEUS_PATH = "/api/v1/query"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `error` is for the caller and holds nothing that the other side said."""

    ok: bool
    elapsed_ms: float
    error: str = ""


def try_connection(
    services: Services, host: str, username: str, password: str, *, is_prometheus: bool = False
) -> Answer:
    """Ask for `SELECT 1` (of Prometheus: for the vector 1). Raises BadRequest for an address that must not be asked."""
    began_s = services.clock.monotonic_s()
    if host == EMBEDDED_HOST:
        error = "" if services.store.ping() else "The embedded engine does not answer"
    else:
        destination = check_outside(services, host, SUBJECT)
        question = _question(host, username, password, is_prometheus=is_prometheus)
        error = _ask(services.clock, destination, question, is_prometheus=is_prometheus)
    return Answer(not error, round((services.clock.monotonic_s() - began_s) * 1000, 3), error)


def _ask(clock: Clock, destination: Destination, question: _Question, *, is_prometheus: bool) -> str:
    """Empty, or why not."""
    if not destination.addresses:
        return f"The name {destination.host} has no address"
    try:
        reply = ask(
            question.method,
            replace(destination, url=question.url),
            question.headers,
            question.body,
            clock,
            timeout_s=CONNECTION_TEST_S,
            answer_bytes=ANSWER_BYTES,
        )
    except TooSlow:
        return f"No answer within {CONNECTION_TEST_S:g} seconds"
    except NotReached:
        return "No answer: it could not be reached"
    except BrokenOff as error:
        return f"No answer: {error}"
    if reply.status in (401, 403):
        return "The user name or the password is wrong"
    if reply.status != 200:
        return f"It answered with status {reply.status}"
    if is_prometheus or reply.start.strip() == b"1":
        return ""
    return "It answers, but not as ClickHouse does"


@dataclass(frozen=True, slots=True)
class _Question:
    method: str
    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = b""


def _question(url: str, username: str, password: str, *, is_prometheus: bool) -> _Question:
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise BadRequest(f"{SUBJECT}: give the user name and the password in their own fields")
    headers = {"Accept-Encoding": "identity"}
    if is_prometheus:
        asked = parts._replace(path=parts.path.rstrip("/") + PROMETHEUS_PATH, query=urlencode({"query": "vector(1)"}))
        if username:
            headers["Authorization"] = "Basic " + b64encode(f"{username}:{password}".encode()).decode()
        return _Question("GET", urlunsplit(asked), headers)
    if username:
        headers["X-ClickHouse-User"] = _header(username, "User name")
    if password:
        headers["X-ClickHouse-Key"] = _header(password, "Password")
    return _Question("POST", url, headers, QUESTION.encode())


def _header(text: str, subject: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise BadRequest(f"{subject}: only printable ASCII characters can be sent to ClickHouse")
    return text

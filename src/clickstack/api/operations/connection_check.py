"""Whether a connection answers. Only to addresses that core.address lets pass, and only to those that were checked."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from clickstack.core.address import Destination
from clickstack.core.errors import BadRequest
from clickstack.core.limits import CONNECTION_TEST_S
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
        error = _ask(check_outside(services, host, SUBJECT), username, password, is_prometheus=is_prometheus)
    return Answer(not error, round((services.clock.monotonic_s() - began_s) * 1000, 3), error)


def _ask(destination: Destination, username: str, password: str, *, is_prometheus: bool) -> str:
    """Empty, or why not."""
    if not destination.addresses:
        return f"The name {destination.host} has no address"
    try:
        with httpx.Client(timeout=CONNECTION_TEST_S, follow_redirects=False, trust_env=False) as client:
            question = _question(client, destination, username, password, is_prometheus=is_prometheus)
            reply = client.send(question, stream=True)
            start = next(reply.iter_raw(ANSWER_BYTES), b"")  # no more: it may never end
            reply.close()
    except httpx.TimeoutException:
        return f"No answer within {CONNECTION_TEST_S:g} seconds"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"No answer: {type(error).__name__}"
    if reply.status_code in (401, 403):
        return "The user name or the password is wrong"
    if reply.status_code != 200:
        return f"It answered with status {reply.status_code}"
    if is_prometheus or start.strip() == b"1":
        return ""
    return "It answers, but not as ClickHouse does"


def _question(
    client: httpx.Client, destination: Destination, username: str, password: str, *, is_prometheus: bool
) -> httpx.Request:
    """To the address that was checked, under the name that was asked for."""
    parts = urlsplit(destination.url)
    if parts.username or parts.password:
        raise BadRequest(f"{SUBJECT}: give the user name and the password in their own fields")
    url = httpx.URL(destination.url).copy_with(host=str(destination.addresses[0]))
    headers = {"Accept-Encoding": "identity", "Host": httpx.URL(destination.url).netloc.decode("ascii")}
    extensions = {"sni_hostname": destination.host}
    if is_prometheus:
        url = url.copy_with(path=parts.path.rstrip("/") + PROMETHEUS_PATH, params={"query": "vector(1)"})
        if username:
            headers["Authorization"] = "Basic " + b64encode(f"{username}:{password}".encode()).decode()
        return client.build_request("GET", url, headers=headers, extensions=extensions)
    if username:
        headers["X-ClickHouse-User"] = _header(username, "User name")
    if password:
        headers["X-ClickHouse-Key"] = _header(password, "Password")
    return client.build_request("POST", url, headers=headers, content=QUESTION, extensions=extensions)


def _header(text: str, subject: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise BadRequest(f"{subject}: only printable ASCII characters can be sent to ClickHouse")
    return text

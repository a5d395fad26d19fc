"""One attempt at one message over HTTP. The address is checked and pinned, redirects are not followed.

A name is resolved here, its addresses are checked, and the connection goes to one of those addresses: what was checked
is what is reached, whatever the name stands for a moment later (reference/alerts-and-teams.md §3.12).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit, urlunsplit

import httpx

from clickstack.core.address import Destination
from clickstack.core.clock import Clock
from clickstack.core.errors import BadRequest
from clickstack.core.limits import DELIVERY_ANSWER_BYTES, DELIVERY_RETRY_AFTER_S_MAX, DELIVERY_TIMEOUT_S

from .channels import Outgoing

CheckAddress = Callable[[str], Destination]
"""The checked destination of a URL. Raises BadRequest when it must not be reached."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How it went. `problem` None is success; it names no URL and no secret. `again`: trying again may help.

    `wait_s` is how long the receiver asks to be left alone.
    """

    problem: str | None = None
    again: bool = False
    wait_s: float | None = None


class HttpSender:
    """Sends from any thread. Nothing of the environment (proxies, credentials in files) has a say."""

    def __init__(self, check: CheckAddress, clock: Clock, timeout_s: float = DELIVERY_TIMEOUT_S) -> None:
        self._check = check
        self._clock = clock
        self._timeout_s = timeout_s
        self._client = httpx.Client(
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(timeout_s, connect=min(10.0, timeout_s)),
            limits=httpx.Limits(max_keepalive_connections=0),  # a pinned connection is for one message
            verify=ssl.create_default_context(),
        )

    def __enter__(self) -> HttpSender:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def send(self, outgoing: Outgoing) -> Attempt:
        try:
            destination = self._check(outgoing.url)
        except BadRequest as error:
            return Attempt(error.message)
        if not destination.addresses:
            return Attempt("The host of the URL is not known.", again=True)
        attempt = Attempt("The URL could not be reached.", again=True)
        for address in destination.addresses:
            attempt = self._post(outgoing, destination, str(address))
            if attempt.problem != _UNREACHED:
                break
        return attempt

    def _post(self, outgoing: Outgoing, destination: Destination, address: str) -> Attempt:
        parts = urlsplit(outgoing.url)
        host = f"[{address}]" if ":" in address else address
        pinned = urlunsplit(parts._replace(netloc=f"{host}:{destination.port}"))
        authority = destination.host if ":" not in destination.host else f"[{destination.host}]"
        headers = {"Host": authority if parts.port is None else f"{authority}:{parts.port}", **outgoing.headers}
        began_s = self._clock.monotonic_s()
        try:
            with self._client.stream(
                "POST",
                pinned,
                content=outgoing.body,
                headers=headers,
                extensions={"sni_hostname": destination.host},
            ) as response:
                answer = b""
                for chunk in response.iter_raw():
                    answer += chunk
                    if len(answer) >= DELIVERY_ANSWER_BYTES or self._clock.monotonic_s() - began_s > self._timeout_s:
                        break
                return self._judged(response, answer)
        except httpx.TimeoutException:
            return Attempt(f"The receiver did not answer within {self._timeout_s:g} s.", again=True)
        except httpx.ConnectError:
            return Attempt(_UNREACHED, again=True)
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            return Attempt(f"The connection failed ({type(error).__name__}).", again=True)

    def _judged(self, response: httpx.Response, answer: bytes) -> Attempt:
        status = response.status_code
        if 200 <= status < 300:
            return Attempt()
        if 300 <= status < 400:
            return Attempt(f"The receiver answered {status}: redirects are not followed. Use the final URL.")
        said = answer[:200].decode("utf-8", "replace").strip()
        problem = f"The receiver answered {status}" + (f": {said}" if said else ".")
        return Attempt(problem, again=status == 429 or status >= 500, wait_s=self._wait_s(response))

    def _wait_s(self, response: httpx.Response) -> float | None:
        """What Retry-After asks for, in seconds (RFC 9110 §10.2.3)."""
        text = response.headers.get("retry-after", "").strip()
        if text.isdigit():
            return min(float(text[:9]), DELIVERY_RETRY_AFTER_S_MAX)
        try:
            when = parsedate_to_datetime(text)
        except ValueError:
            return None
        at_s = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
        return min(max(0.0, at_s - self._clock.now_ns() / 1e9), DELIVERY_RETRY_AFTER_S_MAX)


_UNREACHED = "The receiver could not be reached."

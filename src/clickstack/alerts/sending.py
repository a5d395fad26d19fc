"""One attempt at one message over HTTP. The address is checked and pinned, redirects are not followed.

A name is resolved here, its addresses are checked, and the connection goes to one of those addresses: what was checked
is what is reached, whatever the name stands for a moment later (reference/alerts-and-teams.md §3.12).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from clickstack.core.address import Destination
from clickstack.core.clock import Clock
from clickstack.core.errors import BadRequest
from clickstack.core.limits import DELIVERY_ANSWER_BYTES, DELIVERY_RETRY_AFTER_S_MAX, DELIVERY_TIMEOUT_S
from clickstack.core.pinned_http import Answer, BrokenOff, NotReached, TooSlow, ask

from .channels import Outgoing

CheckAddress = Callable[[str], Destination]
"""The checked destination of a URL. Raises BadRequest when it must not be reached."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How it went. `problem` None is success; it names no URL and no secret. `again`: trying again may help.

    `wait_s` is how long the receiver asks to be left alone. `fault` is what was wrong with the message all the same.
    """

    problem: str | None = None
    again: bool = False
    wait_s: float | None = None
    fault: str | None = None


class HttpSender:
    """Sends from any thread, each message within `timeout_s`."""

    def __init__(self, check: CheckAddress, clock: Clock, timeout_s: float = DELIVERY_TIMEOUT_S) -> None:
        self._check = check
        self._clock = clock
        self._timeout_s = timeout_s

    def send(self, outgoing: Outgoing) -> Attempt:
        try:
            destination = self._check(outgoing.url)
        except BadRequest as error:
            return Attempt(error.message)
        if not destination.addresses:
            return Attempt("The host of the URL is not known.", again=True)
        try:
            answer = ask(
                "POST",
                destination,
                outgoing.headers,
                outgoing.body,
                self._clock,
                timeout_s=self._timeout_s,
                answer_bytes=DELIVERY_ANSWER_BYTES,
            )
        except TooSlow:
            return Attempt(f"The receiver did not answer within {self._timeout_s:g} s.", again=True)
        except NotReached:
            return Attempt("The receiver could not be reached.", again=True)
        except BrokenOff as error:
            return Attempt(f"The connection failed ({error}).", again=True)
        return self._judged(answer)

    def _judged(self, answer: Answer) -> Attempt:
        status = answer.status
        if 200 <= status < 300:
            return Attempt()
        if 300 <= status < 400:
            return Attempt(f"The receiver answered {status}: redirects are not followed. Use the final URL.")
        said = answer.start[:200].decode("utf-8", "replace").strip()
        problem = f"The receiver answered {status}" + (f": {said}" if said else ".")
        again = status in (408, 425, 429) or status >= 500
        return Attempt(problem, again=again, wait_s=self._wait_s(answer.headers.get("retry-after", "").strip()))

    def _wait_s(self, text: str) -> float | None:
        """What Retry-After asks for, in seconds (RFC 9110 §10.2.3)."""
        if text.isascii() and text.isdigit():
            return min(float(text[:9]), DELIVERY_RETRY_AFTER_S_MAX)
        try:
            when = parsedate_to_datetime(text)
            at_s = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
        return min(max(0.0, at_s - self._clock.now_ns() / 1e9), DELIVERY_RETRY_AFTER_S_MAX)

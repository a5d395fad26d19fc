"""How many requests a personal key may make, and the headers that say so (reference/api-v2.md §1.2)."""

from __future__ import annotations

from clickstack.auth import Window, Windows
from clickstack.auth.windows import household
from clickstack.core.clock import Clock
from clickstack.core.limits import API_CALLERS_MAX, API_WINDOW_S
from clickstack.core.records import Actor

TOO_MANY = "Too many requests, please try again later."


class RateLimit:
    """One budget per key for all of v2. Strangers share one per address, so wrong keys do not each get their own."""

    def __init__(self, clock: Clock, requests_per_minute: int) -> None:
        self._windows = Windows(clock, limit=requests_per_minute, window_s=API_WINDOW_S, keys_max=API_CALLERS_MAX)

    def count(self, actor: Actor | None, address: str) -> Window:
        return self._windows.hit(
            f"key {actor.credential or actor.user.id}" if actor else f"address {household(address)}"
        )


def headers_of(window: Window) -> dict[str, str]:
    headers = {
        "RateLimit-Limit": str(window.limit),
        "RateLimit-Remaining": str(window.remaining),
        "RateLimit-Reset": str(window.reset_s),
    }
    if window.exceeded:
        headers["Retry-After"] = str(window.reset_s)
    return headers

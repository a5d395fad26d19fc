"""Slowing down those who guess passwords."""

from __future__ import annotations

from clickstack.core.clock import Clock
from clickstack.core.errors import TooManyRequests
from clickstack.core.limits import (
    LOGIN_ATTEMPTS_MAX,
    LOGIN_ATTEMPTS_WINDOW_S,
    LOGIN_CALLERS_MAX,
    LOGIN_FAILURES_MAX,
    LOGIN_WINDOW_S,
)

from .windows import Windows, household


class LoginThrottle:
    """Counts wrong passwords per (e-mail, address): a stranger elsewhere cannot lock a person out.

    Attempts of one address, for whichever people, are counted too: each costs a hash.
    """

    def __init__(self, clock: Clock) -> None:
        self._windows = Windows(clock, limit=LOGIN_FAILURES_MAX, window_s=LOGIN_WINDOW_S, keys_max=LOGIN_CALLERS_MAX)
        self._addresses = Windows(
            clock, limit=LOGIN_ATTEMPTS_MAX, window_s=LOGIN_ATTEMPTS_WINDOW_S, keys_max=LOGIN_CALLERS_MAX
        )

    def admit(self, email: str, address: str) -> None:
        """Count an attempt before it is looked at, so that parallel guesses count too. Raises TooManyRequests."""
        of_address = self._addresses.hit(household(address))
        if of_address.exceeded:
            raise TooManyRequests(
                "Too many sign-ins from this address. Try again in a minute.", retry_after_s=of_address.reset_s
            )
        window = self._windows.hit(_key(email, address))
        if window.exceeded:
            minutes = -(-window.reset_s // 60)
            raise TooManyRequests(
                f"Too many failed sign-ins. Try again in {minutes} minute{'s' if minutes > 1 else ''}.",
                retry_after_s=window.reset_s,
            )

    def succeeded(self, email: str, address: str) -> None:
        """Forget the attempts: the person is who they say."""
        self._windows.forget(_key(email, address))


def _key(email: str, address: str) -> str:
    return f"{household(address)} {email}"

"""How many test messages a team may send: each is a request to somebody else's server, or a mail to anybody."""

from __future__ import annotations

from clickstack.auth import Windows
from clickstack.core.clock import Clock
from clickstack.core.errors import TooManyRequests
from clickstack.core.limits import API_CALLERS_MAX, TRIALS_MAX, TRIALS_WINDOW_S


class TrialBudget:
    """One budget per team. Safe to use from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._windows = Windows(clock, limit=TRIALS_MAX, window_s=TRIALS_WINDOW_S, keys_max=API_CALLERS_MAX)

    def spend(self, team_id: str) -> None:
        """Count a test message before it is sent. Raises TooManyRequests."""
        window = self._windows.hit(team_id)
        if window.exceeded:
            raise TooManyRequests(
                f"The team has sent {window.limit} test messages within {TRIALS_WINDOW_S} seconds. "
                f"Try again in {window.reset_s} s.",
                retry_after_s=window.reset_s,
            )

"""When nobody is told: acknowledgements, silences and maintenance windows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from clickstack.core.alert import Alert
from clickstack.metadata import SilenceRecord


class Quiet:
    """The silences in force, for questions about one alert and group at one moment."""

    def __init__(self, silences: Iterable[SilenceRecord]) -> None:
        self._of_team: dict[str, list[SilenceRecord]] = defaultdict(list)
        for silence in silences:
            self._of_team[silence.team_id].append(silence)

    def reason(self, alert: Alert, group: str, at_ms: int) -> str | None:
        """Why nobody is told about this group now; None when they are."""
        if alert.silenced is not None and alert.silenced.until_ms > at_ms:
            return "acknowledged"
        for silence in self._of_team.get(alert.team_id, ()):
            if silence.alert_id not in (None, alert.id) or silence.group not in (None, group):
                continue
            if covers(silence, at_ms):
                return silence.reason or "silenced"
        return None


def covers(silence: SilenceRecord, at_ms: int) -> bool:
    """Whether a silence is in force at a moment."""
    if at_ms < silence.starts_ms or (silence.ends_ms is not None and at_ms >= silence.ends_ms):
        return False
    return silence.repeats is None or _in_repeat(silence.repeats, at_ms)


def _in_repeat(repeats: Mapping[str, Any], at_ms: int) -> bool:
    """Whether the moment lies in one of the times, which may run past midnight.

    They begin by the clock of their zone and last their minutes, also in the night the clocks are changed.
    """
    zone = ZoneInfo(repeats["timezone"])
    at = datetime.fromtimestamp(at_ms / 1000, tz=UTC)
    hour, minute = map(int, repeats["start"].split(":"))
    lasts = timedelta(minutes=repeats["minutes"])
    today = at.astimezone(zone).date()
    for days_ago in range(lasts.days + 2):
        day = today - timedelta(days=days_ago)
        begins = datetime.combine(day, time(hour, minute), zone).astimezone(UTC)
        if day.weekday() in repeats["days"] and begins <= at < begins + lasts:
            return True
    return False

"""An alert: which value is watched, when it is too much, and who is told (reference/alerts-and-teams.md §1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

PublishedInterval = Literal["1m", "5m", "15m", "30m", "1h", "6h", "12h", "1d"]
AlertInterval = Literal["30s", "1m", "5m", "15m", "30m", "1h", "6h", "12h", "1d"]
ThresholdType = Literal[
    "above", "below", "above_exclusive", "below_or_equal", "equal", "not_equal", "between", "not_between"
]
AlertSource = Literal["saved_search", "tile"]
AlertState = Literal["ALERT", "OK", "INSUFFICIENT_DATA", "DISABLED", "PENDING"]

INTERVAL_MINUTES: dict[AlertInterval, float] = {
    "30s": 0.5,
    "1m": 1,
    "5m": 5,
    "15m": 15,
    "30m": 30,
    "1h": 60,
    "6h": 360,
    "12h": 720,
    "1d": 1440,
}
RANGE_TYPES: frozenset[ThresholdType] = frozenset({"between", "not_between"})  # these need `threshold_max`


NoDataPolicy = Literal["zero", "keep", "alert", "ok"]
Severity = Literal["critical", "error", "warning", "info"]

# What alerts of this product know beyond the published API, by their key in `Alert.extra`.
ENABLED, NO_DATA, AGAIN, DELAY, SEVERITY, GROUPS_MAX, TROUBLE_AFTER = (
    "enabled",
    "noDataPolicy",
    "renotifyMinutes",
    "evaluationDelaySeconds",
    "severity",
    "maxGroups",
    "notifyAfterErrors",
)


@dataclass(frozen=True, slots=True)
class Channel:
    """Where a notification goes: a webhook, or people by e-mail.

    `severity` is that of the messages through it, None: the alert's own. The other two are kept for clients.
    """

    webhook_id: str | None = None
    recipients: tuple[str, ...] = ()
    severity: Severity | None = None
    webhook_service: str | None = None
    slack_channel_id: str | None = None

    @property
    def type(self) -> Literal["webhook", "email"]:
        return "email" if self.webhook_id is None else "webhook"


@dataclass(frozen=True, slots=True)
class Silence:
    """No notification until then. `by` is a user's id. Moments in milliseconds since 1970 UTC."""

    by: str | None
    at_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. Windows are `interval` long and begin at multiples of it since 1970 plus `schedule_offset_minutes`,
    or at `schedule_start_ms` (milliseconds since 1970 UTC) and its repetitions.

    `state` and `execution_errors` are what evaluating it found last; writing them is no edit and moves no revision.
    `extra` holds what the published API does not know, by the keys above; a key that is absent means the default.
    """

    id: str
    team_id: str
    name: str | None
    channels: tuple[Channel, ...]
    interval: AlertInterval
    threshold: float
    threshold_type: ThresholdType
    source: AlertSource
    threshold_max: float | None = None
    saved_search_id: str | None = None
    group_by: str | None = None
    dashboard_id: str | None = None
    tile_id: str | None = None
    message: str | None = None
    note: str | None = None
    num_consecutive_windows: int | None = None
    schedule_offset_minutes: int | None = None
    schedule_start_ms: int | None = None
    schedule_start_cleared: bool = False  # it was set to null in so many words: replies then show the null
    extra: Mapping[str, Any] = field(default_factory=dict)
    state: AlertState = "OK"
    execution_errors: tuple[Mapping[str, Any], ...] = ()
    silenced: Silence | None = None
    created_by: str | None = None
    revision: int = 1
    created_ms: int = 0
    updated_ms: int = 0

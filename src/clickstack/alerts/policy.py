"""What an alert's own fields and the server's settings make of it: its rule, its schedule, whether it is on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, get_args

import orjson

from clickstack.core.alert import (
    AGAIN,
    DELAY,
    ENABLED,
    GROUPS_MAX,
    NO_DATA,
    RANGE_TYPES,
    Alert,
    NoDataPolicy,
)
from clickstack.core.limits import ALERT_GROUPS_MAX
from clickstack.core.settings import Settings

from .question import InvalidAlert, interval_ms_of
from .state import Rule
from .threshold import Threshold
from .window import Schedule


@dataclass(frozen=True, slots=True)
class Defaults:
    """The server's settings. `again_every_window` re-sends a standing alert after each window, as the reference."""

    delay_ms: int = 0
    again_every_window: bool = False

    @classmethod
    def of(cls, settings: Settings) -> Defaults:
        return cls(int(settings.alert_delay_s * 1000), settings.alert_repeat == "every-window")


@dataclass(frozen=True, slots=True)
class Policy:
    rule: Rule
    schedule: Schedule
    groups_max: int
    definition: str  # changes when the meaning of the alert does: then it is judged anew


def enabled(alert: Alert) -> bool:
    return bool(alert.extra.get(ENABLED, True))


def policy_of(alert: Alert, defaults: Defaults) -> Policy:
    """Raises InvalidAlert."""
    return Policy(
        rule=Rule(
            threshold=_threshold(alert),
            windows=alert.num_consecutive_windows or 1,
            no_data=_no_data(alert),
            again_every_ms=_again_every_ms(alert, defaults),
        ),
        schedule=_schedule(alert, defaults),
        groups_max=min(int(alert.extra.get(GROUPS_MAX) or ALERT_GROUPS_MAX), ALERT_GROUPS_MAX),
        definition=_definition(alert),
    )


def _threshold(alert: Alert) -> Threshold:
    limit_max = alert.threshold_max if alert.threshold_type in RANGE_TYPES else None
    if alert.threshold_type in RANGE_TYPES and limit_max is None:
        raise InvalidAlert("thresholdMax is required for between and not_between.")
    return Threshold(alert.threshold_type, alert.threshold, limit_max)


def _no_data(alert: Alert) -> NoDataPolicy:
    policy = alert.extra.get(NO_DATA, "zero")
    if policy not in get_args(NoDataPolicy):
        raise InvalidAlert(f"{NO_DATA}: {policy!r} is not one of {', '.join(get_args(NoDataPolicy))}.")
    return policy  # type: ignore[no-any-return]  # one of the literals, as was just checked


def _again_every_ms(alert: Alert, defaults: Defaults) -> int | None:
    minutes = alert.extra.get(AGAIN)
    if minutes is not None:
        return int(minutes) * 60_000
    return 0 if defaults.again_every_window else None


def _schedule(alert: Alert, defaults: Defaults) -> Schedule:
    interval_ms = interval_ms_of(alert)
    delay_s = alert.extra.get(DELAY)
    delay_ms = defaults.delay_ms if delay_s is None else int(delay_s) * 1000
    if alert.schedule_start_ms is not None:
        start_ms = -(-alert.schedule_start_ms // 1000) * 1000  # buckets of a chart begin with a second
        return Schedule(interval_ms, start_ms, anchored=True, delay_ms=delay_ms)
    offset_ms = (alert.schedule_offset_minutes or 0) * 60_000
    return Schedule(interval_ms, offset_ms % interval_ms, delay_ms=delay_ms)


def _definition(alert: Alert) -> str:
    """A hash of what decides which windows are judged and how."""
    said: dict[str, Any] = {
        "interval": alert.interval,
        "offset": alert.schedule_offset_minutes or 0,
        "start": alert.schedule_start_ms,
        "threshold": [alert.threshold_type, alert.threshold, alert.threshold_max],
        "watches": [alert.source, alert.saved_search_id, alert.group_by, alert.dashboard_id, alert.tile_id],
    }
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()

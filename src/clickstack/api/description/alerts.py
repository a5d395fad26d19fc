"""Alerts (reference/api-v2.md §4)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from clickstack.core.alert import NoDataPolicy, Severity

from .operation import (
    ABSENT,
    DASHBOARD_ID,
    SAVED_SEARCH_ID,
    TILE_ID,
    WEBHOOK_ID,
    Empty,
    Id,
    Moment,
    Operation,
    Operations,
    Reply,
    one,
    page,
)

TAG = "Alerts"


class AlertWebhookChannel(Reply):
    type: Literal["webhook"]
    webhook_id: Id
    webhook_service: str = ABSENT
    slack_channel_id: str = ABSENT
    severity: Severity = ABSENT


class AlertEmailChannel(Reply):
    type: Literal["email"]
    email_recipients: list[str]


AlertChannelShown = Annotated[AlertWebhookChannel | AlertEmailChannel, Field(discriminator="type")]


class SilencedShown(Reply):
    by: str = ABSENT
    at: Moment
    until: Moment


class ExecutionErrorShown(Reply):
    timestamp: Moment
    type: Literal["QUERY_ERROR", "QUERY_TIMEOUT", "WEBHOOK_ERROR", "INVALID_ALERT", "UNKNOWN"]
    message: str


class Alert(Reply):
    id: Id
    name: str | None = ABSENT
    message: str | None = ABSENT
    note: str | None
    threshold: float
    threshold_max: float = ABSENT
    threshold_type: Literal[
        "above", "below", "above_exclusive", "below_or_equal", "equal", "not_equal", "between", "not_between"
    ]
    interval: Literal["30s", "1m", "5m", "15m", "30m", "1h", "6h", "12h", "1d"]
    schedule_offset_minutes: int | None = ABSENT
    schedule_start_at: Moment | None = ABSENT
    num_consecutive_windows: int | None
    source: Literal["saved_search", "tile"]
    dashboard_id: Id = ABSENT
    tile_id: str = ABSENT
    saved_search_id: Id = ABSENT
    group_by: str = ABSENT
    state: Literal["OK", "ALERT", "PENDING", "INSUFFICIENT_DATA", "DISABLED"]
    channel: AlertChannelShown = ABSENT
    channels: list[AlertChannelShown] = ABSENT
    silenced: SilencedShown = ABSENT
    execution_errors: list[ExecutionErrorShown] = ABSENT
    enabled: bool = ABSENT
    no_data_policy: NoDataPolicy = ABSENT
    renotify_minutes: int = ABSENT
    evaluation_delay_seconds: int = ABSENT
    severity: Severity = ABSENT
    max_groups: int = ABSENT
    notify_after_errors: int = ABSENT
    team_id: Id
    created_at: Moment
    updated_at: Moment


AlertEnvelope, AlertPage = one("AlertEnvelope", Alert), page("AlertPage", Alert)

_CHANNEL = {"type": "webhook", "webhookId": WEBHOOK_ID}
ON_TILE = {
    "source": "tile",
    "dashboardId": DASHBOARD_ID,
    "tileId": TILE_ID,
    "name": "Many errors",
    "threshold": 100,
    "thresholdType": "above",
    "interval": "1h",
    "channel": _CHANNEL,
    "message": "More than 100 errors in an hour",
}
ON_SEARCH = {
    "source": "saved_search",
    "savedSearchId": SAVED_SEARCH_ID,
    "groupBy": "ServiceName",
    "name": "A service is failing",
    "threshold": 10,
    "thresholdType": "above",
    "interval": "5m",
    "channels": [_CHANNEL],
}
WITH_EXTRAS = {
    **ON_SEARCH,
    "name": "A service fell silent",
    "threshold": 1,
    "thresholdType": "below",
    "noDataPolicy": "alert",
    "renotifyMinutes": 60,
    "evaluationDelaySeconds": 30,
    "severity": "critical",
}
EXAMPLES = {"on a tile": ON_TILE, "on a saved search, for each service": ON_SEARCH, "with extras": WITH_EXTRAS}

OPERATIONS: Operations = {
    ("GET", "/alerts"): Operation("listAlerts", TAG, "A page of the team's alerts", AlertPage),
    ("GET", "/alerts/{id}"): Operation("getAlert", TAG, "One alert", AlertEnvelope, errors=(404,)),
    ("POST", "/alerts"): Operation("createAlert", TAG, "Add an alert", AlertEnvelope, examples=EXAMPLES),
    ("PUT", "/alerts/{id}"): Operation(
        "updateAlert", TAG, "Replace an alert", AlertEnvelope, examples=EXAMPLES, errors=(404,), conditional=True
    ),
    ("DELETE", "/alerts/{id}"): Operation(
        "deleteAlert", TAG, "Remove an alert", Empty, errors=(404,), conditional=True
    ),
}

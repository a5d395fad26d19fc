"""The body of an alert, and the rules over its fields (reference/api-v2.md §4.2).

Both kinds of alert share one shape: what belongs to the other kind is dropped. The published contract lets most
optional fields be null, so a body that was read can be written back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from clickstack.core.alert import (
    INTERVAL_MINUTES,
    RANGE_TYPES,
    AlertInterval,
    Channel,
    NoDataPolicy,
    PublishedInterval,
    Severity,
    ThresholdType,
)
from clickstack.core.limits import (
    ALERT_AGAIN_MINUTES_MAX,
    ALERT_CHANNELS_MAX,
    ALERT_DELAY_S_MAX,
    ALERT_GROUPS_MAX,
    ALERT_NAME_CHARS_MAX,
    ALERT_RECIPIENTS_MAX,
    ALERT_TEXT_CHARS_MAX,
    ALERT_TROUBLE_WINDOWS_MAX,
    CHANNEL_WORD_CHARS_MAX,
    CHART_TEXT_CHARS_MAX,
    EMAIL_CHARS_MAX,
    JSON_INTEGER_MAX,
    MOMENT_MS_MAX,
)

from .dashboard_grammar import Broken, Items, RuledModel, Wire, misfit, wrong
from .tile_fields import STORABLE, WHOLE, Number

ABSENT: Any = None
"""The default of a field that may be left out, but not null."""


def _webhook_id(text: Any) -> Any:
    if text == "":
        raise wrong("Webhook ID can't be empty")
    return text


_ADDRESS = re.compile(r"[^\s@<>,;:\"()\\]+@[^\s@<>,;:\"()\\]+")


def _mail_address(text: str) -> str:
    if not _ADDRESS.fullmatch(text) or not text.isascii():
        raise wrong("Invalid email")
    return text


MailAddress = Annotated[str, Field(max_length=EMAIL_CHARS_MAX), AfterValidator(_mail_address)]
MailAddresses = Annotated[list[MailAddress], Items(least=1, most=ALERT_RECIPIENTS_MAX)]


class ChannelBody(RuledModel):
    """A webhook, or people by e-mail: the published contract knows the first alone."""

    type: Literal["webhook", "email"]
    webhook_id: Annotated[str, BeforeValidator(_webhook_id)] = ABSENT
    email_recipients: MailAddresses = ABSENT
    severity: Severity | None = None  # these three are the managed API's
    webhook_service: Annotated[str, Field(max_length=CHANNEL_WORD_CHARS_MAX), STORABLE] | None = None
    slack_channel_id: Annotated[str, Field(max_length=CHANNEL_WORD_CHARS_MAX), STORABLE] | None = None

    @classmethod
    def broken_rules(cls, wire: Wire) -> Iterable[Broken]:
        needed = "webhookId" if wire["type"] == "webhook" else "emailRecipients"
        if needed not in wire:
            yield (needed,), "Required"

    @property
    def channel(self) -> Channel:
        if self.type == "email":
            return Channel(recipients=tuple(self.email_recipients))
        return Channel(
            self.webhook_id.lower(),
            severity=self.severity,
            webhook_service=self.webhook_service,
            slack_channel_id=self.slack_channel_id,
        )


def _channel_rules(channels: Any) -> Iterable[Broken]:
    if not channels:
        yield (), "At least one notification channel is required"
    if len(channels) > ALERT_CHANNELS_MAX:
        yield (), f"An alert supports at most {ALERT_CHANNELS_MAX} notification channels"


_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _moment_ms(value: Any) -> int | None:
    """Milliseconds since 1970 UTC of an RFC 3339 moment; seconds may be left out."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise misfit()
    try:
        if not _MOMENT.fullmatch(value):
            raise ValueError
        moment_ms = int((datetime.fromisoformat(value) - _EPOCH).total_seconds() * 1000)
    except (ValueError, OverflowError):
        raise wrong("Invalid datetime") from None
    if not 0 <= moment_ms < MOMENT_MS_MAX:
        raise wrong("Invalid datetime: must lie in the years 1970 to 2199")
    return moment_ms


MomentMs = Annotated[
    Any, BeforeValidator(_moment_ms), WithJsonSchema({"type": ["string", "null"], "format": "date-time"})
]
Text = Annotated[str, Field(min_length=1, max_length=ALERT_TEXT_CHARS_MAX), STORABLE]


EXTRAS = frozenset(
    {
        "enabled",
        "no_data_policy",
        "renotify_minutes",
        "evaluation_delay_seconds",
        "severity",
        "max_groups",
        "notify_after_errors",
    }
)


class AlertBody(RuledModel):
    channel: ChannelBody = ABSENT
    channels: Annotated[list[ChannelBody], Items(rules=_channel_rules)] = ABSENT
    interval: PublishedInterval
    schedule_offset_minutes: Annotated[int, Field(ge=0, le=1439), WHOLE] | None = None
    schedule_start_at: MomentMs = None
    threshold: Number
    threshold_type: ThresholdType
    threshold_max: Number | None = None
    source: Literal["saved_search", "tile"] = "saved_search"
    name: Annotated[str, Field(min_length=1, max_length=ALERT_NAME_CHARS_MAX), STORABLE] | None = None
    message: Text | None = None
    note: Text | None = None
    num_consecutive_windows: Annotated[int, Field(ge=1, le=JSON_INTEGER_MAX), WHOLE] | None = None
    saved_search_id: str | None = None
    group_by: Annotated[str, Field(max_length=CHART_TEXT_CHARS_MAX), STORABLE] | None = None
    dashboard_id: str | None = None
    tile_id: Annotated[str, STORABLE] | None = None
    enabled: bool | None = None
    no_data_policy: NoDataPolicy | None = None
    renotify_minutes: Annotated[int, Field(ge=0, le=ALERT_AGAIN_MINUTES_MAX), WHOLE] | None = None
    evaluation_delay_seconds: Annotated[int, Field(ge=0, le=ALERT_DELAY_S_MAX), WHOLE] | None = None
    severity: Severity | None = None
    max_groups: Annotated[int, Field(ge=1, le=ALERT_GROUPS_MAX), WHOLE] | None = None
    notify_after_errors: Annotated[int, Field(ge=1, le=ALERT_TROUBLE_WINDOWS_MAX), WHOLE] | None = None

    @classmethod
    def broken_rules(cls, wire: Wire) -> Iterable[Broken]:
        for rules in (_target_rules, _channels_rules, _schedule_rules, _threshold_rules):
            yield from rules(wire)

    @property
    def wanted_channels(self) -> tuple[Channel, ...]:
        """All of them, in order; ids are in lower case."""
        given = self.channels if "channels" in self.model_fields_set else [self.channel]
        return tuple(each.channel for each in given)

    def extras(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """What the published API does not know: as sent; left out, as before; null, the default."""
        sent = self.model_dump(by_alias=True, include=set(EXTRAS & self.model_fields_set))
        return {key: value for key, value in {**before, **sent}.items() if value is not None}


class ManagedAlertBody(AlertBody):
    """The managed API's, which has one interval more."""

    interval: AlertInterval  # type: ignore[assignment]  # wider


_TARGETS = {"saved_search": ("savedSearchId",), "tile": ("dashboardId", "tileId")}


def _target_rules(wire: Wire) -> Iterable[Broken]:
    for field in _TARGETS[wire.get("source", "saved_search")]:
        if wire.get(field) is None:
            yield (field,), "Required"
        elif not wire[field]:
            yield (field,), "String must contain at least 1 character(s)"


def _channels_rules(wire: Wire) -> Iterable[Broken]:
    if "channel" not in wire and "channels" not in wire:
        yield ("channels",), 'Provide either "channel" or "channels"'
        return
    channels = [_essence(each) for each in wire.get("channels", ())]
    if "channel" in wire and channels and channels[0] != _essence(wire["channel"]):
        yield ("channels",), '"channel" must match the first entry of "channels"'
    if len(set(channels)) < len(channels):
        yield ("channels",), "Duplicate notification channels are not allowed"


def _essence(channel: Wire) -> str:
    if channel["type"] == "email":
        return " ".join(sorted(map(str, channel.get("emailRecipients", ())))).lower()
    return str(channel.get("webhookId")).lower()


def _schedule_rules(wire: Wire) -> Iterable[Broken]:
    offset, minutes = wire.get("scheduleOffsetMinutes") or 0, INTERVAL_MINUTES[wire["interval"]]
    if wire.get("scheduleStartAt") is not None and offset > 0:
        yield ("scheduleOffsetMinutes",), "scheduleOffsetMinutes must be 0 when scheduleStartAt is provided"
    if offset >= minutes:
        unit = "minute" if minutes == 1 else "minutes"
        yield ("scheduleOffsetMinutes",), f"scheduleOffsetMinutes must be less than {minutes} {unit}"


def _threshold_rules(wire: Wire) -> Iterable[Broken]:
    most = wire.get("thresholdMax")
    if wire["thresholdType"] not in RANGE_TYPES:
        return
    if most is None:
        yield ("thresholdMax",), "thresholdMax is required for between/not_between threshold types"
    elif most < wire["threshold"]:
        yield ("thresholdMax",), "thresholdMax must be greater than or equal to threshold"

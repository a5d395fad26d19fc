"""Alerts: what they refer to, list, read, create, replace, silence, delete (reference/api-v2.md §4)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from clickstack.core.alert import INTERVAL_MINUTES, Alert, Channel, Silence
from clickstack.core.dashboard import Dashboard, Tile
from clickstack.core.errors import BadQuery, BadRequest, NotFound
from clickstack.core.ids import OBJECT_ID
from clickstack.core.limits import ALERT_START_AHEAD_S_MAX, ALERT_START_BACK_S_MAX
from clickstack.core.records import Actor
from clickstack.core.source import Source
from clickstack.core.timerange import TimeRange
from clickstack.query.raw import MacroContext
from clickstack.query.raw.expand import expand

from ..context import Services
from ..validation import Issue
from .alert_body import AlertBody
from .dashboard_filters import variables_of
from .dashboard_grammar import InvalidBody
from .moments import iso, now_ms

_ANY_HOUR = TimeRange(1_700_000_000_000, 1_700_003_600_000)


def list_alerts(
    services: Services, actor: Actor, *, limit: int | None = None, offset: int = 0
) -> tuple[list[Alert], int]:
    """One page, oldest first, and how many there are."""
    kept = services.metadata.alerts
    return kept.list(actor.team.id, limit, offset), kept.count(actor.team.id)


def get_alert(services: Services, actor: Actor, id: str) -> Alert:
    alert = services.metadata.alerts.get(actor.team.id, id)
    if alert is None:
        raise NotFound("Alert not found")
    return alert


def create_alert(services: Services, actor: Actor, body: AlertBody, *, request_id: str | None) -> Alert:
    """Raises InvalidBody, and BadRequest for what the body refers to and is not there."""
    return services.metadata.alerts.insert(alert_of(services, actor, body), actor.author, request_id)


def alert_of(services: Services, actor: Actor, body: AlertBody) -> Alert:
    """The alert a body describes, not stored. Raises what create_alert raises."""
    _check(services, actor, body)
    return Alert(
        id=services.ids.object_id(),
        team_id=actor.team.id,
        created_by=actor.user_id,
        **_fields(body),
        **_schedule(body),
        extra=body.extras({}),
    )


def update_alert(
    services: Services,
    actor: Actor,
    id: str,
    body: AlertBody,
    *,
    request_id: str | None,
    expected_revision: int | None = None,
) -> Alert:
    """A replacement; a schedule that is left out stays, and so does what the published API does not know.

    State, silence and author stay too.
    """
    _check(services, actor, body)

    def edit(before: Alert) -> Alert:
        return dataclasses.replace(before, **_fields(body), **_schedule(body, before), extra=body.extras(before.extra))

    return services.metadata.alerts.update(
        actor.team.id, id, edit, actor.author, request_id, expected_revision=expected_revision
    )


def silence_alert(services: Services, actor: Actor, id: str, until_ms: int | None, *, request_id: str | None) -> Alert:
    """No notification until then (milliseconds since 1970 UTC); None ends the silence. Raises BadRequest, NotFound."""
    now = now_ms(services.clock)
    if until_ms is not None and until_ms <= now:
        raise BadRequest("mutedUntil must be in the future")
    silence = Silence(actor.user.id, now, until_ms) if until_ms is not None else None
    return services.metadata.alerts.update(
        actor.team.id, id, lambda alert: dataclasses.replace(alert, silenced=silence), actor.author, request_id
    )


def delete_alert(
    services: Services, actor: Actor, id: str, *, request_id: str | None, expected_revision: int | None = None
) -> None:
    gone = services.metadata.alerts.delete(
        actor.team.id, id, actor.author, request_id, expected_revision=expected_revision
    )
    if not gone:
        raise NotFound("Alert not found")


def alert_wire(alert: Alert) -> dict[str, Any]:
    """Some fields are null when unset, most are absent, as the published API has it."""
    channels = [channel_wire(channel) for channel in alert.channels]
    start_ms, silenced = alert.schedule_start_ms, alert.silenced
    optional: dict[str, Any] = {
        "thresholdMax": alert.threshold_max,
        "scheduleOffsetMinutes": alert.schedule_offset_minutes,
        "scheduleStartAt": iso(start_ms) if start_ms is not None else None,
        "dashboardId": alert.dashboard_id,
        "tileId": alert.tile_id,
        "savedSearchId": alert.saved_search_id,
        "groupBy": alert.group_by,
        "channel": channels[0] if channels else None,
        "channels": channels or None,
        "silenced": silenced and _silence_wire(silenced),
        "executionErrors": list(alert.execution_errors) or None,
    }
    cleared: dict[str, Any] = {"scheduleStartAt": None} if alert.schedule_start_cleared else {}
    return {
        "id": alert.id,
        "name": alert.name,
        "message": alert.message,
        "note": alert.note,
        "threshold": alert.threshold,
        "interval": alert.interval,
        "numConsecutiveWindows": alert.num_consecutive_windows,
        "thresholdType": alert.threshold_type,
        "source": alert.source,
        "state": alert.state,
        "teamId": alert.team_id,
        **cleared,
        **{key: value for key, value in optional.items() if value is not None},
        **alert.extra,
        "createdAt": iso(alert.created_ms),
        "updatedAt": iso(alert.updated_ms),
    }


def channel_wire(channel: Channel) -> dict[str, Any]:
    if channel.webhook_id is None:
        return {"type": "email", "emailRecipients": list(channel.recipients)}
    extras = {
        "webhookService": channel.webhook_service,
        "slackChannelId": channel.slack_channel_id,
        "severity": channel.severity,
    }
    said = {key: value for key, value in extras.items() if value is not None}
    return {"type": "webhook", "webhookId": channel.webhook_id, **said}


def _silence_wire(silence: Silence) -> dict[str, Any]:
    by = {"by": silence.by} if silence.by else {}
    return {**by, "at": iso(silence.at_ms), "until": iso(silence.until_ms)}


def _fields(body: AlertBody) -> dict[str, Any]:
    """What a write replaces. What belongs to the other kind of alert is not kept."""
    on_tile = body.source == "tile"
    return {
        "channels": body.wanted_channels,
        "interval": body.interval,
        "threshold": body.threshold,
        "threshold_type": body.threshold_type,
        "threshold_max": body.threshold_max,
        "source": body.source,
        "name": body.name,
        "message": body.message,
        "note": body.note,
        "num_consecutive_windows": body.num_consecutive_windows,
        "saved_search_id": None if on_tile else str(body.saved_search_id).lower(),
        "group_by": None if on_tile else body.group_by,
        "dashboard_id": str(body.dashboard_id).lower() if on_tile else None,
        "tile_id": body.tile_id if on_tile else None,
    }


def _schedule(body: AlertBody, before: Alert | None = None) -> dict[str, Any]:
    """Offset, start, and whether the start was set to null. Left out: as before, or none."""
    sent = body.model_fields_set
    start_ms = before.schedule_start_ms if before else None
    cleared = before.schedule_start_cleared if before else False
    if "schedule_start_at" in sent:
        start_ms, cleared = body.schedule_start_at, body.schedule_start_at is None
    offset = body.schedule_offset_minutes
    if "schedule_offset_minutes" not in sent and before is not None:
        kept = before.schedule_offset_minutes
        offset = kept if kept is not None and kept < INTERVAL_MINUTES[body.interval] else None
    if start_ms is not None:
        offset = 0
    elif "schedule_start_at" in sent:
        offset = (body.schedule_offset_minutes or 0) if "schedule_offset_minutes" in sent else 0
    return {"schedule_offset_minutes": offset, "schedule_start_ms": start_ms, "schedule_start_cleared": cleared}


# --- what an alert refers to ------------------------------------------------------------------------------------


def check_alert_of_tile(services: Services, actor: Actor, body: AlertBody, dashboard: Dashboard, tile: Tile) -> None:
    """Whether the alert could be made, were the dashboard stored. Raises BadRequest."""
    _check_start(services, body)
    _check_watchable(services, actor, dashboard, tile)
    _check_channels(services, actor, body.wanted_channels)


def _check(services: Services, actor: Actor, body: AlertBody) -> None:
    _check_start(services, body)
    if body.source == "tile":
        _check_tile(services, actor, body)
    else:
        _check_saved_search(services, actor, body)
    _check_channels(services, actor, body.wanted_channels)


def _check_start(services: Services, body: AlertBody) -> None:
    if body.schedule_start_at is None:
        return
    ahead_s = (body.schedule_start_at - now_ms(services.clock)) / 1000
    if ahead_s > ALERT_START_AHEAD_S_MAX:
        raise _bad_start("scheduleStartAt must be within 1 year from now")
    if -ahead_s > ALERT_START_BACK_S_MAX:
        raise _bad_start("scheduleStartAt must be within 10 years in the past")


def _bad_start(text: str) -> InvalidBody:
    return InvalidBody([Issue("Body", ("scheduleStartAt",), "custom", text)])


def _check_tile(services: Services, actor: Actor, body: AlertBody) -> None:
    dashboard_id = str(body.dashboard_id).lower()
    if not OBJECT_ID.fullmatch(dashboard_id):
        raise BadRequest("Invalid dashboard ID")
    dashboard = services.metadata.dashboards.get(actor.team.id, dashboard_id)
    if dashboard is None:
        raise BadRequest("Dashboard not found")
    tile = dashboard.tile(str(body.tile_id))
    if tile is None:
        raise BadRequest("Tile not found")
    _check_watchable(services, actor, dashboard, tile)


def _check_watchable(services: Services, actor: Actor, dashboard: Dashboard, tile: Tile) -> None:
    if not tile.can_alert:
        raise BadRequest("Alerts on tiles are only supported for Line, Stacked Bar, Number, or Table")
    if tile.is_raw_sql:
        source = services.metadata.sources.get(actor.team.id, tile.source_id) if tile.source_id else None
        _check_statement(dashboard, tile, source)


def _check_statement(dashboard: Dashboard, tile: Tile, source: Source | None) -> None:
    """A line needs buckets as wide as the alert's windows; numbers and tables have none."""
    context = MacroContext(_ANY_HOUR, 60, source, ())
    try:
        uses = expand(tile.sql, context, variables_of(map(dict, dashboard.filters))).uses
    except BadQuery as error:
        raise BadRequest(f"Raw SQL alert query is invalid: {error.message}") from None
    if tile.display not in ("number", "table") and not any(use.about == "bucket" for use in uses):
        raise BadRequest(
            "Raw SQL alert query is invalid: it must include an interval parameter or macro, "
            "such as $__timeInterval(Timestamp) or {intervalSeconds:Int64}"
        )


def _check_saved_search(services: Services, actor: Actor, body: AlertBody) -> None:
    saved_search_id = str(body.saved_search_id).lower()
    if not OBJECT_ID.fullmatch(saved_search_id):
        raise BadRequest("Invalid saved search ID")
    if services.metadata.saved_searches.get(actor.team.id, saved_search_id) is None:
        raise BadRequest("Saved search not found")


def _check_channels(services: Services, actor: Actor, channels: Sequence[Channel]) -> None:
    ids = [channel.webhook_id for channel in channels if channel.webhook_id is not None]
    if not all(map(OBJECT_ID.fullmatch, ids)):
        raise BadRequest("Invalid webhook ID")
    if services.metadata.webhooks.existing(actor.team.id, ids) != set(ids):
        raise BadRequest("Webhook not found")

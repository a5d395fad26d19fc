"""Alerts of a team, and the links that keep their webhooks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clickstack.core.alert import Alert, Channel, Silence
from clickstack.core.clock import Clock
from clickstack.core.errors import BadRequest, Exposed
from clickstack.core.ids import IdSource
from clickstack.core.limits import ALERT_ERRORS_MAX

from . import tables
from .audit import Change
from .db import Database
from .documents import Documents, Kind
from .notifications import queue_farewells_in

_SPEC: dict[str, str] = {  # field → its key in the spec
    "interval": "interval",
    "threshold": "threshold",
    "threshold_type": "thresholdType",
    "threshold_max": "thresholdMax",
    "group_by": "groupBy",
    "message": "message",
    "note": "note",
    "num_consecutive_windows": "numConsecutiveWindows",
    "schedule_offset_minutes": "scheduleOffsetMinutes",
    "schedule_start_ms": "scheduleStartMs",
    "schedule_start_cleared": "scheduleStartCleared",
    "extra": "extra",
}


class Alerts(Documents[Alert]):
    """Oldest first."""

    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        super().__init__(database, clock, ids, ALERTS)

    def add_error(self, alert_id: str, error: Mapping[str, Any]) -> None:
        """Show an error on the alert until it is evaluated without one. No edit: the revision stays."""
        column = tables.alerts.c
        with self._database.write() as connection:
            query = sa.select(column.execution_errors).where(column.id == alert_id).with_for_update()
            known = connection.scalar(query)
            if known is not None:
                errors = [*(each for each in known if each.get("message") != error["message"]), error]
                update = sa.update(tables.alerts).where(column.id == alert_id)
                connection.execute(update.values(execution_errors=errors[-ALERT_ERRORS_MAX:]))


def delete_of_tiles(change: Change, team_id: str, dashboard_id: str, keep_tile_ids: Collection[str]) -> int:
    """Delete the alerts of a dashboard's tiles, except the tiles named; how many went."""
    column = tables.alerts.c
    gone = [
        alert
        for alert in ALERTS.select_in(change, team_id, column.dashboard_id == dashboard_id)
        if alert.tile_id not in keep_tile_ids
    ]
    for alert in gone:
        ALERTS.delete_in(change, alert)
    return len(gone)


def _row(alert: Alert) -> dict[str, Any]:
    silenced = alert.silenced
    spec = {key: getattr(alert, field) for field, key in _SPEC.items()}
    return {
        "name": alert.name,
        "source": alert.source,
        "saved_search_id": alert.saved_search_id,
        "dashboard_id": alert.dashboard_id,
        "tile_id": alert.tile_id,
        "created_by": alert.created_by,
        "state": alert.state,
        "execution_errors": list(alert.execution_errors),
        "silenced": silenced and {"by": silenced.by, "at_ms": silenced.at_ms, "until_ms": silenced.until_ms},
        "spec": {
            **{key: value for key, value in spec.items() if value is not None},
            "channels": [_channel_spec(channel) for channel in alert.channels],
        },
    }


def _record(row: sa.Row[Any]) -> Alert:
    spec = row.spec
    return Alert(
        id=row.id,
        team_id=row.team_id,
        name=row.name,
        channels=tuple(
            Channel(
                each.get("webhookId"),
                tuple(each.get("emailRecipients", ())),
                each.get("severity"),
                each.get("webhookService"),
                each.get("slackChannelId"),
            )
            for each in spec["channels"]
        ),
        source=row.source,
        saved_search_id=row.saved_search_id,
        dashboard_id=row.dashboard_id,
        tile_id=row.tile_id,
        created_by=row.created_by,
        state=row.state,
        execution_errors=tuple(row.execution_errors),
        silenced=Silence(**row.silenced) if row.silenced else None,
        revision=row.revision,
        created_ms=row.created_ms,
        updated_ms=row.updated_ms,
        **{field: spec[key] for field, key in _SPEC.items() if key in spec},
    )


def _channel_spec(channel: Channel) -> dict[str, Any]:
    if channel.webhook_id is None:
        return {"type": "email", "emailRecipients": list(channel.recipients)}
    extras = {
        "severity": channel.severity,
        "webhookService": channel.webhook_service,
        "slackChannelId": channel.slack_channel_id,
    }
    said = {key: value for key, value in extras.items() if value is not None}
    return {"type": "webhook", "webhookId": channel.webhook_id, **said}


def _refuse_gone_tile(change: Change, before: Alert | None, alert: Alert) -> None:
    """The tile may have gone while the alert was being checked; its dashboard cannot change any more now."""
    if before is not None and (before.dashboard_id, before.tile_id) == (alert.dashboard_id, alert.tile_id):
        return
    column = tables.dashboards.c
    query = sa.select(column.spec).where(column.team_id == alert.team_id, column.id == alert.dashboard_id)
    spec = change.transaction.execute(query.with_for_update()).scalar() if alert.dashboard_id else None
    if spec is not None and all(tile["id"] != alert.tile_id for tile in orjson.loads(spec)["tiles"]):
        raise BadRequest("Tile not found")


def _link_webhooks(change: Change, before: Alert | None, alert: Alert) -> None:
    if before is not None and before.channels == alert.channels:
        return
    link = tables.alert_webhooks
    if before is not None:
        kept = [_target(channel) for channel in alert.channels]
        gone = [target for target in map(_target, before.channels) if target not in kept]
        queue_farewells_in(change.transaction, change.ids, change.now_ms, alert.id, gone)
        change.transaction.execute(sa.delete(link).where(link.c.alert_id == alert.id))
    for position, channel in enumerate(alert.channels):
        if channel.webhook_id is None:
            continue
        values = {"alert_id": alert.id, "position": position, "webhook_id": channel.webhook_id}
        change.transaction.execute(sa.insert(link).values(**values))


def _target(channel: Channel) -> dict[str, Any]:
    """Where its messages go, as a notification has it: a channel of another severity is no other target."""
    if channel.webhook_id is None:
        return {"type": "email", "emailRecipients": list(channel.recipients)}
    return {"type": "webhook", "webhookId": channel.webhook_id}


def _say_farewell(change: Change, alert: Alert) -> None:
    queue_farewells_in(change.transaction, change.ids, change.now_ms, alert.id)


def _broken(_error: IntegrityError) -> Exposed:
    return BadRequest("The saved search, dashboard or webhook of the alert has just been deleted")


ALERTS: Kind[Alert] = Kind(
    name="alert",
    title="Alert",
    table=tables.alerts,
    to_row=_row,
    from_row=_record,
    order=(tables.alerts.c.created_ms, tables.alerts.c.id),
    before_write=_refuse_gone_tile,
    after_write=_link_webhooks,
    before_delete=_say_farewell,
    broken=_broken,
)

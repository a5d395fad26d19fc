"""What an alert would have found and said, before anybody relies on it."""

from __future__ import annotations

from functools import partial
from typing import Any

from clickstack.alerts import Lookup, Preview, PreviewMessage, preview
from clickstack.core.alert import Alert
from clickstack.core.errors import BadRequest
from clickstack.core.records import Actor
from clickstack.core.timerange import TimeRange
from clickstack.metadata import Evaluation

from ..context import Services
from ..reading import reader, statistics_wire
from .alert_body import AlertBody
from .alert_log import evaluation_wire
from .alerts import alert_of
from .moments import iso, now_ms


def preview_alert(services: Services, actor: Actor, body: AlertBody, start_ms: int, end_ms: int) -> dict[str, Any]:
    """Raises InvalidBody and BadRequest as storing the alert would."""
    if start_ms >= end_ms:
        raise BadRequest("startTime must be before endTime")
    alert = alert_of(services, actor, body)
    found = preview(
        alert, _lookup(services, actor), reader(services, actor), TimeRange(start_ms, end_ms), services.settings
    )
    return {
        "windows": [_window_wire(alert, found, each, now_ms(services.clock)) for each in found.windows],
        "messages": [_message_wire(each) for each in found.messages],
        "messagesTotal": found.messages_total,
        "sql": found.sql,
        "statistics": statistics_wire(found.statistics),
    }


def _lookup(services: Services, actor: Actor) -> Lookup:
    team_id, kept = actor.team.id, services.metadata
    return Lookup(
        partial(kept.saved_searches.get, team_id),
        partial(kept.dashboards.get, team_id),
        partial(kept.sources.get, team_id),
        lambda: tuple(kept.sources.list(team_id)),
    )


def _window_wire(alert: Alert, found: Preview, judged: Any, at_ms: int) -> dict[str, Any]:
    window, state, groups = judged
    about = {
        "threshold": alert.threshold,
        "thresholdMax": alert.threshold_max,
        "thresholdType": alert.threshold_type,
        "queryMs": round(found.statistics.elapsed_s * 1000),
        "rowsRead": found.statistics.rows_read,
        "backfilled": 0,
        "skipped": 0,
    }
    evaluation = Evaluation(window.start_ms, window.end_ms, at_ms, state, {**groups, **about})
    return evaluation_wire(evaluation, with_groups=True)


def _message_wire(message: PreviewMessage) -> dict[str, Any]:
    return {
        "kind": message.kind,
        "group": message.group,
        "windowStart": iso(message.window.start_ms),
        "windowEnd": iso(message.window.end_ms),
        "value": message.value,
        "title": message.words.title,
        "body": message.words.body,
        "link": message.words.link,
        "faults": list(message.words.faults),
    }

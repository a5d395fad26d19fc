"""What judging an alert left behind: windows, transitions, messages (reference/alerts-and-teams.md §1.12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from clickstack.core.errors import BadRequest
from clickstack.core.limits import ALERT_MARKERS_MAX, ALERT_SPAN_MS_MAX
from clickstack.core.records import Actor
from clickstack.metadata import FAREWELL, Evaluation, Notification, Transition

from ..context import Services
from .alerts import get_alert
from .moments import iso, now_ms

_SHOWN_STATE = {"NO_DATA": "INSUFFICIENT_DATA"}  # the name the published API has for it
_BREACHING = frozenset({"ALERT", "NO_DATA", "PENDING"})


def alert_evaluations(
    services: Services,
    actor: Actor,
    id: str,
    *,
    start_ms: int | None,
    end_ms: int | None,
    before: int | None,
    limit: int,
) -> dict[str, Any]:
    """A page of windows, newest first, that ended in [start, end) and before `before`; all in milliseconds."""
    alert = get_alert(services, actor, id)
    start, end = _span(start_ms, now_ms(services.clock) + 1 if end_ms is None else end_ms)
    end = end if before is None else min(end, before)
    found = services.metadata.judgements.evaluations(alert.id, start, end, limit + 1)
    page, more = found[:limit], len(found) > limit
    wire: dict[str, Any] = {"data": [evaluation_wire(each, with_groups=True) for each in page], "hasMore": more}
    return {**wire, "nextBefore": page[-1].window_end_ms} if more else wire


def alert_history(services: Services, actor: Actor, id: str, *, start_ms: int, end_ms: int) -> list[dict[str, Any]]:
    """Each way of a group into ALERT and out of it; what was open at the start is pinned there."""
    alert = get_alert(services, actor, id)
    start, end = _span(start_ms, end_ms)
    kept = services.metadata.judgements
    pinned = [_marker(each, max(start, each.at_ms)) for each in kept.open_at(alert.id, start, ALERT_MARKERS_MAX)]
    return pinned + [_marker(each, each.at_ms) for each in kept.transitions(alert.id, start, end, ALERT_MARKERS_MAX)]


def alert_deliveries(services: Services, actor: Actor, id: str, *, limit: int) -> list[dict[str, Any]]:
    """What was and will be sent about the alert, newest first."""
    alert = get_alert(services, actor, id)
    names = {webhook.id: webhook for webhook in services.metadata.webhooks.list(actor.team.id)}

    def target(of: Mapping[str, Any]) -> dict[str, Any]:
        webhook = names.get(of.get("webhookId", ""))
        return {**of, "name": webhook.name, "service": webhook.service} if webhook else dict(of)

    found = services.metadata.notifications.of_alert(actor.team.id, alert.id, limit)
    return [{**_delivery_wire(each), "target": target(each.target)} for each in found]


def recent_windows(services: Services, ids: Iterable[str], limit: int) -> dict[str, list[dict[str, Any]]]:
    """The newest windows of several alerts, each newest first, without their groups."""
    found = services.metadata.judgements.recent(list(ids), limit)
    return {
        alert_id: [evaluation_wire(each, with_groups=False) for each in windows] for alert_id, windows in found.items()
    }


def evaluation_wire(evaluation: Evaluation, *, with_groups: bool) -> dict[str, Any]:
    """A window as the reference writes it (internal-routes.md §3.7), and what it lacks: threshold, reasons, costs."""
    found, start = evaluation.found, iso(evaluation.window_start_ms)
    groups = found.get("groups", [])
    worst = groups[0] if groups else {}
    wire: dict[str, Any] = {
        "createdAt": iso(evaluation.window_end_ms),
        "windowStart": start,
        "windowEnd": iso(evaluation.window_end_ms),
        "evaluatedAt": iso(evaluation.at_ms),
        "state": _shown_state(evaluation.state),
        "counts": sum(each["state"] in _BREACHING for each in groups),
        "lastValues": [] if worst.get("value") is None else [{"startTime": start, "count": worst["value"]}],
    }
    if "errors" in found:
        wire["errors"] = found["errors"]
    if not groups:
        return wire
    wire["reason"] = worst["reason"]
    wire["analytics"] = {
        "queryDurationMs": found["queryMs"],
        "rowsRead": found["rowsRead"],
        "backfilledBuckets": found["backfilled"],
        "skippedWindows": found["skipped"],
    }
    wire |= {key: found[key] for key in ("threshold", "thresholdMax", "thresholdType") if found[key] is not None}
    if with_groups:
        wire["groups"] = [_group_wire(each, start) for each in groups]
        wire["groupsTotal"] = found["groupsTotal"]
        wire["groupsLeftOut"] = found.get("leftOut", 0)
    return wire


def _group_wire(group: Mapping[str, Any], start: str) -> dict[str, Any]:
    wire = {
        "group": group.get("group", ""),
        "state": _shown_state(group["state"]),
        "counts": int(group["state"] in _BREACHING),
        "fired": "message" in group and group["message"] != "resolve",
        "reason": group["reason"],
    }
    if group["value"] is not None:
        wire["lastValue"] = {"startTime": start, "count": group["value"]}
    return wire | {key: group[key] for key in ("message", "silenced") if key in group}


def _shown_state(state: str) -> str:
    return _SHOWN_STATE.get(state, state)


def _marker(transition: Transition, at_ms: int) -> dict[str, Any]:
    marker: dict[str, Any] = {
        "createdAt": iso(at_ms),
        "state": transition.state,
        "bucketStart": iso(transition.window_start_ms),
    }
    if transition.group:
        marker["group"] = transition.group
    return {**marker, "value": transition.value} if transition.value is not None else marker


def _delivery_wire(sent: Notification) -> dict[str, Any]:
    return {
        "id": sent.id,
        "kind": "resolve" if sent.kind == FAREWELL else sent.kind,
        "group": sent.group,
        "title": sent.words.get("title"),
        "eventId": sent.words.get("event_id"),
        "state": sent.state,
        "attempts": sent.attempts,
        "createdAt": iso(sent.created_ms),
        "doneAt": None if sent.done_ms is None else iso(sent.done_ms),
        "nextAttemptAt": iso(sent.next_ms) if sent.state == "queued" else None,
        "error": sent.error,
    }


def _span(start_ms: int | None, end_ms: int) -> tuple[int, int]:
    """The range, cut to what is kept. Raises BadRequest for one that is empty."""
    if start_ms is not None and start_ms >= end_ms:
        raise BadRequest("startTime must be before endTime")
    return max(end_ms - ALERT_SPAN_MS_MAX, 0 if start_ms is None else start_ms), end_ms

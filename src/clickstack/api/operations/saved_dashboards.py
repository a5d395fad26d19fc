"""Dashboards with the alerts of their tiles inside, as the UI and its tools write them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from clickstack.core.alert import Alert
from clickstack.core.dashboard import Dashboard
from clickstack.core.errors import BadRequest
from clickstack.core.records import Actor

from ..context import Services
from ..validation import Issue
from .alert_body import AlertBody
from .alerts import alert_wire, check_alert_of_tile, create_alert, delete_alert, list_alerts, update_alert
from .dashboard_grammar import InvalidBody, Wire, read
from .dashboard_spec import spec_of
from .dashboards import create_dashboard, delete_dashboard, get_dashboard, read_update, update_dashboard
from .moments import iso
from .saved_config import path_here, published_filter, published_tile, saved_config, saved_filter, saved_tile

T = TypeVar("T")
TileAlerts = dict[str, list[Alert]]
FIELDS = ("name", "tiles", "tags", "filters", "savedQuery", "savedQueryLanguage", "savedFilterValues", "containers")
_NONE = "0" * 24  # stands for the ids that a new dashboard does not have yet
_OF_THE_SERVER = frozenset({"_id", "id", "state", "createdAt", "updatedAt", "team", "teamId", "createdBy", "history"})

# What a replacement of an alert loses when it does not name it.
_LOST = frozenset({"name", "message", "note", "numConsecutiveWindows", "thresholdMax"})


def list_saved_dashboards(services: Services, actor: Actor) -> list[Wire]:
    """By name, descending."""
    alerts = _alerts(services, actor)
    found = services.metadata.dashboards.list(actor.team.id)
    people = _people(services, actor)
    return [_shown(each, alerts.get(each.id, {}), people) for each in found]


def saved_dashboard(services: Services, actor: Actor, dashboard: Dashboard) -> Wire:
    return _shown(dashboard, _alerts(services, actor).get(dashboard.id, {}), _people(services, actor))


def create_saved_dashboard(services: Services, actor: Actor, body: Any, *, request_id: str | None) -> Dashboard:
    """Raises InvalidBody, BadRequest; then nothing is kept."""
    wanted = _wanted_alerts(body)
    published = _published(body)
    if isinstance(published, dict) and isinstance(published.get("filters"), list):
        published["filters"] = [_without_id(each) for each in published["filters"]]
    dashboard = _told_here(lambda: create_dashboard(services, actor, published, request_id=request_id))
    try:
        _match_alerts(services, actor, dashboard, wanted, {}, request_id)
    except BadRequest:
        delete_dashboard(services, actor, dashboard.id, request_id=request_id)
        raise
    return dashboard


def change_saved_dashboard(
    services: Services, actor: Actor, id: str, body: Any, *, request_id: str | None, expected_revision: int | None
) -> Dashboard:
    """What the body names is replaced; null takes away. Alerts follow the tiles, when tiles are sent."""
    stored = get_dashboard(services, actor, id)
    if not isinstance(body, dict):
        raise InvalidBody([Issue("Body", (), "invalid_type", "Expected object")])
    wanted = _wanted_alerts(body)
    whole = {**stored.to_wire(), **_published(body)}
    _keep_unchanged(whole["tiles"], body.get("tiles"), stored)
    if whole.get("savedQuery") is None:
        whole["savedQueryLanguage"] = None
    checked = _told_here(lambda: read_update(services, actor, id, whole))
    before = _alerts(services, actor).get(id, {})
    after = replace(stored, spec=spec_of(checked, stored.spec, services.ids))
    for at, alert in wanted.items():
        check_alert_of_tile(services, actor, AlertBody.model_validate(alert), after, after.tiles[at])
    dashboard = update_dashboard(
        services,
        actor,
        id,
        checked,
        request_id=request_id,
        expected_revision=stored.revision if expected_revision is None else expected_revision,
    )
    if "tiles" in body:
        _match_alerts(services, actor, dashboard, wanted, before, request_id)
    return dashboard


def _published(body: Any) -> Any:
    """The fields of a body in the published form. Null becomes what nothing is there."""
    if not isinstance(body, dict):
        return body
    published = {key: body[key] for key in FIELDS if key in body}
    for key in ("tags", "filters", "savedFilterValues", "containers"):
        if key in published and published[key] is None:
            published[key] = []
    for key, convert in (("tiles", published_tile), ("filters", published_filter)):
        if isinstance(published.get(key), list):
            published[key] = [convert(each) for each in published[key]]
    return published


def _keep_unchanged(published: Any, tiles: Any, stored: Dashboard) -> None:
    """A config that is sent back as it was shown stays as it is stored, whatever became of it on the way."""
    known = {tile.id: (saved_config(tile.config, tile.name), tile) for tile in stored.tiles}
    for at, tile in enumerate(tiles if isinstance(tiles, list) else ()):
        tile_id = tile.get("id") if isinstance(tile, dict) else None
        shown, kept = known.get(tile_id, (None, None)) if isinstance(tile_id, str) else (None, None)
        sent = tile.get("config") if isinstance(tile, dict) else None
        if kept and isinstance(sent, dict) and {**sent, "alert": None} == {**(shown or {}), "alert": None}:
            published[at] = {**published[at], "config": dict(kept.config)}


def _without_id(each: Any) -> Any:
    return {key: value for key, value in each.items() if key != "id"} if isinstance(each, dict) else each


def _told_here(work: Callable[[], T]) -> T:
    """What the work returns; its faults are told in the names of this form."""
    try:
        return work()
    except InvalidBody as error:
        issues = [Issue(each.part, path_here(each.path), each.code, each.text) for each in error.issues]
        raise InvalidBody(issues) from None


# --- alerts of tiles ---------------------------------------------------------------------------------------------


def _wanted_alerts(body: Any) -> dict[int, Wire]:
    """By place of the tile: the alert in its config, checked in itself. Raises InvalidBody."""
    wanted: dict[int, Wire] = {}
    tiles = body.get("tiles") if isinstance(body, dict) else None
    for at, tile in enumerate(tiles if isinstance(tiles, list) else ()):
        config = tile.get("config") if isinstance(tile, dict) else None
        given = config.get("alert") if isinstance(config, dict) else None
        if given is None:
            continue
        if not isinstance(given, dict):
            raise InvalidBody([Issue("Body", ("tiles", at, "config", "alert"), "invalid_type", "Expected object")])
        own = {key: value for key, value in given.items() if key not in _OF_THE_SERVER}
        wanted[at] = {**own, "source": "tile", "dashboardId": _NONE, "tileId": _NONE}
        try:
            read(AlertBody, wanted[at])
        except InvalidBody as error:
            path = ("tiles", at, "config", "alert")
            raise InvalidBody(
                [Issue("Body", (*path, *each.path), each.code, each.text) for each in error.issues]
            ) from None
    return wanted


def _match_alerts(
    services: Services,
    actor: Actor,
    dashboard: Dashboard,
    wanted: dict[int, Wire],
    before: TileAlerts,
    request_id: str | None,
) -> None:
    """The alert of each tile as it was sent: made, changed, or deleted. Tiles come in the order of the body."""
    for at, tile in enumerate(dashboard.tiles):
        there = before.get(tile.id, [])[:1]
        if at in wanted:
            body = {**wanted[at], "dashboardId": dashboard.id, "tileId": tile.id}
            checked = AlertBody.model_validate(body)
            if not there:
                create_alert(services, actor, checked, request_id=request_id)
            elif _differs(alert_wire(there[0]), body):
                update_alert(services, actor, there[0].id, checked, request_id=request_id)
        elif there and services.metadata.alerts.get(actor.team.id, there[0].id):
            delete_alert(services, actor, there[0].id, request_id=request_id)


def _differs(stored: Wire, body: Wire) -> bool:
    """Whether a replacement by the body changes anything; what it leaves out and would lose is gone."""
    wanted = {**body, "channels": body.get("channels") or [body.get("channel")]}
    return any(stored.get(key) != wanted.get(key) for key in wanted.keys() | _LOST)


def _alerts(services: Services, actor: Actor) -> dict[str, TileAlerts]:
    """By dashboard and tile, oldest first."""
    found: dict[str, TileAlerts] = defaultdict(dict)
    for alert in list_alerts(services, actor)[0]:
        if alert.dashboard_id and alert.tile_id:
            found[alert.dashboard_id].setdefault(alert.tile_id, []).append(alert)
    return found


# --- how they are shown ------------------------------------------------------------------------------------------


def _people(services: Services, actor: Actor) -> dict[str, Wire]:
    return {
        user.id: {"email": user.email, "name": user.name} for user, _ in services.metadata.users.list(actor.team.id)
    }


def _shown(dashboard: Dashboard, alerts: TileAlerts, people: dict[str, Wire]) -> Wire:
    wire = dashboard.to_wire()
    tiles = [saved_tile(tile) for tile in wire["tiles"]]
    for tile in tiles:
        for alert in alerts.get(tile["id"], [])[:1]:
            tile["config"]["alert"] = {"_id": alert.id, **alert_wire(alert)}
    author = people.get(dashboard.created_by or "")
    return {
        **wire,
        "_id": dashboard.id,
        "team": dashboard.team_id,
        "tiles": tiles,
        "filters": [saved_filter(each) for each in wire["filters"]],
        "revision": dashboard.revision,
        **({"createdBy": author} if author else {}),
        "createdAt": iso(dashboard.created_ms),
        "updatedAt": iso(dashboard.updated_ms),
    }

"""Dashboards: list, read, create, replace, delete, judge (reference/api-v2.md §7.9 to §7.11)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clickstack.core.dashboard import Dashboard
from clickstack.core.errors import NotFound
from clickstack.core.records import Actor

from ..context import Services
from ..packed_lists import JsonList
from .dashboard_body import DashboardBody, JudgedDashboardBody, NewDashboardBody
from .dashboard_grammar import InvalidBody, Wire, read
from .dashboard_references import Surroundings, dashboard_faults, linked_dashboards, refuse_faults
from .dashboard_spec import EMPTY, judged_spec, spec_of

NOT_FOUND = "Dashboard not found"


def list_dashboards(services: Services, actor: Actor) -> JsonList:
    """All of the team by name descending."""
    found = services.metadata.dashboards.texts(actor.team.id)
    return JsonList(found.texts, f"{found.tag}-{services.version}")


def get_dashboard(services: Services, actor: Actor, id: str) -> Dashboard:
    dashboard = services.metadata.dashboards.get(actor.team.id, id)
    if dashboard is None:
        raise NotFound(NOT_FOUND)
    return dashboard


def create_dashboard(services: Services, actor: Actor, body: Any, *, request_id: str | None) -> Dashboard:
    """`body` is JSON as it came. Raises InvalidBody, BadRequest."""
    checked = read(NewDashboardBody, body)
    spec = spec_of(checked, EMPTY, services.ids)
    refuse_faults(dashboard_faults(spec, EMPTY, _surroundings(services, actor, checked)))
    dashboard = Dashboard(services.ids.object_id(), actor.team.id, checked["name"], spec, actor.user_id)
    return services.metadata.dashboards.insert(dashboard, actor.author, request_id)


def read_update(services: Services, actor: Actor, id: str, body: Any) -> Wire:
    """The body of a replacement, checked in itself. Raises InvalidBody.

    The config of a tile that is sent back as it was stored is taken as it is: some that came in the older form are not
    what the newer one allows.
    """
    try:
        return read(DashboardBody, body)
    except InvalidBody:
        stored = services.metadata.dashboards.get(actor.team.id, id)
        kept = _kept_configs(stored, body) if stored else {}
        if not kept:
            raise
    tiles = [
        {**tile, "config": {"displayType": "markdown"}} if at in kept else tile for at, tile in enumerate(body["tiles"])
    ]
    checked = read(DashboardBody, {**body, "tiles": tiles})
    for at, config in kept.items():
        checked["tiles"][at]["stored"] = config
    return checked


def update_dashboard(
    services: Services,
    actor: Actor,
    id: str,
    checked: Wire,
    *,
    request_id: str | None,
    expected_revision: int | None = None,
) -> Dashboard:
    """Store what `read_update` gave. Raises NotFound, BadRequest, PreconditionFailed."""
    get_dashboard(services, actor, id)
    around = _surroundings(services, actor, checked)

    def edit(before: Dashboard) -> Dashboard:
        spec = spec_of(checked, before.spec, services.ids)
        refuse_faults(dashboard_faults(spec, before.spec, around))
        return replace(before, name=checked["name"], spec=spec)

    return services.metadata.dashboards.update(
        actor.team.id, id, edit, actor.author, request_id, expected_revision=expected_revision
    )


def delete_dashboard(
    services: Services, actor: Actor, id: str, *, request_id: str | None, expected_revision: int | None = None
) -> None:
    """Its alerts go with it. Raises NotFound, PreconditionFailed."""
    gone = services.metadata.dashboards.delete(
        actor.team.id, id, actor.author, request_id, expected_revision=expected_revision
    )
    if not gone:
        raise NotFound(NOT_FOUND)


def judge_dashboard(services: Services, actor: Actor, body: Any) -> Wire:
    """What creating or replacing with this body would say, and what would be stored; nothing is."""
    try:
        checked = read(JudgedDashboardBody, body)
    except InvalidBody as error:
        faults = [(".".join(map(str, issue.path)), issue.text) for issue in error.issues]
        return _judgement(faults, None)
    spec = judged_spec(checked)
    faults = dashboard_faults(spec, EMPTY, _surroundings(services, actor, checked))
    return _judgement(faults, None if faults else spec)


def _judgement(faults: list[tuple[str, str]], normalized: Wire | None) -> Wire:
    errors = [{"path": path, "message": text} for path, text in faults]
    return {"valid": not errors, "errors": errors, "normalized": normalized}


def _kept_configs(stored: Dashboard, body: Any) -> dict[int, Any]:
    """By place in the body: configs that are as they were stored, under the id of their tile."""
    tiles = body.get("tiles") if isinstance(body, dict) else None
    if not isinstance(tiles, list):
        return {}
    known = {tile.id: tile.config for tile in stored.tiles}
    kept: dict[int, Any] = {}
    for at, tile in enumerate(tiles):
        tile_id = tile.get("id") if isinstance(tile, dict) else None
        if isinstance(tile_id, str) and tile_id in known and tile.get("config") == known[tile_id]:
            kept[at] = tile["config"]
    return kept


def _surroundings(services: Services, actor: Actor, body: Wire) -> Surroundings:
    metadata, team_id = services.metadata, actor.team.id
    links = linked_dashboards(body)
    return Surroundings(
        {source.id: source for source in metadata.sources.list(team_id)},
        {connection.id for connection in metadata.connections.list(team_id)},
        metadata.dashboards.existing(team_id, sorted(links)) if links else frozenset(),
    )

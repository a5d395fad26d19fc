"""What a team has, for the export to Terraform: ids and names, no secrets (reference/alerts-and-teams.md §5.3)."""

from __future__ import annotations

from typing import Any, NamedTuple

from fastapi import APIRouter, Request

from clickstack.core.alert import Alert
from clickstack.core.limits import MANIFEST_OBJECTS_MAX
from clickstack.core.source import Source

from ..context import SignedIn, services
from ..wire import Json

router = APIRouter(prefix="/iac")


class Named(NamedTuple):
    id: str
    name: str


@router.get("/import-manifest")
def manifest(request: Request, actor: SignedIn) -> Json:
    """Of each kind the oldest; `truncatedTypes` names the kinds of which there are more."""
    kept, team_id = services(request).metadata, actor.team.id
    found: dict[str, list[Any]] = {
        "dashboards": [Named(row[0], row[2]) for row in kept.dashboards.texts(team_id).rows],
        "alerts": kept.alerts.list(team_id),
        "savedSearches": kept.saved_searches.list(team_id),
        "sources": kept.sources.list(team_id),
        "connections": kept.connections.list(team_id),
        "webhooks": kept.webhooks.list(team_id),
    }
    listed = {
        kind: [_entry(each) for each in sorted(objects, key=lambda each: str(each.id))[:MANIFEST_OBJECTS_MAX]]
        for kind, objects in found.items()
    }
    truncated = [kind for kind, objects in found.items() if len(objects) > MANIFEST_OBJECTS_MAX]
    return Json({**listed, "truncatedTypes": truncated})


def _entry(each: Any) -> dict[str, Any]:
    entry = {"id": each.id, **({"name": each.name} if each.name else {})}
    if isinstance(each, Alert):
        searched = {"savedSearchId": each.saved_search_id} if each.saved_search_id else {}
        return {**entry, "source": each.source, **searched}
    return {**entry, "kind": each.kind} if isinstance(each, Source) else entry

"""The team's alerts, as the UI and its tools keep them, and silencing one (reference/internal-routes.md §3.7)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from clickstack.core.alert import Alert
from clickstack.core.dashboard import Dashboard
from clickstack.core.errors import BadRequest, NotFound
from clickstack.core.limits import ALERT_LIST_WINDOWS
from clickstack.core.records import Actor, User
from clickstack.core.saved_search import SavedSearch

from ..context import Services, SignedIn, services
from ..operations.alert_body import AlertBody, MomentMs
from ..operations.alert_log import recent_windows
from ..operations.alerts import (
    alert_wire,
    create_alert,
    delete_alert,
    get_alert,
    list_alerts,
    silence_alert,
    update_alert,
)
from ..operations.moments import iso
from ..revisions import ExpectedRevision, request_id
from ..validation import ObjectIdPath
from ..wire import Json, WireModel

router = APIRouter(prefix="/alerts")


class SilenceBody(WireModel):
    muted_until: MomentMs


@router.get("")
def list_all(request: Request, actor: SignedIn) -> Json:
    around = Around(services(request), actor)
    found = list_alerts(services(request), actor)[0]
    history = recent_windows(services(request), [each.id for each in found], ALERT_LIST_WINDOWS)
    return Json({"data": [{**around.shown(each), "history": history[each.id]} for each in found]})


@router.get("/{id}")
def get(request: Request, actor: SignedIn, id: ObjectIdPath) -> Json:
    here = services(request)
    shown = Around(here, actor).shown(get_alert(here, actor, id))
    return Json({"data": {**shown, "history": recent_windows(here, [id], ALERT_LIST_WINDOWS)[id]}})


@router.post("")
def create(request: Request, actor: SignedIn, body: AlertBody) -> Json:
    here = services(request)
    alert = create_alert(here, actor, body, request_id=request_id(request))
    return Json({"data": Around(here, actor).shown(alert)})


@router.put("/{id}")
def update(request: Request, actor: SignedIn, id: ObjectIdPath, body: AlertBody, expected: ExpectedRevision) -> Json:
    here = services(request)
    alert = update_alert(here, actor, id, body, request_id=request_id(request), expected_revision=expected)
    return Json({"data": Around(here, actor).shown(alert)})


@router.delete("/{id}")
def delete(request: Request, actor: SignedIn, id: ObjectIdPath, expected: ExpectedRevision) -> Response:
    delete_alert(services(request), actor, id, request_id=request_id(request), expected_revision=expected)
    return PlainTextResponse("OK")


@router.post("/{id}/silenced")
def silence(request: Request, actor: SignedIn, id: ObjectIdPath, body: SilenceBody) -> Response:
    if body.muted_until is None:
        raise BadRequest("mutedUntil: say until when, such as 2030-01-01T00:00:00Z")
    return _silence(request, actor, id, body.muted_until)


@router.delete("/{id}/silenced")
def end_silence(request: Request, actor: SignedIn, id: ObjectIdPath) -> Response:
    return _silence(request, actor, id, None)


def _silence(request: Request, actor: Actor, id: str, until_ms: int | None) -> Response:
    try:
        silence_alert(services(request), actor, id, until_ms, request_id=request_id(request))
    except NotFound as error:
        return Json({"error": error.message, "message": error.message}, status_code=404)
    return PlainTextResponse("OK")


class Around:
    """What alerts are shown with: people, saved searches, dashboards; each read at most once."""

    def __init__(self, here: Services, actor: Actor) -> None:
        self._here = here
        self._team_id = actor.team.id
        self._people: dict[str, User] = {user.id: user for user, _ in here.metadata.users.list(actor.team.id)}
        self._searches: dict[str, SavedSearch | None] = {}
        self._dashboards: dict[str, Dashboard | None] = {}

    def shown(self, alert: Alert) -> dict[str, Any]:
        shown = {**alert_wire(alert), "_id": alert.id, "revision": alert.revision, "history": []}
        author = self._people.get(alert.created_by or "")
        if author:
            shown["createdBy"] = {"email": author.email, "name": author.name}
        if alert.silenced:
            by = self._people.get(alert.silenced.by or "")
            shown["silenced"] = {**shown["silenced"], **({"by": by.email} if by else {})}
        if alert.saved_search_id:
            shown["savedSearch"] = self._saved_search(alert.saved_search_id)
        if alert.dashboard_id:
            shown["dashboard"] = self._dashboard(alert.dashboard_id)
        return shown

    def _saved_search(self, id: str) -> dict[str, Any] | None:
        if id not in self._searches:
            self._searches[id] = self._here.metadata.saved_searches.get(self._team_id, id)
        search = self._searches[id]
        if search is None:
            return None
        return {
            "_id": search.id,
            "name": search.name,
            "tags": list(search.tags),
            "createdAt": iso(search.created_ms),
            "updatedAt": iso(search.updated_ms),
        }

    def _dashboard(self, id: str) -> dict[str, Any] | None:
        if id not in self._dashboards:
            self._dashboards[id] = self._here.metadata.dashboards.get(self._team_id, id)
        dashboard = self._dashboards[id]
        if dashboard is None:
            return None
        return {
            "_id": dashboard.id,
            "name": dashboard.name,
            "tags": list(dashboard.spec["tags"]),
            "tiles": [{"id": tile.id, "config": {"name": tile.name}} for tile in dashboard.tiles],
            "updatedAt": iso(dashboard.updated_ms),
        }

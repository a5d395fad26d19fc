"""The team's saved searches, as the UI keeps them (reference/internal-routes.md §3.5).

Filters of every form are taken here; v2 takes only those the search page can draw.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.responses import Response

from clickstack.core.alert import Alert
from clickstack.core.records import Actor
from clickstack.core.saved_search import SavedSearch

from ..context import Services, SignedIn, services
from ..operations.alerts import alert_wire, list_alerts
from ..operations.saved_searches import (
    SavedSearchBody,
    create_saved_search,
    delete_saved_search,
    get_saved_search,
    list_saved_searches,
    saved_search_wire,
    update_saved_search,
)
from ..revisions import ExpectedRevision, request_id
from ..validation import ObjectId, ObjectIdPath, faults_of
from ..wire import Json, WireModel

router = APIRouter()
ONE, SAME = "/saved-search", "/saved-searches"  # the second is what the reference's command line tool asks for


class SavedSearchOfUi(SavedSearchBody):
    """The same body, with the source under the name the UI gives it."""

    source_id: Annotated[ObjectId, Field(alias="source")]


class SavedSearchChanges(WireModel):
    """Any of the fields; what is null or left out stays."""

    name: Any = None
    source: Any = None
    select: Any = None
    where: Any = None
    where_language: Any = None
    order_by: Any = None
    tags: Any = None
    filters: Any = None


@router.get(SAME)
@router.get(ONE)
def list_all(request: Request, actor: SignedIn) -> Json:
    here = services(request)
    searches, _ = list_saved_searches(here, actor)
    alerts: dict[str | None, list[Alert]] = {}
    for alert in list_alerts(here, actor)[0]:
        alerts.setdefault(alert.saved_search_id, []).append(alert)
    people = _people(here, actor.team.id)
    return Json([_shown(each, people, alerts.get(each.id, [])) for each in searches])


@router.post(ONE)
def create(request: Request, actor: SignedIn, body: SavedSearchOfUi) -> Json:
    here = services(request)
    search = create_saved_search(here, actor, body, request_id=request_id(request), strict_filters=False)
    return Json(_shown(search, _people(here, actor.team.id), _alerts(here, actor, search.id)))


@router.patch(ONE + "/{id}")
def change(
    request: Request, actor: SignedIn, id: ObjectIdPath, body: SavedSearchChanges, expected: ExpectedRevision
) -> Json:
    here = services(request)
    stored = get_saved_search(here, actor, id)
    whole = {**_wire(stored), **body.model_dump(by_alias=True, exclude_none=True)}
    faults = faults_of(SavedSearchOfUi, whole)
    if faults:
        raise RequestValidationError(faults, body=whole)
    search = update_saved_search(
        here,
        actor,
        id,
        SavedSearchOfUi.model_validate(whole),
        request_id=request_id(request),
        expected_revision=stored.revision if expected is None else expected,  # it is a change to what was read
        strict_filters=False,
    )
    return Json(_shown(search, _people(here, actor.team.id), _alerts(here, actor, search.id)))


@router.delete(ONE + "/{id}")
def delete(request: Request, actor: SignedIn, id: ObjectIdPath, expected: ExpectedRevision) -> Response:
    delete_saved_search(services(request), actor, id, request_id=request_id(request), expected_revision=expected)
    return Response(status_code=204)


def _alerts(here: Services, actor: Actor, search_id: str) -> list[Alert]:
    return [alert for alert in list_alerts(here, actor)[0] if alert.saved_search_id == search_id]


def _people(here: Services, team_id: str) -> dict[str | None, dict[str, str]]:
    return {user.id: {"email": user.email, "name": user.name} for user, _ in here.metadata.users.list(team_id)}


def _wire(search: SavedSearch) -> dict[str, Any]:
    """As in v2, but the source is called `source` and the team `team`."""
    wire = saved_search_wire(search)
    return {**wire, "_id": search.id, "source": wire.pop("sourceId"), "team": wire.pop("teamId")}


def _shown(search: SavedSearch, people: dict[str | None, dict[str, str]], alerts: list[Alert]) -> dict[str, Any]:
    shown = _wire(search)
    for key, user_id in (("createdBy", search.created_by), ("updatedBy", search.updated_by)):
        if user_id in people:
            shown[key] = people[user_id]
    if alerts:
        shown["alerts"] = [{"_id": alert.id, **alert_wire(alert)} for alert in alerts]
    return shown

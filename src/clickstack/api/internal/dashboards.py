"""The team's dashboards, as the UI and its tools keep them, with the alerts of tiles inside
(reference/internal-routes.md §3.6)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from starlette.responses import Response

from ..context import SignedIn, services
from ..operations.dashboard_grammar import InvalidBody
from ..operations.dashboards import delete_dashboard, get_dashboard
from ..operations.saved_dashboards import (
    change_saved_dashboard,
    create_saved_dashboard,
    list_saved_dashboards,
    saved_dashboard,
)
from ..revisions import ExpectedRevision, request_id, tagged
from ..validation import ObjectIdPath, array_of
from ..wire import Json

router = APIRouter(prefix="/dashboards")

AnyBody = Annotated[Any, Body()]


@router.get("")
def list_all(request: Request, actor: SignedIn) -> Json:
    return Json(list_saved_dashboards(services(request), actor))


@router.post("")
def create(request: Request, actor: SignedIn, body: AnyBody) -> Json:
    here = services(request)
    try:
        made = create_saved_dashboard(here, actor, body, request_id=request_id(request))
    except InvalidBody as error:
        return Json(array_of(error.issues), status_code=400)
    return tagged(saved_dashboard(here, actor, made), made.revision)


@router.get("/{id}")
def get(request: Request, actor: SignedIn, id: ObjectIdPath) -> Json:
    here = services(request)
    found = get_dashboard(here, actor, id)
    return tagged(saved_dashboard(here, actor, found), found.revision)


@router.patch("/{id}")
def change(request: Request, actor: SignedIn, id: ObjectIdPath, body: AnyBody, expected: ExpectedRevision) -> Json:
    here = services(request)
    try:
        changed = change_saved_dashboard(
            here, actor, id, body, request_id=request_id(request), expected_revision=expected
        )
    except InvalidBody as error:
        return Json(array_of(error.issues), status_code=400)
    return tagged(saved_dashboard(here, actor, changed), changed.revision)


@router.delete("/{id}")
def delete(request: Request, actor: SignedIn, id: ObjectIdPath, expected: ExpectedRevision) -> Response:
    delete_dashboard(services(request), actor, id, request_id=request_id(request), expected_revision=expected)
    return Response(status_code=204)

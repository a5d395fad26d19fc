"""/api/v2/dashboards (reference/api-v2.md §7)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request, Response

from clickstack.core.dashboard import Dashboard
from clickstack.core.errors import BadRequest
from clickstack.core.ids import OBJECT_ID

from ..body_forms import TEXT_BODY
from ..context import KeyHolder, services
from ..failures import INVALID_JSON
from ..operations.dashboard_grammar import InvalidBody
from ..operations.dashboards import (
    create_dashboard,
    delete_dashboard,
    get_dashboard,
    judge_dashboard,
    list_dashboards,
    read_update,
    update_dashboard,
)
from ..packed_lists import list_reply
from ..revisions import ExpectedRevision, request_id, tagged
from ..validation import Issue, ObjectIdPath
from ..wire import Json

router = APIRouter(prefix="/dashboards")


def _parsed(request: Request, body: Annotated[Any, Body()] = None) -> Any:
    """JSON as it came; a bare scalar is no JSON payload, unless a text was meant (reference/api-v2.md §1.6)."""
    if not isinstance(body, (dict, list)) and not request.scope.get(TEXT_BODY):
        raise BadRequest(INVALID_JSON)
    return body


RawBody = Annotated[Any, Depends(_parsed)]


@router.get("")
def list_all(request: Request, actor: KeyHolder) -> Response:
    here = services(request)
    found = list_dashboards(here, actor)
    return list_reply(request, here.packed_lists, found, b'{"data":[', b"]}", {"ETag": f'W/"{found.tag}"'})


@router.post("")
def create(request: Request, actor: KeyHolder, body: RawBody) -> Json:
    return _reply(create_dashboard(services(request), actor, body, request_id=request_id(request)))


@router.post("/validate")
def validate(request: Request, actor: KeyHolder, body: RawBody) -> Json:
    return Json(judge_dashboard(services(request), actor, body))


@router.get("/{id}")
def get(request: Request, actor: KeyHolder, id: ObjectIdPath) -> Json:
    return _reply(get_dashboard(services(request), actor, id))


@router.put("/{id}")
def update(request: Request, actor: KeyHolder, id: str, body: RawBody, expected: ExpectedRevision) -> Json:
    here, wrong_id, checked = services(request), not OBJECT_ID.fullmatch(id.lower()), {}
    try:
        checked = read_update(here, actor, id, body)
    except InvalidBody as error:
        raise InvalidBody([*error.issues, *_id_issues(wrong_id)]) from None
    if wrong_id:
        raise InvalidBody(_id_issues(wrong_id))
    dashboard = update_dashboard(
        here, actor, id.lower(), checked, request_id=request_id(request), expected_revision=expected
    )
    return _reply(dashboard)


@router.delete("/{id}")
def delete(request: Request, actor: KeyHolder, id: ObjectIdPath, expected: ExpectedRevision) -> Json:
    delete_dashboard(services(request), actor, id, request_id=request_id(request), expected_revision=expected)
    return Json({})


def _id_issues(wrong: bool) -> list[Issue]:
    return [Issue("Params", ("id",), "custom", "Invalid ObjectId")] if wrong else []


def _reply(dashboard: Dashboard) -> Json:
    return tagged({"data": dashboard.to_wire()}, dashboard.revision)

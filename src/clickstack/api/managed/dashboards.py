"""…/clickstack/dashboards."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request, Response

from clickstack.core.errors import BadRequest

from ..context import services
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
from ..revisions import ExpectedRevision, request_id
from ..validation import ObjectIdPath
from ..wire import Json
from .callers import ServiceActor
from .envelope import NOT_JSON, array_ends, done, one, result

router = APIRouter(prefix="/dashboards")


def _parsed(body: Annotated[Any, Body()] = None) -> Any:
    """JSON as it came."""
    if not isinstance(body, dict):
        raise BadRequest(NOT_JSON)
    return body


RawBody = Annotated[Any, Depends(_parsed)]


@router.get("")
def list_all(request: Request, actor: ServiceActor) -> Response:
    here = services(request)
    return list_reply(request, here.packed_lists, list_dashboards(here, actor), *array_ends(request), {})


@router.post("")
def create(request: Request, actor: ServiceActor, body: RawBody) -> Json:
    dashboard = create_dashboard(services(request), actor, body, request_id=request_id(request))
    return one(request, dashboard.to_wire(), dashboard.revision)


@router.post("/validate")
def validate(request: Request, actor: ServiceActor, body: RawBody) -> Json:
    return result(request, judge_dashboard(services(request), actor, body))


@router.get("/{id}")
def get(request: Request, actor: ServiceActor, id: ObjectIdPath) -> Json:
    dashboard = get_dashboard(services(request), actor, id)
    return one(request, dashboard.to_wire(), dashboard.revision)


@router.put("/{id}")
def update(request: Request, actor: ServiceActor, id: ObjectIdPath, body: RawBody, expected: ExpectedRevision) -> Json:
    here = services(request)
    checked = read_update(here, actor, id, body)
    dashboard = update_dashboard(here, actor, id, checked, request_id=request_id(request), expected_revision=expected)
    return one(request, dashboard.to_wire(), dashboard.revision)


@router.delete("/{id}")
def delete(request: Request, actor: ServiceActor, id: ObjectIdPath, expected: ExpectedRevision) -> Json:
    delete_dashboard(services(request), actor, id, request_id=request_id(request), expected_revision=expected)
    return done(request)

"""…/clickstack/roles."""

from __future__ import annotations

from fastapi import APIRouter, Request

from ..context import services
from ..operations.roles import (
    NewRoleBody,
    RoleBody,
    create_role,
    delete_role,
    get_role,
    list_roles,
    role_wire,
    update_role,
)
from ..revisions import ExpectedRevision, request_id
from ..validation import ObjectIdPath
from ..wire import Json
from .callers import ServiceActor
from .envelope import done, one, result

router = APIRouter(prefix="/roles")


@router.get("")
def list_all(request: Request, actor: ServiceActor) -> Json:
    return result(request, list_roles(services(request), actor))


@router.post("")
def create(request: Request, actor: ServiceActor, body: NewRoleBody) -> Json:
    role = create_role(services(request), actor, body, request_id=request_id(request))
    return one(request, role_wire(role), role.revision)


@router.get("/{id}")
def get(request: Request, actor: ServiceActor, id: ObjectIdPath) -> Json:
    return one(request, *get_role(services(request), actor, id))


@router.put("/{id}")
def update(request: Request, actor: ServiceActor, id: ObjectIdPath, body: RoleBody, expected: ExpectedRevision) -> Json:
    role = update_role(services(request), actor, id, body, request_id=request_id(request), expected_revision=expected)
    return one(request, role_wire(role), role.revision)


@router.delete("/{id}")
def delete(request: Request, actor: ServiceActor, id: ObjectIdPath, expected: ExpectedRevision) -> Json:
    delete_role(services(request), actor, id, request_id=request_id(request), expected_revision=expected)
    return done(request)

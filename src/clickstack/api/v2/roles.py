"""/api/v2/roles and the role of a member, as self-hosted tools ask for them (reference/managed-api.md §4.7).

Not in the published description of v2; docs/api/managed.md has them.
"""

from __future__ import annotations

from fastapi import APIRouter, Request

from ..context import KeyHolder, services
from ..operations.roles import (
    MemberRoleBody,
    NewRoleBody,
    RoleBody,
    assign_role,
    create_role,
    delete_role,
    get_role,
    list_roles,
    role_wire,
    update_role,
    withdraw_role,
)
from ..revisions import ExpectedRevision, request_id, tagged
from ..validation import ObjectIdPath
from ..wire import Json

router = APIRouter(include_in_schema=False)


@router.get("/roles")
def list_all(request: Request, actor: KeyHolder) -> Json:
    return Json({"data": list_roles(services(request), actor)})


@router.post("/roles")
def create(request: Request, actor: KeyHolder, body: NewRoleBody) -> Json:
    role = create_role(services(request), actor, body, request_id=request_id(request))
    return tagged({"data": role_wire(role)}, role.revision)


@router.get("/roles/{id}")
def get(request: Request, actor: KeyHolder, id: ObjectIdPath) -> Json:
    role, revision = get_role(services(request), actor, id)
    return tagged({"data": role}, revision)


@router.put("/roles/{id}")
def update(request: Request, actor: KeyHolder, id: ObjectIdPath, body: RoleBody, expected: ExpectedRevision) -> Json:
    role = update_role(services(request), actor, id, body, request_id=request_id(request), expected_revision=expected)
    return tagged({"data": role_wire(role)}, role.revision)


@router.delete("/roles/{id}")
def delete(request: Request, actor: KeyHolder, id: ObjectIdPath, expected: ExpectedRevision) -> Json:
    delete_role(services(request), actor, id, request_id=request_id(request), expected_revision=expected)
    return Json({})


@router.put("/team/members/{id}/role")
def assign(request: Request, actor: KeyHolder, id: ObjectIdPath, body: MemberRoleBody) -> Json:
    assign_role(services(request), actor, id, body.role_id, request_id=request_id(request))
    return Json({"data": {"success": True}})


@router.delete("/team/members/{id}/role")
def withdraw(request: Request, actor: KeyHolder, id: ObjectIdPath) -> Json:
    withdraw_role(services(request), actor, id, request_id=request_id(request))
    return Json({"data": {"success": True}})

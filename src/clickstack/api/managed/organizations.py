"""/v1/organizations: the organization of the key, its services, the roles its keys may have."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from clickstack.auth import SYSTEM_ROLES, SystemRole
from clickstack.core.clock import iso_millis
from clickstack.core.errors import NotFound
from clickstack.core.records import Team
from clickstack.metadata import ApiKey

from ..context import services
from ..wire import Json
from .callers import Caller
from .envelope import result

router = APIRouter(prefix="/organizations")


@router.get("")
def list_all(request: Request, key: Caller) -> Json:
    """One: a key belongs to one."""
    return result(request, [_organization(request, key)])


@router.get("/{organizationId}")
def get(request: Request, key: Caller) -> Json:
    return result(request, _organization(request, key))


@router.get("/{organizationId}/services")
def list_services(request: Request, key: Caller) -> Json:
    """Those the key opens."""
    return result(request, [_service(team) for team in _teams(request, key)])


@router.get("/{organizationId}/roles")
def list_roles(request: Request, key: Caller) -> Json:  # noqa: ARG001  # being let in is all it is for
    return result(request, [_role(role) for role in SYSTEM_ROLES.values()])


@router.get("/{organizationId}/roles/{roleId}")
def get_role(request: Request, key: Caller) -> Json:  # noqa: ARG001
    role = SYSTEM_ROLES.get(request.path_params["roleId"].lower())
    if role is None:
        raise NotFound("Role not found")
    return result(request, _role(role))


def _organization(request: Request, key: ApiKey) -> dict[str, Any]:
    organization = services(request).metadata.organizations.get(key.organization_id)
    assert organization is not None, "a foreign key holds it"
    return {"id": organization.id, "name": organization.name, "createdAt": iso_millis(organization.created_at)}


def _teams(request: Request, key: ApiKey) -> list[Team]:
    teams = services(request).metadata.teams.of_organization(key.organization_id)
    return [team for team in teams if key.services is None or team.service_id in key.services]


def _service(team: Team) -> dict[str, Any]:
    return {"id": team.service_id, "name": team.name, "state": "running", "createdAt": iso_millis(team.created_at)}


def _role(role: SystemRole) -> dict[str, Any]:
    return {"id": role.id, "name": role.name, "type": "system", "policies": [], "actors": []}

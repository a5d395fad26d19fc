"""Roles of a team: the three that are always there, and those it makes itself (reference/managed-api.md §4.7)."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, Field, StringConstraints

from clickstack.core.custom_role import ANY_SUBJECT, CustomRole, Permission
from clickstack.core.errors import Forbidden, NotFound
from clickstack.core.limits import (
    NAME_CHARS_MAX,
    ROLE_CONDITIONS_CHARS_MAX,
    ROLE_PERMISSIONS_MAX,
    WEBHOOK_URL_CHARS_MAX,
)
from clickstack.core.records import Actor, Role

from ..context import Services
from ..validation import ObjectId
from ..wire import WireModel
from .dashboard_grammar import Items, wrong
from .moments import iso
from .tile_fields import STORABLE

PREDEFINED: dict[str, tuple[Role, str, tuple[Permission, ...]]] = {
    "ad0000000000000000000001": ("admin", "Everything.", (Permission("manage", ANY_SUBJECT),)),
    "ad0000000000000000000002": (
        "editor",
        "Everything but people, keys and connections.",
        (
            Permission("read", ANY_SUBJECT),
            *(Permission("manage", each) for each in ("Alert", "Dashboard", "SavedSearch", "Source", "Webhook")),
        ),
    ),
    "ad0000000000000000000003": ("viewer", "Sees everything, changes nothing.", (Permission("read", ANY_SUBJECT),)),
}
WORDS_CHARS_MAX = 100


def _storable_json(value: dict[str, Any]) -> dict[str, Any]:
    try:
        text = orjson.dumps(value).decode()
    except (orjson.JSONEncodeError, UnicodeDecodeError):
        raise wrong("Invalid") from None
    if len(text) > ROLE_CONDITIONS_CHARS_MAX or "\\u0000" in text:
        raise wrong(f"Invalid: at most {ROLE_CONDITIONS_CHARS_MAX} characters of JSON, without the character NUL")
    return value


Word = Annotated[str, Field(min_length=1, max_length=WORDS_CHARS_MAX), STORABLE]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True), Field(min_length=1, max_length=NAME_CHARS_MAX), STORABLE
]
Description = Annotated[str, Field(max_length=WEBHOOK_URL_CHARS_MAX), STORABLE]


class PermissionBody(WireModel):
    action: Word
    subject: Word
    inverted: bool = False
    integration: Word | None = None
    conditions: Annotated[dict[str, Any], AfterValidator(_storable_json)] | None = None


Permissions = Annotated[list[PermissionBody], Items(most=ROLE_PERMISSIONS_MAX)]


class NewRoleBody(WireModel):
    name: Name
    description: Description | None = None
    permissions: Permissions


class RoleBody(WireModel):
    """A replacement; a name or description that is left out stays."""

    name: Name | None = None
    description: Description | None = None
    permissions: Permissions


class MemberRoleBody(WireModel):
    role_id: ObjectId


def list_roles(services: Services, actor: Actor) -> list[dict[str, Any]]:
    """As they are shown: the predefined ones first."""
    return [*map(_predefined_wire, PREDEFINED), *map(role_wire, services.metadata.roles.list(actor.team.id))]


def get_role(services: Services, actor: Actor, id: str) -> tuple[dict[str, Any], int]:
    """As it is shown, and its revision. Raises NotFound."""
    if id in PREDEFINED:
        return _predefined_wire(id), 0
    role = _own_role(services, actor, id)
    return role_wire(role), role.revision


def create_role(services: Services, actor: Actor, body: NewRoleBody, *, request_id: str | None) -> CustomRole:
    """Raises Conflict for a name in use."""
    role = CustomRole(services.ids.object_id(), actor.team.id, body.name, body.description, _permissions(body))
    return services.metadata.roles.insert(role, actor.author, request_id)


def update_role(
    services: Services,
    actor: Actor,
    id: str,
    body: RoleBody,
    *,
    request_id: str | None,
    expected_revision: int | None = None,
) -> CustomRole:
    """Raises Forbidden for a predefined role, NotFound, Conflict for a name in use."""
    _refuse_predefined(id)
    sent: dict[str, Any] = {
        name: getattr(body, name) for name in ("name", "description") if name in body.model_fields_set
    }
    if sent.get("name", "") is None:
        del sent["name"]

    def edit(before: CustomRole) -> CustomRole:
        return dataclasses.replace(before, permissions=_permissions(body), **sent)

    return services.metadata.roles.update(
        actor.team.id, id, edit, actor.author, request_id, expected_revision=expected_revision
    )


def delete_role(
    services: Services, actor: Actor, id: str, *, request_id: str | None, expected_revision: int | None = None
) -> None:
    """Raises Forbidden for a predefined role, Conflict for one that people or keys have."""
    _refuse_predefined(id)
    gone = services.metadata.roles.delete(
        actor.team.id, id, actor.author, request_id, expected_revision=expected_revision
    )
    if not gone:
        raise NotFound("Role not found")


def assign_role(services: Services, actor: Actor, user_id: str, role_id: str, *, request_id: str | None) -> None:
    """Give a member a role of either kind. Raises NotFound, and Conflict for the last admin."""
    if role_id in PREDEFINED:
        services.auth.people.change_role(actor, user_id, PREDEFINED[role_id][0], request_id)
        return
    _own_role(services, actor, role_id)
    services.auth.people.change_role(actor, user_id, "viewer", request_id)
    services.metadata.roles.assign(actor.team.id, user_id, role_id, actor.author, request_id)


def withdraw_role(services: Services, actor: Actor, user_id: str, *, request_id: str | None) -> None:
    """Back to seeing everything and changing nothing. Raises NotFound, and Conflict for the last admin."""
    services.auth.people.change_role(actor, user_id, "viewer", request_id)


def role_wire(role: CustomRole) -> dict[str, Any]:
    return {
        **_wire(role.id, role.name, role.description, role.permissions),
        "isPredefined": False,
        "createdAt": iso(role.created_ms),
        "updatedAt": iso(role.updated_ms),
    }


def _predefined_wire(id: str) -> dict[str, Any]:
    return {**_wire(id, *PREDEFINED[id]), "isPredefined": True}


def _wire(id: str, name: str, description: str | None, permissions: tuple[Permission, ...]) -> dict[str, Any]:
    described = {} if description is None else {"description": description}
    return {"id": id, "name": name, **described, "permissions": [_permission_wire(each) for each in permissions]}


def _permission_wire(permission: Permission) -> dict[str, Any]:
    """Without what was not said."""
    optional = {
        "inverted": permission.inverted or None,
        "integration": permission.integration,
        "conditions": permission.conditions,
    }
    said = {key: value for key, value in optional.items() if value is not None}
    return {"action": permission.action, "subject": permission.subject, **said}


def _permissions(body: NewRoleBody | RoleBody) -> tuple[Permission, ...]:
    return tuple(Permission(**each.model_dump()) for each in body.permissions)


def _own_role(services: Services, actor: Actor, id: str) -> CustomRole:
    role = services.metadata.roles.get(actor.team.id, id)
    if role is None:
        raise NotFound("Role not found")
    return role


def _refuse_predefined(id: str) -> None:
    if id in PREDEFINED:
        raise Forbidden("This role is predefined. It cannot be changed; make one of your own.")

"""Keys of the managed API, as the people of a service manage them, and what its addresses are made of.

An admin of one service among several has no say over the others: their keys open their own service only, and keys
that open more are not shown to them. Where there is one service, it and the organization are the same.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from clickstack.auth.api_keys import SYSTEM_ROLES
from clickstack.core.errors import BadRequest, Forbidden, NotFound
from clickstack.core.records import Actor
from clickstack.metadata import ApiKey

from ..context import Services, SignedIn, services
from ..operations.api_keys import (
    UUID,
    ApiKeyChange,
    NewApiKeyBody,
    key_changes,
    key_spec,
    new_key_wire,
    shown_key,
    shown_keys,
)
from ..revisions import request_id
from ..wire import Json, private

router = APIRouter(prefix="/team/api-keys")
KeyId = Annotated[str, Path(alias="id")]


@router.get("")
def list_all(request: Request, actor: SignedIn) -> Json:
    """The keys, the two ids of the addresses, and the roles a key may have: the system's and those of the service."""
    here, team = services(request), actor.team
    alone = _is_alone(here, actor)
    found = here.metadata.api_keys.list(team.organization_id)
    return Json(
        {
            "organizationId": team.organization_id,
            "serviceId": team.service_id,
            "roles": [
                *({"id": role.id, "name": role.name} for role in SYSTEM_ROLES.values() if role.role),
                *({"id": role.id, "name": role.name} for role in here.metadata.roles.list(team.id)),
            ],
            "data": shown_keys(here, [key for key in found if alone or _is_own(key, actor)]),
        }
    )


@router.post("")
def create(request: Request, actor: SignedIn, body: NewApiKeyBody) -> Json:
    """The only reply that ever holds the secret."""
    here = services(request)
    _require_own_services(here, actor, body, new=True)
    spec, hashes = key_spec(here, body)
    new = here.auth.api_keys.create(actor.team.organization_id, spec, actor.author, request_id(request), hashes)
    return private(Json(new_key_wire(here, new)))


@router.patch("/{id}")
def update(request: Request, actor: SignedIn, id: KeyId, body: ApiKeyChange) -> Json:
    here = services(request)
    key = _own_key(here, actor, id)
    _require_own_services(here, actor, body, new=False)
    changes = key_changes(here, body)
    changed = here.auth.api_keys.update(key.organization_id, key.id, changes, actor.author, request_id(request))
    return Json(shown_key(here, changed))


@router.delete("/{id}")
def delete(request: Request, actor: SignedIn, id: KeyId) -> Json:
    here = services(request)
    key = _own_key(here, actor, id)
    here.metadata.api_keys.delete(key.organization_id, key.id, actor.author, request_id(request))
    return Json({"id": key.id})


def _own_key(here: Services, actor: Actor, id: str) -> ApiKey:
    """Raises NotFound, also for a key that opens another service."""
    key = here.metadata.api_keys.get(actor.team.organization_id, id.lower()) if UUID.fullmatch(id) else None
    if key is None or not (_is_own(key, actor) or _is_alone(here, actor)):
        raise NotFound("API key not found")
    return key


def _require_own_services(here: Services, actor: Actor, body: ApiKeyChange, *, new: bool) -> None:
    """Raises for a key that would open somebody else's service."""
    if not (new or "service_ids" in body.model_fields_set) or _is_alone(here, actor):
        return
    own = actor.team.service_id
    if body.service_ids is None:
        raise BadRequest(f"serviceIds: the organization has several services; send [{own!r}]")
    if body.service_ids != [own]:
        raise Forbidden(f"serviceIds: your keys can open your own service only, {own!r}")


def _is_alone(here: Services, actor: Actor) -> bool:
    """Whether the caller's service is the only one of its organization."""
    return len(here.metadata.teams.of_organization(actor.team.organization_id)) == 1


def _is_own(key: ApiKey, actor: Actor) -> bool:
    return key.services == (actor.team.service_id,)

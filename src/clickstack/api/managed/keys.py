"""/v1/organizations/{organizationId}/keys (reference/managed-api.md §6)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from clickstack.auth.api_keys import author_of
from clickstack.core.errors import Forbidden, NotFound
from clickstack.metadata import ApiKey

from ..context import services
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
from .callers import organization_caller
from .envelope import done, result

router = APIRouter(prefix="/organizations/{organizationId}/keys")


def _key_holder(key: Annotated[ApiKey, Depends(organization_caller)]) -> ApiKey:
    """A FastAPI dependency: a key that may see and make others. One for some services could make one for all."""
    if key.services is not None:
        raise Forbidden("This key is for some services only; managing keys needs one for the whole organization.")
    return key


KeyHolder = Annotated[ApiKey, Depends(_key_holder)]
KeyId = Annotated[str, Path(alias="keyId")]


@router.get("")
def list_all(request: Request, caller: KeyHolder) -> Json:
    here = services(request)
    return result(request, shown_keys(here, here.metadata.api_keys.list(caller.organization_id)))


@router.post("")
def create(request: Request, caller: KeyHolder, body: NewApiKeyBody) -> Json:
    """The only reply that ever holds the secret."""
    here = services(request)
    spec, hashes = key_spec(here, body)
    new = here.auth.api_keys.create(caller.organization_id, spec, author_of(caller), request_id(request), hashes)
    return private(result(request, new_key_wire(here, new)))


@router.get("/{keyId}")
def get(request: Request, caller: KeyHolder, id: KeyId) -> Json:
    here = services(request)
    found = here.metadata.api_keys.get(caller.organization_id, _known(id))
    if found is None:
        raise NotFound("API key not found")
    return result(request, shown_key(here, found))


@router.patch("/{keyId}")
def update(request: Request, caller: KeyHolder, id: KeyId, body: ApiKeyChange) -> Json:
    here = services(request)
    changes = key_changes(here, body)
    key = here.auth.api_keys.update(caller.organization_id, _known(id), changes, author_of(caller), request_id(request))
    return result(request, shown_key(here, key))


@router.delete("/{keyId}")
def delete(request: Request, caller: KeyHolder, id: KeyId) -> Json:
    services(request).auth.api_keys.delete(caller, _known(id), author_of(caller), request_id(request))
    return done(request)


def _known(id: str) -> str:
    """Raises NotFound for what cannot be an id, before the database sees it."""
    if not UUID.fullmatch(id):
        raise NotFound("API key not found")
    return id.lower()

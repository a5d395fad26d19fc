"""One's own named access keys, for programs that call the REST API."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints

from clickstack.core.clock import iso_millis, utc_datetime
from clickstack.core.limits import ACCESS_KEY_LIFE_S_MAX, ACCESS_KEY_NAME_CHARS_MAX
from clickstack.core.records import Scope
from clickstack.metadata import AccessKey

from ..context import SignedIn, services
from ..revisions import request_id
from ..validation import ObjectIdPath
from ..wire import Json, WireModel, private

router = APIRouter(prefix="/me/access-keys")

DAY_S = 24 * 3600


class NewKey(WireModel):
    """`expires_in_days` null or absent: never."""

    name: Annotated[
        str, StringConstraints(strip_whitespace=True), Field(min_length=1, max_length=ACCESS_KEY_NAME_CHARS_MAX)
    ]
    scope: Scope = "write"
    expires_in_days: Annotated[int, Field(ge=1, le=ACCESS_KEY_LIFE_S_MAX // DAY_S)] | None = None


@router.get("")
def access_keys(request: Request, actor: SignedIn) -> Json:
    """Oldest first, those that were revoked or have expired too."""
    server = services(request)
    now_ns = server.clock.now_ns()
    return Json({"data": [_key(each, now_ns) for each in server.auth.access_keys.list(actor)]})


@router.post("")
def create(request: Request, actor: SignedIn, body: NewKey) -> Json:
    """The only reply that ever holds the key itself."""
    server = services(request)
    life_s = None if body.expires_in_days is None else body.expires_in_days * DAY_S
    new = server.auth.access_keys.create(actor, body.name, body.scope, life_s, request_id(request))
    return private(Json({**_key(new.key, server.clock.now_ns()), "key": new.secret}))


@router.delete("/{id}")
def revoke(request: Request, actor: SignedIn, id: ObjectIdPath) -> Json:
    services(request).auth.access_keys.revoke(actor, id, request_id(request))
    return Json({"id": id})


def _key(key: AccessKey, now_ns: int) -> dict[str, Any]:
    expired = key.expires_at is not None and key.expires_at <= utc_datetime(now_ns)
    return {
        "id": key.id,
        "name": key.name,
        "hint": key.hint,
        "scope": key.scope,
        "state": "revoked" if key.revoked_at else "expired" if expired else "active",
        "createdAt": iso_millis(key.created_at),
        "expiresAt": iso_millis(key.expires_at) if key.expires_at else None,
        "lastUsedAt": iso_millis(key.last_used_at) if key.last_used_at else None,
        "revokedAt": iso_millis(key.revoked_at) if key.revoked_at else None,
    }

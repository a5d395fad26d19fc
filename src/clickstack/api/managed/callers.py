"""Who calls, as a handler needs it: the key for what belongs to the organization, an actor for what is in a service.

Both ask the table of permissions (auth/permissions.py) before anything is validated.
"""

from __future__ import annotations

import re
from typing import Annotated, cast

from fastapi import Depends, Path
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import Scope

from clickstack.auth import rule_of
from clickstack.auth.api_keys import permit_key, require_organization
from clickstack.auth.permissions import Rule
from clickstack.core.errors import Forbidden, Unauthorized
from clickstack.core.records import Actor
from clickstack.metadata import ApiKey

from ..context import services

V1 = "/v1"
SERVICE_PREFIX = f"{V1}/organizations/{{organizationId}}/services/{{serviceId}}/clickstack"
_IN_SERVICE = re.compile(rf"{V1}/organizations/([^/]+)/services/([^/]+)/clickstack(/.+)")


def organization_caller(request: Request) -> ApiKey:
    """A FastAPI dependency: the key, in its own organization. Raises Forbidden."""
    key = _key(request)
    named = request.path_params.get("organizationId")
    if named is not None:
        require_organization(key, named)
    permit_key(key, _rule(request, V1))
    return key


Caller = Annotated[ApiKey, Depends(organization_caller)]
"""The parameter of a handler of the organization."""


async def service_actor(
    request: Request,
    organization_id: Annotated[str, Path(alias="organizationId")],
    service_id: Annotated[str, Path(alias="serviceId")],
) -> Actor:
    """A FastAPI dependency: the key, at work in the service it names. Raises Forbidden."""
    keys, rule = services(request).auth.api_keys, _rule(request, SERVICE_PREFIX)
    asked = (request.method, SERVICE_PREFIX + request.scope["route"].path)
    return await run_in_threadpool(keys.actor, _key(request), organization_id, service_id, rule, asked)


ServiceActor = Annotated[Actor, Depends(service_actor)]
"""The parameter of a handler of a service."""


async def changing_caller(scope: Scope) -> Actor | None:
    """Who sends a POST that changes something in a service; None for all else. Raises Forbidden.

    A new key of the organization is no such thing: its secret must not lie in a stored reply.
    """
    found = _IN_SERVICE.fullmatch(scope["path"])
    if found is None:
        return None
    organization_id, service_id, rest = found.groups()
    rule = rule_of("POST", SERVICE_PREFIX + rest)
    if rule is None or rule.scope == "read":
        return None
    request, asked = Request(scope), ("POST", SERVICE_PREFIX + rest)
    keys = services(request).auth.api_keys
    return await run_in_threadpool(keys.actor, _key(request), organization_id, service_id, rule, asked)


def _key(request: Request) -> ApiKey:
    key = getattr(request.state, "api_key", None)
    if key is None:
        raise Unauthorized("No key")
    return cast(ApiKey, key)


def _rule(request: Request, prefix: str) -> Rule:
    rule = rule_of(request.method, prefix + request.scope["route"].path)
    if rule is None:
        raise Forbidden("Nobody may do this: the route has no rule.")
    return rule

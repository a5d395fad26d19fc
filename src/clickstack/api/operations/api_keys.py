"""API keys of an organization: bodies, rules, what is shown of one (reference/managed-api.md §6)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from clickstack.auth import SYSTEM_ROLES, Hashes, KeySpec, NewApiKey
from clickstack.auth.api_keys import DEFAULT_ROLES, OLDER_ROLES, network_of
from clickstack.core.clock import iso_millis, utc_datetime
from clickstack.core.errors import BadRequest
from clickstack.core.ids import OBJECT_ID
from clickstack.core.limits import (
    ACCESS_KEY_NAME_CHARS_MAX,
    API_KEY_IP_SOURCES_MAX,
    API_KEY_ROLES_MAX,
    NAME_CHARS_MAX,
)
from clickstack.metadata import ApiKey, ApiKeyState, IpSource

from ..context import Services
from ..wire import WireModel
from .alert_body import MomentMs
from .dashboard_grammar import Items, wrong
from .tile_fields import STORABLE

UNNAMED = "API key"
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _source(text: str) -> str:
    try:
        network_of(text)
    except ValueError:
        raise wrong("Invalid: write an IPv4 or IPv6 address, or a network such as 10.0.0.0/8") from None
    return text.strip()


def _role_id(text: str) -> str:
    if text.lower() not in SYSTEM_ROLES and not OBJECT_ID.fullmatch(text.lower()):
        raise wrong("There is no such role; GET …/roles lists them")
    return text.lower()


def _uuid(text: str) -> str:
    if not UUID.fullmatch(text):
        raise wrong("Invalid uuid")
    return text.lower()


Name = Annotated[
    str, StringConstraints(strip_whitespace=True), Field(min_length=1, max_length=ACCESS_KEY_NAME_CHARS_MAX), STORABLE
]
RoleIds = Annotated[list[Annotated[str, AfterValidator(_role_id)]], Items(most=API_KEY_ROLES_MAX)]
OlderRoles = Annotated[list[Literal["admin", "developer", "query_endpoints"]], Items(least=1, most=API_KEY_ROLES_MAX)]
ServiceIds = Annotated[list[Annotated[str, AfterValidator(_uuid)]], Items(least=1, most=API_KEY_ROLES_MAX)]


class IpSourceBody(WireModel):
    source: Annotated[str, Field(max_length=NAME_CHARS_MAX), AfterValidator(_source)]
    description: Annotated[str, Field(max_length=NAME_CHARS_MAX), STORABLE] | None = None


class HashDataBody(WireModel):
    """Raw SHA-256 in base64, of an id and a secret that were made elsewhere."""

    key_id_hash: Annotated[str, Field(max_length=64)]
    key_id_suffix: Annotated[str, Field(min_length=4, max_length=4, pattern=r"^[!-~]+$")]
    key_secret_hash: Annotated[str, Field(max_length=64)]


class ApiKeyChange(WireModel):
    """What may be changed. `service_ids`: the only services the key opens; null or absent at first: all."""

    name: Name = UNNAMED
    state: ApiKeyState = "enabled"
    expire_at: MomentMs = None
    roles: OlderRoles = Field(default_factory=list)
    assigned_role_ids: RoleIds = Field(default_factory=list)
    ip_access_list: Annotated[list[IpSourceBody], Items(most=API_KEY_IP_SOURCES_MAX)] | None = None
    service_ids: ServiceIds | None = None


class NewApiKeyBody(ApiKeyChange):
    hash_data: HashDataBody | None = None


def key_spec(services: Services, body: NewApiKeyBody) -> tuple[KeySpec, Hashes | None]:
    """Raises BadRequest for an expiry that has passed."""
    changes = key_changes(services, body)
    changes.setdefault("name", UNNAMED)
    changes.setdefault("roles", DEFAULT_ROLES)
    hashes = body.hash_data
    made_elsewhere = hashes and Hashes(hashes.key_id_hash, hashes.key_id_suffix, hashes.key_secret_hash)
    return KeySpec(**changes), made_elsewhere or None


def key_changes(services: Services, body: ApiKeyChange) -> dict[str, Any]:
    """The fields of KeySpec that were sent. Roles of either kind, when any are sent, are all the key then has."""
    sent = body.model_fields_set
    changes: dict[str, Any] = {name: getattr(body, name) for name in ("name", "state") if name in sent}
    if "expire_at" in sent:
        changes["expires_at"] = _expiry(services, body.expire_at)
    if "roles" in sent or "assigned_role_ids" in sent:
        changes["roles"] = tuple(dict.fromkeys([*body.roles, *body.assigned_role_ids]))
    if "ip_access_list" in sent:
        changes["ip_access_list"] = tuple(IpSource(each.source, each.description) for each in body.ip_access_list or ())
    if "service_ids" in sent:
        changes["services"] = None if body.service_ids is None else tuple(dict.fromkeys(body.service_ids))
    return changes


def _expiry(services: Services, at_ms: int | None) -> Any:
    if at_ms is None:
        return None
    if at_ms * 1_000_000 <= services.clock.now_ns():
        raise BadRequest("expireAt: must be in the future. To end a key now, disable or delete it")
    return utc_datetime(at_ms * 1_000_000)


def shown_keys(services: Services, keys: Sequence[ApiKey]) -> list[dict[str, Any]]:
    """Keys of one organization as they are shown, with the names of the roles that its services made themselves."""
    names: dict[str, str] = {}
    if any(role not in OLDER_ROLES and role not in SYSTEM_ROLES for key in keys for role in key.roles):
        for team in services.metadata.teams.of_organization(keys[0].organization_id):
            names |= {role.id: role.name for role in services.metadata.roles.list(team.id)}
    return [_key_wire(key, names) for key in keys]


def shown_key(services: Services, key: ApiKey) -> dict[str, Any]:
    return shown_keys(services, [key])[0]


def _key_wire(key: ApiKey, names: Mapping[str, str]) -> dict[str, Any]:
    """`expireAt` and `usedAt` are absent when there is none; `serviceIds` when the key opens all services."""
    wire: dict[str, Any] = {
        "id": key.id,
        "name": key.name,
        "state": key.state,
        "roles": [role for role in key.roles if role in OLDER_ROLES],
        "assignedRoles": [_role_wire(role, names) for role in key.roles if role not in OLDER_ROLES],
        "keySuffix": key.suffix,
        "createdAt": iso_millis(key.created_at),
        "ipAccessList": _ip_wire(key.ip_access_list),
    }
    if key.expires_at is not None:
        wire["expireAt"] = iso_millis(key.expires_at)
    if key.last_used_at is not None:
        wire["usedAt"] = iso_millis(key.last_used_at.replace(second=0, microsecond=0))
    if key.services is not None:
        wire["serviceIds"] = list(key.services)
    return wire


def new_key_wire(services: Services, new: NewApiKey) -> dict[str, Any]:
    """The only place where id and secret are shown."""
    wire: dict[str, Any] = {"key": shown_key(services, new.key)}
    if new.key_id is not None:
        wire |= {"keyId": new.key_id, "keySecret": new.secret}
    return wire


def _role_wire(role_id: str, names: Mapping[str, str]) -> dict[str, str]:
    """A role that has gone since is known by its id."""
    if role_id in SYSTEM_ROLES:
        return {"roleId": role_id, "roleName": SYSTEM_ROLES[role_id].name, "roleType": "system"}
    return {"roleId": role_id, "roleName": names.get(role_id, role_id), "roleType": "custom"}


def _ip_wire(sources: Sequence[IpSource]) -> list[dict[str, str]]:
    return [
        {"source": each.source, **({} if each.description is None else {"description": each.description})}
        for each in sources
    ]

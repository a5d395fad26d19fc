"""Keys of the managed API: an id and a secret, of an organization or of some of its services.

A key's roles are those of reference/managed-api.md §6; SYSTEM_ROLES says what each is worth here. The order of the
checks is that of §1: known, enabled, not expired, from an allowed address; then what it opens, and what it may do.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from clickstack.core.clock import Clock, iso_millis, utc_datetime
from clickstack.core.errors import BadRequest, Conflict, Forbidden, MetadataFailed, Unauthorized
from clickstack.core.ids import OBJECT_ID, IdSource
from clickstack.core.limits import SEEN_EVERY_S
from clickstack.core.log import fields, get_logger
from clickstack.core.records import Actor, Author, Role, Team, User
from clickstack.metadata import ApiKey, ApiKeyState, IpSource, Metadata

from .custom_roles import covers
from .permissions import Rule, grants, highest

UNKNOWN_API_KEY = "Key is not found"  # the text of the original
PREFIX = "cs_secret_"  # so that scanners for leaked secrets, and people, know one when they see one
CREDENTIAL_CHARS_MAX = 200  # of an id and of a secret; longer text is neither
_SUFFIX_CHARS = 4
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ANYWHERE = ipaddress.ip_network("0.0.0.0/0")  # the original's word for any address at all

_log = get_logger("auth")


@dataclass(frozen=True, slots=True)
class SystemRole:
    """A role of the original. `role` is what it is worth here, None: nothing."""

    id: str
    name: str
    role: Role | None


SYSTEM_ROLES: dict[str, SystemRole] = {
    role.id: role
    for role in (
        SystemRole("5b0c7a10-0000-4000-8000-000000000001", "Admin", "admin"),
        SystemRole("5b0c7a10-0000-4000-8000-000000000002", "Service admin", "editor"),
        SystemRole("5b0c7a10-0000-4000-8000-000000000003", "Service API admin", "editor"),
        SystemRole("5b0c7a10-0000-4000-8000-000000000004", "Service reader", "viewer"),
        SystemRole("5b0c7a10-0000-4000-8000-000000000005", "Service API reader", "viewer"),
        SystemRole("5b0c7a10-0000-4000-8000-000000000006", "Organization API reader", "viewer"),
        SystemRole("5b0c7a10-0000-4000-8000-000000000007", "Basic service API reader", None),
        SystemRole("5b0c7a10-0000-4000-8000-000000000008", "Billing", None),
        SystemRole("5b0c7a10-0000-4000-8000-000000000009", "Member", None),
    )
}
OLDER_ROLES: dict[str, Role | None] = {"admin": "admin", "developer": "viewer", "query_endpoints": None}
DEFAULT_ROLES = ("developer",)  # of a key that names none: it reads


@dataclass(frozen=True, slots=True)
class KeySpec:
    """What is said about a key that is made or changed. See ApiKey."""

    name: str
    roles: tuple[str, ...] = DEFAULT_ROLES
    services: tuple[str, ...] | None = None
    state: ApiKeyState = "enabled"
    expires_at: datetime | None = None
    ip_access_list: tuple[IpSource, ...] = ()


@dataclass(frozen=True, slots=True)
class Hashes:
    """A pair somebody else made and hashed: raw SHA-256 in base64, and the id's last characters."""

    id_hash: str
    id_suffix: str
    secret_hash: str


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key just made. Id and secret are shown now and never again; None when they were made elsewhere."""

    key: ApiKey
    key_id: str | None
    secret: str | None = field(repr=False)


class ApiKeys:
    """`request_id` goes to the audit log."""

    def __init__(self, metadata: Metadata, clock: Clock, ids: IdSource) -> None:
        self._stored = metadata.api_keys
        self._teams = metadata.teams
        self._roles = metadata.roles
        self._clock = clock
        self._ids = ids

    def caller(self, key_id: str, secret: str, address: str) -> ApiKey:
        """The key that a request from `address` came with. Raises Unauthorized, Forbidden for a wrong network."""
        if not (_plausible(key_id) and _plausible(secret)):
            raise Unauthorized(UNKNOWN_API_KEY)
        found = self._stored.with_id_hash(_hash(key_id))
        key, expected = found or (None, _hash(""))
        if not hmac.compare_digest(_hash(secret), expected) or key is None:
            raise Unauthorized(UNKNOWN_API_KEY)
        if key.state != "enabled":
            raise Unauthorized(f"The key {key.name!r} is disabled. Enable it, or use another one.")
        now = utc_datetime(self._clock.now_ns())
        if key.expires_at is not None and key.expires_at <= now:
            raise Unauthorized(f"The key {key.name!r} expired at {iso_millis(key.expires_at)}. Create another one.")
        if not admits(key.ip_access_list, address):
            raise Forbidden(f"The key {key.name!r} may not be used from the address {address}.")
        if key.last_used_at is None or (now - key.last_used_at).total_seconds() >= SEEN_EVERY_S:
            self._note_used(key)
        return key

    def actor(self, key: ApiKey, organization_id: str, service_id: str, rule: Rule, asked: tuple[str, str]) -> Actor:
        """The key as somebody who acts in a service: `asked` is the method and the template of the route.

        Raises Forbidden, also for a service that is not there.
        """
        require_organization(key, organization_id)
        allowed = _UUID.fullmatch(service_id) and (key.services is None or service_id.lower() in key.services)
        team = self._teams.of_service(key.organization_id, service_id.lower()) if allowed else None
        if team is None:
            raise Forbidden(f"This key does not open the service {service_id[:40]!r}.")
        if not self._custom_role_covers(key, team.id, rule, asked):
            permit_key(key, rule)
        return Actor(user=_nobody(key, role_of(key) or "viewer", team), team=team, via="api_key", credential=key.id)

    def _custom_role_covers(self, key: ApiKey, team_id: str, rule: Rule, asked: tuple[str, str]) -> bool:
        """Whether one of the key's roles that the service made itself allows a route."""
        own = [self._roles.get(team_id, role) for role in key.roles if OBJECT_ID.fullmatch(role)]
        return any(role is not None and covers(role.permissions, rule, *asked) for role in own)

    def create(
        self,
        organization_id: str,
        spec: KeySpec,
        author: Author,
        request_id: str | None,
        hashes: Hashes | None = None,
    ) -> NewApiKey:
        """Raises BadRequest for services that are not there or unreadable hashes, Conflict for too many keys."""
        self._require_services(organization_id, spec.services)
        self._require_roles(organization_id, spec.roles)
        key_id, secret = self._ids.uuid().replace("-", ""), PREFIX + self._ids.token()
        key = ApiKey(
            id=self._ids.uuid(),
            organization_id=organization_id,
            services=spec.services,
            name=spec.name,
            suffix=hashes.id_suffix if hashes else key_id[-_SUFFIX_CHARS:],
            state=spec.state,
            expires_at=spec.expires_at,
            ip_access_list=spec.ip_access_list,
            roles=spec.roles,
            created_at=utc_datetime(self._clock.now_ns() // 1_000_000 * 1_000_000),
        )
        if hashes:
            id_hash, secret_hash = _given(hashes.id_hash, "keyIdHash"), _given(hashes.secret_hash, "keySecretHash")
            self._stored.add(key, id_hash, secret_hash, author, request_id)
            return NewApiKey(key, None, None)
        self._stored.add(key, _hash(key_id), _hash(secret), author, request_id)
        return NewApiKey(key, key_id, secret)

    def update(
        self, organization_id: str, id: str, changes: dict[str, Any], author: Author, request_id: str | None
    ) -> ApiKey:
        """`changes` are fields of KeySpec. Raises NotFound, BadRequest."""
        self._require_services(organization_id, changes.get("services"))
        self._require_roles(organization_id, changes.get("roles", ()))
        return self._stored.update(organization_id, id, lambda key: replace(key, **changes), author, request_id)

    def delete(self, caller: ApiKey, id: str, author: Author, request_id: str | None) -> None:
        """Raises NotFound, and Conflict for the key that asks."""
        if id == caller.id:
            raise Conflict("A key cannot delete itself. Use another key, or the API Keys page of Team Settings.")
        self._stored.delete(caller.organization_id, id, author, request_id)

    def _require_services(self, organization_id: str, services: Sequence[str] | None) -> None:
        if services is None:
            return
        known = {team.service_id for team in self._teams.of_organization(organization_id)}
        for each in services:
            if each not in known:
                raise BadRequest(f"serviceIds: the organization has no service {each!r}")

    def _require_roles(self, organization_id: str, roles: Sequence[str]) -> None:
        """Of the roles that services made themselves: one of the organization's services must have it."""
        own = [role for role in roles if OBJECT_ID.fullmatch(role)]
        teams = self._teams.of_organization(organization_id) if own else []
        for role in own:
            if all(self._roles.get(team.id, role) is None for team in teams):
                raise BadRequest(f"assignedRoleIds: the organization has no role {role!r}")

    def _note_used(self, key: ApiKey) -> None:
        try:
            self._stored.note_used(key.id)
        except MetadataFailed as error:
            _log.warning("use of an API key not kept", extra=fields(key=key.id, reason=str(error)))


def role_of(key: ApiKey) -> Role | None:
    """What a key may do here: the most of what its roles are worth."""
    worth = [OLDER_ROLES[role] if role in OLDER_ROLES else _worth(role) for role in key.roles]
    return highest(role for role in worth if role is not None)


def _worth(role_id: str) -> Role | None:
    role = SYSTEM_ROLES.get(role_id)
    return role.role if role else None


def permit_key(key: ApiKey, rule: Rule) -> None:
    """Raises Forbidden, saying what is missing."""
    role = role_of(key)
    if not grants(role, rule):
        raise Forbidden(
            f"The roles of this key do not allow this: it needs {rule.role} rights, and the key has {role}."
        )


def require_organization(key: ApiKey, organization_id: str) -> None:
    """Raises Forbidden, so that nobody learns which organizations there are. 404 would mean that things are gone."""
    if organization_id.lower() != key.organization_id:
        raise Forbidden(f"This key does not open the organization {organization_id[:40]!r}.")


def author_of(key: ApiKey) -> Author:
    return Author("api_key", key.id, key.name)


def admits(sources: Iterable[IpSource], address: str) -> bool:
    """Whether a list of addresses and networks lets an address in; an empty one lets all in.

    >>> admits([IpSource("10.0.0.0/8")], "10.1.2.3"), admits([IpSource("::1")], "10.1.2.3"), admits([], "unknown")
    (True, False, True)
    """
    networks = [network_of(each.source) for each in sources]
    if not networks or _ANYWHERE in networks:
        return True
    try:
        caller = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(caller, ipaddress.IPv6Address) and caller.ipv4_mapped:
        caller = caller.ipv4_mapped
    return any(caller in network for network in networks)


def network_of(source: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Raises ValueError for what is neither an address nor a network; host bits may be set."""
    return ipaddress.ip_network(source.strip(), strict=False)


def _nobody(key: ApiKey, role: Role, team: Team) -> User:
    """The person of an actor that is no person."""
    return User(
        id="",
        team_id=team.id,
        email="",
        name=key.name,
        role=role,
        access_key="",
        created_at=key.created_at,
        updated_at=key.created_at,
    )


def _plausible(text: str) -> bool:
    return 0 < len(text) <= CREDENTIAL_CHARS_MAX and text.isascii() and text.isprintable()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _given(text: str, field: str) -> str:
    """A hash as it came, as it is kept: in hex."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != hashlib.sha256().digest_size:
        raise BadRequest(f"hashData.{field}: send the base64 of the 32 bytes of a SHA-256")
    return raw.hex()

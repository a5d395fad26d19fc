"""Signing in through an OpenID provider: who of its people may come in here, and as what.

Known by their identity (issuer and subject) from the second time on. The first time, by a verified e-mail address: of
a person who is here, of an open invitation, or in a domain whose people may all come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from clickstack.core.clock import Clock
from clickstack.core.errors import ClickstackError, Conflict, NotFound, StartupError
from clickstack.core.ids import IdSource
from clickstack.core.log import fields, get_logger
from clickstack.core.records import Author, Role, User
from clickstack.core.settings import Settings
from clickstack.metadata import Metadata

from .oidc_ticket import Client, OidcFailed, Ticket
from .people import People, canonical_email, is_email

if TYPE_CHECKING:
    from .oidc_provider import Provider

CALLBACK = "/api/login/oidc/callback"  # through the app port, where people are
ROLES: tuple[Role, ...] = ("viewer", "editor", "admin")  # ascending: of several groups the highest counts

_log = get_logger("auth")

Reason = Literal["oidcFailed", "oidcNotAllowed"]


class OidcRefused(ClickstackError):
    """Nobody comes in. `reason` is what the sign-in page is told, the message what the log is."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Entry:
    """Who may come in, and as what. `role_of` is by group, groups are in the claim `groups_claim`."""

    domains: frozenset[str]
    groups_claim: str
    role_of: Mapping[str, Role]
    default_role: Role


class Oidc:
    """Every call blocks on the provider: never on an event loop."""

    def __init__(self, provider: Provider, entry: Entry, metadata: Metadata, ids: IdSource, people: People) -> None:
        self._provider = provider
        self._entry = entry
        self._metadata = metadata
        self._ids = ids
        self._people = people

    def begin(self) -> tuple[str, Ticket]:
        """Where to send the browser, and what it keeps until it is back. Raises OidcRefused."""
        ticket = Ticket(self._ids.token(), self._ids.token(), self._ids.token())
        try:
            return self._provider.sign_in_url(ticket), ticket
        except OidcFailed as error:
            raise OidcRefused("oidcFailed", str(error)) from error

    def finish(self, code: str, state: str, ticket: Ticket | None, request_id: str | None) -> User:
        """Who came back with the code. Raises OidcRefused."""
        if ticket is None or not state or state != ticket.state:
            raise OidcRefused("oidcFailed", "the browser that came back is not the one that left")
        try:
            claims = self._provider.claims(code, ticket)
        except OidcFailed as error:
            raise OidcRefused("oidcFailed", str(error)) from error
        issuer, subject = claims["iss"], claims["sub"]
        user = self._metadata.identities.find(issuer, subject)
        if user is None:
            user = self._first_time(claims, request_id)
        return self._with_role_of_groups(user, claims, request_id)

    def _first_time(self, claims: Mapping[str, Any], request_id: str | None) -> User:
        issuer, subject = claims["iss"], claims["sub"]
        email = canonical_email(str(claims.get("email") or ""))
        if not is_email(email) or claims.get("email_verified") not in (True, "true"):
            raise OidcRefused("oidcNotAllowed", f"{subject!r} has no verified e-mail address there")
        found = self._metadata.users.with_email(email)
        if found is not None:
            self._metadata.identities.link(found[0], issuer, subject, request_id)
            return found[0]
        user = self._newcomer(email, claims, request_id)
        self._metadata.identities.link(user, issuer, subject, request_id)
        return user

    def _newcomer(self, email: str, claims: Mapping[str, Any], request_id: str | None) -> User:
        name = claims.get("name")
        name = name.strip()[:254] if isinstance(name, str) else None
        try:
            invite = self._metadata.invites.with_email(email)
            if invite is not None:
                user = self._people.newcomer(invite.team_id, email, invite.name or name, invite.role)
                self._metadata.invites.accept(invite, user, None, request_id)
                return user
            team = self._metadata.installation.team()
            role = self._role_of_groups(claims) or self._entry.default_role
            if team is None or email.rpartition("@")[2] not in self._entry.domains:
                raise OidcRefused("oidcNotAllowed", f"{email} is neither invited nor of an allowed domain")
            user = self._people.newcomer(team.id, email, name, role)
            self._metadata.users.add(user, request_id)
            return user
        except (Conflict, NotFound) as error:
            raise OidcRefused("oidcFailed", error.message) from error

    def _with_role_of_groups(self, user: User, claims: Mapping[str, Any], request_id: str | None) -> User:
        """The role follows the groups at each sign-in, where groups give one."""
        role = self._role_of_groups(claims)
        if role is None or role == user.role:
            return user
        author = Author("system", "oidc", str(claims["iss"]))
        try:
            return self._metadata.users.change_role(user.team_id, user.id, role, author, request_id)
        except Conflict as error:
            _log.warning("role of groups not taken", extra=fields(user=user.id, role=role, reason=error.message))
            return user

    def _role_of_groups(self, claims: Mapping[str, Any]) -> Role | None:
        groups = claims.get(self._entry.groups_claim)
        named = groups if isinstance(groups, list) else [groups]
        roles = [
            self._entry.role_of[group] for group in named if isinstance(group, str) and group in self._entry.role_of
        ]
        return max(roles, key=ROLES.index) if roles else None


def open_oidc(settings: Settings, metadata: Metadata, clock: Clock, ids: IdSource, people: People) -> Oidc | None:
    """None without a provider in the settings. Raises StartupError for settings that contradict each other."""
    if not settings.oidc_issuer:
        return None
    if not settings.oidc_client_id:
        raise StartupError("CLICKSTACK_OIDC_ISSUER needs CLICKSTACK_OIDC_CLIENT_ID beside it.")
    if not settings.oidc_issuer.startswith(("https://", "http://")):
        raise StartupError("CLICKSTACK_OIDC_ISSUER must be the provider's address: https://…")
    from .oidc_provider import Provider  # its libraries take a fifth of a second, only where they are needed

    client = Client(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        secret=settings.oidc_client_secret,
        redirect_uri=settings.public_url + CALLBACK,
    )
    entry = Entry(
        domains=frozenset(_listed(settings.oidc_allowed_domains.lower())),
        groups_claim=settings.oidc_groups_claim,
        role_of=_roles(settings.oidc_roles),
        default_role=cast(Role, settings.oidc_default_role),
    )
    return Oidc(Provider(client, clock), entry, metadata, ids, people)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _roles(text: str) -> dict[str, Role]:
    """`group=role,…` as a table; the last `=` counts, since groups may hold some. Raises StartupError."""
    roles: dict[str, Role] = {}
    for part in _listed(text):
        group, _, role = part.rpartition("=")
        if not group or role not in ROLES:
            raise StartupError(f"CLICKSTACK_OIDC_ROLES: {part!r} is not group=role with a role of {', '.join(ROLES)}.")
        roles[group] = role
    return roles

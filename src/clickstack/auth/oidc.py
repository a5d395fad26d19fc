"""Signing in through an OpenID provider: who of its people may come in here, and as what.

Known by their identity (issuer and subject) from the second time on. The first time, by a verified e-mail address: of
a person who is here, of an open invitation, or in a domain whose people may all come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

from clickstack.core.clock import Clock
from clickstack.core.errors import ClickstackError, Conflict, NotFound, StartupError
from clickstack.core.ids import IdSource
from clickstack.core.limits import (
    API_CALLERS_MAX,
    OIDC_LOGIN_S,
    OIDC_STEPS_MAX,
    OIDC_STEPS_WINDOW_S,
    OIDC_TICKETS_MAX,
)
from clickstack.core.log import fields, get_logger
from clickstack.core.records import Author, Role, User
from clickstack.core.settings import Settings
from clickstack.metadata import Metadata

from .oidc_ticket import Client, OidcFailed, Ticket, sealed, unsealed
from .people import People, canonical_email, is_email
from .windows import Windows, household

if TYPE_CHECKING:
    from .oidc_provider import Provider

CALLBACK = "/api/login/oidc/callback"  # through the app port, where people are
ROLES: tuple[Role, ...] = ("viewer", "editor", "admin")  # ascending: of several groups the highest counts

_log = get_logger("auth")

Reason = Literal["oidcFailed", "oidcNotAllowed", "tooManyAttempts"]


class OidcRefused(ClickstackError):
    """Nobody comes in. `reason` is what the sign-in page is told, the message what the log is."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Entry:
    """Who may come in, and as what. `role_of` is by group, groups are in the claim `groups_claim`.

    `secret` seals tickets; empty: the team's ingestion key does, which other servers of the installation know too.
    """

    domains: frozenset[str]
    groups_claim: str
    role_of: Mapping[str, Role]
    default_role: Role
    secret: str = field(repr=False)


class Oidc:
    """Every call blocks on the provider: never on an event loop."""

    def __init__(
        self, provider: Provider, entry: Entry, metadata: Metadata, clock: Clock, ids: IdSource, people: People
    ) -> None:
        self._provider = provider
        self._entry = entry
        self._metadata = metadata
        self._clock = clock
        self._ids = ids
        self._people = people
        self._steps = Windows(clock, limit=OIDC_STEPS_MAX, window_s=OIDC_STEPS_WINDOW_S, keys_max=API_CALLERS_MAX)
        self._used = Windows(clock, limit=1, window_s=OIDC_LOGIN_S, keys_max=OIDC_TICKETS_MAX)

    def begin(self, address: str) -> tuple[str, str]:
        """Where to send the browser, and the cookie it keeps until it is back. Raises OidcRefused."""
        self._admit(address)
        ends_s = self._now_s() + OIDC_LOGIN_S
        ticket = Ticket(self._ids.token(), self._ids.token(), self._ids.token(), ends_s)
        try:
            return self._provider.sign_in_url(ticket), sealed(ticket, self._secret())
        except OidcFailed as error:
            raise OidcRefused("oidcFailed", str(error)) from error

    def finish(self, code: str, state: str, cookie: str, address: str, request_id: str | None) -> User:
        """Who came back with the code. The provider is asked only about a ticket of ours, once. Raises OidcRefused."""
        self._admit(address)
        ticket = unsealed(cookie, self._secret())
        if ticket is None or not state or state != ticket.state or ticket.ends_s < self._now_s():
            raise OidcRefused("oidcFailed", "the browser that came back is not the one that left, or took too long")
        if self._used.hit(ticket.state).exceeded:
            raise OidcRefused("oidcFailed", "the browser has come back already")
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
        if found is not None and self._metadata.identities.has_one(found[0].id, issuer):
            raise OidcRefused("oidcNotAllowed", f"{email} is somebody else there: {subject!r} is new, the address not")
        user = found[0] if found is not None else self._newcomer(email, claims, request_id)
        try:
            self._metadata.identities.link(user, issuer, subject, request_id)
        except Conflict as error:
            raise OidcRefused("oidcFailed", error.message) from error
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
        """The role follows the groups at each sign-in, up and down; without a mapping of groups it is left alone."""
        role = (self._role_of_groups(claims) or self._entry.default_role) if self._entry.role_of else user.role
        if role == user.role:
            return user
        author = Author("system", "oidc", str(claims["iss"]))
        try:
            return self._metadata.users.change_role(user.team_id, user.id, role, author, request_id)
        except Conflict as error:
            _log.warning("role of groups not taken", extra=fields(user=user.id, role=role, reason=error.message))
            return user

    def _admit(self, address: str) -> None:
        if self._steps.hit(household(address)).exceeded:
            raise OidcRefused("tooManyAttempts", f"too many sign-ins from {address}")

    def _now_s(self) -> int:
        return self._clock.now_ns() // 1_000_000_000

    def _secret(self) -> str:
        if self._entry.secret:
            return self._entry.secret
        team = self._metadata.installation.team()
        if team is None:
            raise OidcRefused("oidcNotAllowed", "there is no team yet to come into")
        return team.api_key

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
        secret=settings.oidc_client_secret,
    )
    return Oidc(Provider(client, clock), entry, metadata, clock, ids, people)


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

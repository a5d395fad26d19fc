"""The team's people: bodies, wire objects, operations (reference/api-v2.md §11, reference/internal-routes.md §3.2)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from clickstack.auth import is_email
from clickstack.core.clock import iso_millis
from clickstack.core.errors import BadRequest
from clickstack.core.limits import EMAIL_CHARS_MAX, NAME_CHARS_MAX
from clickstack.core.records import Actor, Role, User
from clickstack.metadata import Invite

from ..context import Services
from ..wire import WireModel

REMOVED_ONESELF = "You cannot remove yourself from the team"
ROLE_OF_GUESTS: Role = "editor"  # of an invitation that says none: the reference's members may edit everything


def _email(text: str) -> str:
    if not is_email(text):
        raise ValueError("Invalid email")
    return text


Email = Annotated[str, Field(max_length=EMAIL_CHARS_MAX), AfterValidator(_email)]


class Invitation(WireModel):
    """Whom to invite, and as what."""

    email: Email
    name: Annotated[str, StringConstraints(strip_whitespace=True), Field(max_length=NAME_CHARS_MAX)] | None = None
    role: Role = ROLE_OF_GUESTS


class RoleChange(WireModel):
    role: Role


def ingestion_key_for(actor: Actor) -> str:
    """The team's classic ingestion key; empty for viewers, since it writes."""
    return "" if actor.role == "viewer" else actor.team.api_key


def members(services: Services, actor: Actor) -> list[tuple[User, bool]]:
    """The people and whether each has a password, oldest first."""
    return services.auth.people.members(actor)


def invite(services: Services, actor: Actor, body: Invitation, *, request_id: str | None) -> Invite:
    """The invitation of the address: asked again, the same one. Raises BadRequest, Conflict."""
    return services.auth.people.invite(actor, body.email, body.name or None, body.role, request_id)


def change_role(services: Services, actor: Actor, user_id: str, body: RoleChange, *, request_id: str | None) -> User:
    """Raises NotFound, and Conflict for the last admin."""
    return services.auth.people.change_role(actor, user_id, body.role, request_id)


def remove_member(services: Services, actor: Actor, user_id: str, *, request_id: str | None, may_leave: bool) -> None:
    """Raises NotFound, Conflict for the last admin, and, unless `may_leave`, BadRequest for oneself."""
    if user_id == actor.user.id and not may_leave:
        raise BadRequest(REMOVED_ONESELF)
    services.auth.people.remove(actor, user_id, request_id)


def delete_invite(services: Services, actor: Actor, invite_id: str, *, request_id: str | None) -> None:
    """Raises NotFound."""
    services.auth.people.delete_invite(actor, invite_id, request_id)


def invite_url(services: Services, invite: Invite) -> str:
    """The link for the invited person; no mail is sent."""
    return f"{services.settings.public_url}/join-team?token={invite.token}"


def invite_wire(services: Services, invite: Invite) -> dict[str, Any]:
    return {
        "createdAt": iso_millis(invite.created_at),
        "email": invite.email,
        **({"name": invite.name} if invite.name else {}),
        "role": invite.role,
        "expiresAt": iso_millis(invite.expires_at),
        "url": invite_url(services, invite),
    }

"""The people of a team: invitations, roles, leaving. Who may do it is said in permissions.py."""

from __future__ import annotations

import re

from clickstack.core.clock import Clock, utc_datetime
from clickstack.core.errors import BadRequest, NotFound, Unauthorized
from clickstack.core.ids import IdSource
from clickstack.core.limits import EMAIL_CHARS_MAX
from clickstack.core.records import Actor, Role, User
from clickstack.metadata import Invite, Metadata

from .passwords import Passwords, broken_rules

_NAME, _LABEL = r"[^@\s\x00-\x1f\x7f]+", r"[^@\s.\x00-\x1f\x7f]+"
_EMAIL = re.compile(rf"\s*{_NAME}@{_LABEL}(\.{_LABEL})+\s*")


class People:
    """`request_id` goes to the audit log."""

    def __init__(self, metadata: Metadata, clock: Clock, ids: IdSource, passwords: Passwords) -> None:
        self._users = metadata.users
        self._invites = metadata.invites
        self._clock = clock
        self._ids = ids
        self._passwords = passwords

    def members(self, actor: Actor) -> list[tuple[User, bool]]:
        """The people of the caller's team and whether each has a password, oldest first."""
        return self._users.list(actor.team.id)

    def change_role(self, actor: Actor, user_id: str, role: Role, request_id: str | None) -> User:
        """Raises NotFound, and Conflict for the last admin."""
        return self._users.change_role(actor.team.id, user_id, role, actor.author, request_id)

    def remove(self, actor: Actor, user_id: str, request_id: str | None) -> None:
        """Remove a person; their keys and sessions end now. Raises NotFound, and Conflict for the last admin."""
        self._users.remove(actor.team.id, user_id, actor.author, request_id)

    def invite(self, actor: Actor, email: str, name: str | None, role: Role, request_id: str | None) -> Invite:
        """Raises BadRequest when the address signs in here already, Conflict for too many open invitations."""
        return self._invites.invite(actor.team.id, canonical_email(email), name, role, actor.author, request_id)

    def invites(self, actor: Actor) -> list[Invite]:
        """The open ones, oldest first."""
        return self._invites.list(actor.team.id)

    def delete_invite(self, actor: Actor, invite_id: str, request_id: str | None) -> None:
        """Raises NotFound."""
        self._invites.delete(actor.team.id, invite_id, actor.author, request_id)

    def invited(self, token: str) -> Invite:
        """The open invitation of a link. Raises Unauthorized."""
        invite = self._invites.with_token(token) if token else None
        if invite is None:
            raise Unauthorized("This invitation is unknown, used or older than 30 days. Ask for another one.")
        return invite

    def accept(self, token: str, password: str, request_id: str | None) -> User:
        """Make the person an invitation waits for. Raises Unauthorized, BadRequest for a weak password, Conflict."""
        invite = self.invited(token)
        if broken := broken_rules(password):
            raise BadRequest("; ".join(broken))
        user = self.newcomer(invite.team_id, invite.email, invite.name, invite.role)
        try:
            self._invites.accept(invite, user, self._passwords.hash(password), request_id)
        except NotFound as error:
            raise Unauthorized(error.message) from None
        return user

    def newcomer(self, team_id: str, email: str, name: str | None, role: Role) -> User:
        """A person who is not stored yet."""
        now = utc_datetime(self._clock.now_ns() // 1_000_000 * 1_000_000)
        return User(
            id=self._ids.object_id(),
            team_id=team_id,
            email=email,
            name=name or email,
            role=role,
            access_key=self._ids.uuid(),
            created_at=now,
            updated_at=now,
        )


def is_email(text: str) -> bool:
    """Whether a text is an address as people have them: one @, a domain with a dot, no spaces inside.

    >>> is_email("ada@example.com"), is_email("example.com"), is_email("ada@localhost")
    (True, False, False)
    """
    return len(text) <= EMAIL_CHARS_MAX and _EMAIL.fullmatch(text) is not None


def canonical_email(email: str) -> str:
    return email.strip().lower()

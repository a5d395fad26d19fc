"""Who there is: teams and people. Frozen; the metadata room makes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Role = Literal["admin", "editor", "viewer"]
Scope = Literal["read", "write"]
"""What an access key may do of what its person may."""


@dataclass(frozen=True, slots=True)
class Team:
    """A team. `api_key` is the ingestion key; `hook_id` is kept for clients that read it.

    A team is one service of one organization; both have UUIDs, by which the managed API addresses it.
    """

    id: str
    organization_id: str
    service_id: str
    name: str
    api_key: str
    hook_id: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class User:
    """A person of a team. `access_key` is the classic personal API access key."""

    id: str
    team_id: str
    email: str
    name: str
    role: Role
    access_key: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Author:
    """Who made a change, as the audit log keeps it. `kind` `system` is the server itself (provisioning, cascades)."""

    kind: Literal["user", "api_key", "system"]
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is calling, after authentication, and through what.

    `credential` is the id of the session or of the key, None for the classic key. A key of the organization
    (`api_key`) belongs to no person: its `user` is made for the call, with the key's name and role, and no id.
    """

    user: User
    team: Team
    via: Literal["session", "access_key", "api_key"]
    scope: Scope = "write"
    credential: str | None = None

    @property
    def role(self) -> Role:
        return self.user.role

    @property
    def user_id(self) -> str | None:
        """The person, for what is kept as theirs; None when there is none."""
        return self.user.id or None

    @property
    def author(self) -> Author:
        if self.via == "api_key":
            return Author("api_key", self.credential or "", self.user.name)
        return Author("user", self.user.id, self.user.email)

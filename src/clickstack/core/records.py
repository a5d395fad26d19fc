"""Who there is: teams and people. Frozen; the metadata room makes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Role = Literal["admin", "editor", "viewer"]


@dataclass(frozen=True, slots=True)
class Team:
    """A team. `api_key` is the ingestion key; `hook_id` is kept for clients that read it."""

    id: str
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
class Actor:
    """Who is calling, after authentication, and through what."""

    user: User
    team: Team
    via: Literal["session", "access_key"]

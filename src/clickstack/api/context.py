"""What a handler may reach: the services of this server, and who is calling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends
from starlette.requests import Request

from clickstack.core.clock import Clock
from clickstack.core.errors import Unauthorized
from clickstack.core.ids import IdSource
from clickstack.core.records import Actor
from clickstack.core.settings import Settings

if TYPE_CHECKING:
    from clickstack.auth import Auth
    from clickstack.ingest import Ingest
    from clickstack.metadata import Metadata
    from clickstack.store import IndexProfiles, Retention, Store

UNKNOWN_KEY = "Unauthorized access. API key is missing or invalid."  # the text of the published contract
SESSION_COOKIE = "connect.sid"  # the name the reference's clients keep


@dataclass(frozen=True)
class Services:
    """Everything the API is built from; the composition root makes it once."""

    settings: Settings
    clock: Clock
    ids: IdSource
    store: Store
    metadata: Metadata
    auth: Auth
    ingest: Ingest
    retention: Retention
    index_profiles: IndexProfiles
    version: str


def services(request: Request) -> Services:
    return cast(Services, request.app.state.services)


def session_actor(request: Request) -> Actor:
    """A FastAPI dependency: the person whose session cookie came along. Raises Unauthorized.

    A session whose life was prolonged is noted on the request, and the reply renews the cookie (api.cookies).
    """
    token = request.cookies.get(SESSION_COOKIE, "")
    visit = services(request).auth.visit(token)
    if visit.prolonged:
        request.state.prolonged_session = token
    return visit.actor


SignedIn = Annotated[Actor, Depends(session_actor)]
"""The parameter of a handler of the UI."""


def bearer_actor(request: Request) -> Actor:
    """A FastAPI dependency: the person whose access key came along; found by api.gate before the body is read."""
    actor = getattr(request.state, "actor", None)
    if actor is None:
        raise Unauthorized(UNKNOWN_KEY)
    return cast(Actor, actor)


KeyHolder = Annotated[Actor, Depends(bearer_actor)]
"""The parameter of a handler of v2."""

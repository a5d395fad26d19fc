"""What a handler may reach: the services of this server, and who is calling."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends
from starlette.requests import Request

from clickstack.auth import UNKNOWN_KEY, Rule, Visitor, permit, rule_of
from clickstack.auth.custom_roles import permit_custom
from clickstack.auth.permissions import permit_scope
from clickstack.core.clock import Clock
from clickstack.core.errors import Forbidden, Unauthorized
from clickstack.core.ids import IdSource
from clickstack.core.records import Actor
from clickstack.core.settings import Settings

from .packed_lists import PackedLists
from .promptly import promptly
from .trial_budget import TrialBudget
from .wire import client_address, is_v2

if TYPE_CHECKING:
    from clickstack.alerts import AlertWatch
    from clickstack.auth import Auth
    from clickstack.ingest import Ingest
    from clickstack.metadata import Metadata
    from clickstack.store import IndexProfiles, Retention, Store

TEAM_HEADER = "x-hdx-team"
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
    alert_watch: AlertWatch | None = None  # of a process that judges alerts
    packed_lists: PackedLists = field(default_factory=PackedLists)

    @cached_property
    def trial_budget(self) -> TrialBudget:
        return TrialBudget(self.clock)


def services(request: Request) -> Services:
    return cast(Services, request.app.state.services)


def visitor(request: Request) -> Visitor:
    """Where the request comes from, as people see it in their list of sessions."""
    return Visitor(client_address(request), request.headers.get("user-agent", ""))


async def session_actor(request: Request) -> Actor:
    """A FastAPI dependency: the person whose session cookie came along. Raises Unauthorized."""
    known = getattr(request.state, "actor", None)
    if known is not None:  # found by `admission`
        return cast(Actor, known)
    return await promptly(_visit, request)


def _visit(request: Request) -> Actor:
    """A session whose life was prolonged is noted on the request, and the reply renews the cookie (api.cookies)."""
    token = request.cookies.get(SESSION_COOKIE, "")
    visit = services(request).auth.visit(token, client_address(request))
    if visit.prolonged:
        request.state.prolonged_session = token
    request.state.actor = visit.actor
    return visit.actor


SignedIn = Annotated[Actor, Depends(session_actor)]
"""The parameter of a handler of the UI."""


async def bearer_actor(request: Request) -> Actor:
    """A FastAPI dependency: the person whose access key came along; found by api.gate before the body is read."""
    actor = getattr(request.state, "actor", None)
    if actor is None:
        raise Unauthorized(UNKNOWN_KEY)
    return cast(Actor, actor)


KeyHolder = Annotated[Actor, Depends(bearer_actor)]
"""The parameter of a handler of v2."""


def admission(prefix: str) -> Callable[[Request], Awaitable[None]]:
    """A FastAPI dependency of every route under `prefix`: asks the table of permissions, before anything is validated.

    Raises Unauthorized, and Forbidden for a caller whose role or key is too small, or who means another team.
    """

    async def admit(request: Request) -> None:
        template = prefix + request.scope["route"].path
        rule = rule_of(request.method, template)
        if rule is None:
            raise Forbidden("Nobody may do this: the route has no rule.")
        if rule.role is None:
            return
        actor = await (bearer_actor(request) if is_v2(request.scope) else session_actor(request))
        await require_permission(request, actor, rule, template)

    return admit


async def require_permission(request: Request, actor: Actor, rule: Rule, template: str) -> None:
    """Raises Forbidden. A role of the team's own takes the place of one of the three; its holder is stored as a viewer.

    `template` may be the path itself where its first words tell the resource.
    """
    _require_own_team(request, actor)
    own = None
    if actor.role == "viewer" and actor.user_id:
        own = await promptly(services(request).metadata.roles.of_user, actor.user_id)
    if own is None:
        permit(actor, rule)
        return
    permit_custom(own.name, own.permissions, rule, request.method, template)
    permit_scope(actor, rule)


def _require_own_team(request: Request, actor: Actor) -> None:
    """Clients of several teams say which one they mean. 403, since to Terraform a 404 means that things are gone."""
    meant = request.headers.get(TEAM_HEADER, "").strip().lower()
    if meant and meant != actor.team.id:
        raise Forbidden(f"The header {TEAM_HEADER} names team {meant[:100]!r}, which these credentials do not open.")

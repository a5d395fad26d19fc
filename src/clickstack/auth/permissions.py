"""Who may do what: one table, from route to the least role and, of an access key, the scope it must have.

A route is its method and its path template. Most routes follow their resource: reading is for viewers, changing for
editors or admins. What differs stands in ROUTES. A route that neither table knows is forbidden to everybody, and a
test fails for it. Other doors to the same operations ask for the rule of the REST route.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from clickstack.core.errors import Forbidden
from clickstack.core.records import Actor, Role, Scope


@dataclass(frozen=True, slots=True)
class Rule:
    """`role` None: anybody, signed in or not."""

    role: Role | None
    scope: Scope


ANYBODY = Rule(None, "read")
READ = Rule("viewer", "read")
OWN = Rule("viewer", "write")  # changes nothing but what belongs to the caller
EDIT = Rule("editor", "write")
ADMIN_READ = Rule("admin", "read")
ADMIN = Rule("admin", "write")

_SAFE_METHODS = frozenset({"GET", "HEAD"})
_RANK: dict[Role, int] = {"viewer": 0, "editor": 1, "admin": 2}

# path → the rules of reading and of changing what is under it; the longest path counts
RESOURCES: dict[str, tuple[Rule, Rule]] = {
    "/v1": (ANYBODY, ADMIN),  # words about the API, no data
    "/v1/organizations": (READ, ADMIN),
    "/v1/organizations/{organizationId}/keys": (ADMIN_READ, ADMIN),  # whoever makes keys has every right
    "/v1/organizations/{organizationId}/services/{serviceId}/clickstack": (READ, EDIT),
    "/v1/organizations/{organizationId}/services/{serviceId}/clickstack/roles": (READ, ADMIN),
    "/api/v2": (READ, ADMIN),
    "/api/v2/alerts": (READ, EDIT),
    "/api/v2/charts": (READ, READ),  # POST carries a question
    "/api/v2/connections": (READ, ADMIN),  # they hold credentials
    "/api/v2/dashboards": (READ, EDIT),
    "/api/v2/docs": (ANYBODY, ADMIN),  # words about the API, no data
    "/api/v2/openapi.json": (ANYBODY, ADMIN),
    "/api/v2/roles": (READ, ADMIN),
    "/api/v2/saved-searches": (READ, EDIT),
    "/api/v2/search": (READ, READ),
    "/api/v2/sources": (READ, EDIT),
    "/api/v2/team": (READ, ADMIN),
    "/api/v2/webhooks": (READ, EDIT),
    "/alerts": (READ, EDIT),
    "/clickhouse-proxy": (READ, READ),  # the engine's own read-only mode stands behind it
    "/config": (ANYBODY, ADMIN),
    "/connections": (READ, ADMIN),
    "/dashboards": (READ, EDIT),
    "/explore": (READ, READ),
    "/favorites": (READ, OWN),
    "/health": (ANYBODY, ADMIN),
    "/iac": (READ, ADMIN),
    "/installation": (ANYBODY, ADMIN),
    "/login": (ANYBODY, ANYBODY),
    "/logout": (ANYBODY, ANYBODY),
    "/me": (READ, OWN),
    "/metrics": (ANYBODY, ADMIN),
    "/pinned-filters": (READ, EDIT),  # the team's
    "/ready": (ANYBODY, ADMIN),
    "/register": (ANYBODY, ANYBODY),
    "/saved-search": (READ, EDIT),
    "/saved-searches": (READ, EDIT),
    "/search": (READ, READ),
    "/silences": (READ, EDIT),
    "/sources": (READ, EDIT),
    "/team": (READ, ADMIN),
    "/team/api-keys": (ADMIN_READ, ADMIN),
    "/team/setup": (ANYBODY, ANYBODY),  # the token in the path is the credential
    "/trace": (READ, READ),
    "/webhooks": (READ, EDIT),
}

# method and path template, parameters as {} → what differs from the resource
ROUTES: dict[str, Rule] = {
    "POST /alerts/preview": READ,  # a question, which stores nothing
    "POST /api/v2/dashboards/validate": READ,  # stores nothing
    "GET /api/v2/team/invitations": ADMIN_READ,  # a link is a way in
    "GET /team/invitations": ADMIN_READ,
    "GET /team/audit": ADMIN_READ,
    "POST /v1/organizations/{}/services/{}/clickstack/dashboards/validate": READ,  # stores nothing
    "POST /clickhouse-proxy/test": ADMIN,  # calls addresses of the caller's choice
}


def rule_of(method: str, template: str) -> Rule | None:
    """The rule of a route; None when no table knows it.

    >>> rule_of("PUT", "/api/v2/dashboards/{id}")
    Rule(role='editor', scope='write')
    >>> rule_of("GET", "/api/v2/team/invitations").role
    'admin'
    >>> rule_of("GET", "/nothing")
    """
    exact = ROUTES.get(f"{method} {_PARAMETER.sub('{}', template)}")
    if exact is not None:
        return exact
    path = template
    while path:
        if path in RESOURCES:
            reading, changing = RESOURCES[path]
            return reading if method in _SAFE_METHODS else changing
        path = path.rpartition("/")[0]
    return None


def permit(actor: Actor, rule: Rule) -> None:
    """Raises Forbidden, saying what is missing."""
    if rule.role is None:
        return
    if _RANK[actor.role] < _RANK[rule.role]:
        raise Forbidden(f"This needs the role {rule.role}; yours is {actor.role}. An admin of the team can change it.")
    permit_scope(actor, rule)


def permit_scope(actor: Actor, rule: Rule) -> None:
    """Raises Forbidden for a key that may only read."""
    if rule.scope == "write" and actor.scope == "read":
        raise Forbidden("This access key may only read. Use a key with the scope write.")


def grants(role: Role | None, rule: Rule) -> bool:
    """Whether a role is enough, whatever the scope."""
    return rule.role is None or (role is not None and _RANK[role] >= _RANK[rule.role])


def highest(roles: Iterable[Role]) -> Role | None:
    """The role that allows most; None of none."""
    return max(roles, key=_RANK.__getitem__, default=None)


_PARAMETER = re.compile(r"\{[^}]*\}")

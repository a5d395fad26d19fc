"""What roles of a team's own are asked: which action on which subject a route is."""

from __future__ import annotations

from collections.abc import Sequence

from clickstack.core.custom_role import Permission, permits
from clickstack.core.errors import Forbidden

from .permissions import OWN, Rule

# Path below the base → the subject its permissions name; the longest counts. What is not here is a viewer's.
SUBJECTS: dict[str, str] = {
    "alerts": "Alert",
    "api-keys": "ApiKey",
    "charts": "Telemetry",
    "clickhouse-proxy": "Telemetry",
    "clickhouse-proxy/test": "Connection",
    "connections": "Connection",
    "dashboards": "Dashboard",
    "explore": "Telemetry",
    "roles": "Role",
    "saved-search": "SavedSearch",
    "saved-searches": "SavedSearch",
    "search": "Telemetry",
    "sources": "Source",
    "team": "Team",
    "team/api-keys": "ApiKey",
    "team/invitation": "Member",
    "team/invitations": "Member",
    "team/member": "Member",
    "team/members": "Member",
    "trace": "Telemetry",
    "webhooks": "Webhook",
}
# Whoever changes these can give rights to others and to themselves: that takes all rights there are.
_GRANTING = frozenset({"ApiKey", "Member", "Role"})
_ACTIONS = {"GET": "read", "HEAD": "read", "POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}
_BASES = ("/api/v2/", "/v1/organizations/{organizationId}/services/{serviceId}/clickstack/", "/")


def covers(permissions: Sequence[Permission], rule: Rule, method: str, template: str) -> bool:
    """Whether a role's permissions allow a route. Reading what is for admins needs `manage`."""
    subject = subject_of(template)
    if rule == OWN or rule.role is None or subject is None:
        return rule.role in (None, "viewer")
    if rule.scope == "read":
        return permits(permissions, "manage" if rule.role == "admin" else "read", subject)
    if subject in _GRANTING:
        return all(permits(permissions, "manage", each) for each in SUBJECTS.values())
    return permits(permissions, _ACTIONS.get(method, "manage"), subject)


def permit_custom(name: str, permissions: Sequence[Permission], rule: Rule, method: str, template: str) -> None:
    """Raises Forbidden, saying what is missing."""
    if not covers(permissions, rule, method, template):
        action, subject = _ACTIONS.get(method, "manage"), subject_of(template) or "this"
        raise Forbidden(f"Your role {name!r} does not allow this: it needs {action} on {subject}.")


def subject_of(template: str) -> str | None:
    """
    >>> subject_of("/api/v2/dashboards/{id}"), subject_of("/team/member/{id}"), subject_of("/me")
    ('Dashboard', 'Member', None)
    """
    base = next(base for base in _BASES if template.startswith(base))
    parts = template.removeprefix(base).split("/")
    paths = ("/".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((SUBJECTS[path] for path in paths if path in SUBJECTS), None)

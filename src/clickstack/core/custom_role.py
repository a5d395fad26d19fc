"""A role a team made itself: what it permits, and whether that covers an action (reference/managed-api.md §4.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ANY_ACTION, ANY_SUBJECT = "manage", "all"


@dataclass(frozen=True, slots=True)
class Permission:
    """`action` on `subject`, or, `inverted`, not. Conditions are kept: nothing here can tell whether they hold."""

    action: str
    subject: str
    inverted: bool = False
    integration: str | None = None
    conditions: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class CustomRole:
    id: str
    team_id: str
    name: str
    description: str | None
    permissions: tuple[Permission, ...]
    revision: int = 1
    created_ms: int = 0
    updated_ms: int = 0


def permits(permissions: Sequence[Permission], action: str, subject: str) -> bool:
    """Whether an action on a subject is allowed. The last permission that covers it decides; without one, no.

    One with conditions never allows and, inverted, always forbids: the careful reading of what cannot be checked.

    >>> reads, but = Permission("read", "all"), Permission("read", "alert", inverted=True)
    >>> permits([reads], "read", "Alert"), permits([reads, but], "read", "Alert"), permits([reads], "update", "Alert")
    (True, False, False)
    """
    for each in reversed(permissions):
        if each.conditions and not each.inverted:
            continue
        if each.action in (action, ANY_ACTION) and each.subject.lower() in (subject.lower(), ANY_SUBJECT):
            return not each.inverted
    return False

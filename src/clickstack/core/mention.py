"""Webhooks that the message of an alert names itself: `@webhook-NAME` (reference/alerts-and-teams.md §3.5)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol, TypeVar

_WRITTEN = re.compile(r"(^|\s)@webhook-([\w.@-]+)", re.MULTILINE)
_FIXED = re.compile(r"(?:^|\s)@webhook-([\w.@-]++)(?!\{\{)", re.MULTILINE)  # no variable makes more of the name


class Named(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)


def split_mentions(text: str) -> tuple[str, tuple[str, ...]]:
    """A finished text without its mentions, and what they name.

    >>> split_mentions("look @webhook-ops. and @webhook-ops")
    ('look and', ('ops',))
    """
    return _WRITTEN.sub("", text), _names(match[2] for match in _WRITTEN.finditer(text))


def fixed_mentions(template: str) -> tuple[str, ...]:
    """What a template names whatever its values are.

    >>> fixed_mentions("@webhook-ops @webhook-{{group}} @webhook-a{{b}}")
    ('ops',)
    """
    return _names(match[1] for match in _FIXED.finditer(template))


def mentioned(name: str, webhooks: Iterable[N]) -> N | None:
    """The webhook of this id, or the first whose name begins so."""
    found = None
    for each in webhooks:
        if each.id == name:
            return each
        if found is None and each.name.startswith(name):
            found = each
    return found


def _names(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(filter(None, dict.fromkeys(name.rstrip(".") for name in found)))

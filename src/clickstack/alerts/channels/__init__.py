"""What each channel is sent. One file per kind of receiver; pure: words and a target in, one HTTP request out.

Adding a receiver is one function and one row of BUILDERS. Sending, retrying and remembering are not done here.
"""

from __future__ import annotations

from collections.abc import Callable

from .chat import discord, google_chat, google_chat_escape, microsoft_teams, telegram
from .generic import generic
from .outgoing import BadBody, BadTarget, Outgoing, Target, Words
from .pager import opsgenie, pagerduty
from .slack import slack, slack_escape

__all__ = ["BUILDERS", "BadBody", "BadTarget", "Outgoing", "Target", "Words", "escape_of"]

Builder = Callable[[Words, Target], Outgoing]

# Services as `webhooks.service` spells them.
BUILDERS: dict[str, Builder] = {
    "slack": slack,
    "generic": generic,
    "incidentio": generic,
    "pagerduty": pagerduty,
    "opsgenie": opsgenie,
    "microsoft_teams": microsoft_teams,
    "discord": discord,
    "telegram": telegram,
    "google_chat": google_chat,
}

_ESCAPES: dict[str, Callable[[str], str]] = {"slack": slack_escape, "google_chat": google_chat_escape}


def escape_of(service: str) -> Callable[[str], str]:
    """How data is made harmless in the markup of a service."""
    return _ESCAPES.get(service, str)

"""Slack incoming webhooks (reference/alerts-and-teams.md §3.7; docs.slack.dev, Block Kit)."""

from __future__ import annotations

from .outgoing import Outgoing, Target, Words, clipped, post_json

_SECTION_CHARS_MAX = 3_000  # Slack refuses a longer text of a section
_FENCE = "```"


def slack(words: Words, target: Target) -> Outgoing:
    head = f"*<{words.link} | {words.title}>*\n"
    text = head + _fitting(words.body, _SECTION_CHARS_MAX - len(head))
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    return post_json(target.url, {"text": words.title, "blocks": [section]}, words)


def slack_escape(text: str) -> str:
    """Data that cannot become a mention or a link: `<!channel>` stays text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _fitting(body: str, room: int) -> str:
    """The body cut to the room there is, its code fence still closed."""
    if len(body) <= room:
        return body
    cut = clipped(body, room - len(_FENCE) - 1)
    return cut + "\n" + _FENCE if cut.count(_FENCE) % 2 else cut

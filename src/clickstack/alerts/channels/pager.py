"""On-call services: PagerDuty Events v2 and Opsgenie. An event is opened and closed by the same key."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from .outgoing import BadTarget, Outgoing, Target, Words, clipped, post_json, with_query

_SUMMARY_CHARS_MAX = 1_024  # PagerDuty Events API v2, `payload.summary`
_MESSAGE_CHARS_MAX, _DESCRIPTION_CHARS_MAX = 130, 15_000  # Opsgenie Alert API
_PRIORITIES = {"critical": "P1", "error": "P2", "warning": "P3", "info": "P5"}


def pagerduty(words: Words, target: Target) -> Outgoing:
    """The integration's key is the webhook's query parameter `routing_key`; it travels in the body, as the API asks."""
    key = target.query_params.get("routing_key")
    if not key:
        raise BadTarget("A PagerDuty webhook needs the query parameter routing_key, the key of the integration.")
    event: dict[str, Any] = {
        "routing_key": key,
        "event_action": "resolve" if words.state == "OK" else "trigger",
        "dedup_key": words.event_id,
        "client": "ClickStack",
        "client_url": words.link,
    }
    if words.state != "OK":
        event["links"] = [{"href": words.link, "text": "Open in ClickStack"}]
        event["payload"] = {
            "summary": clipped(words.title, _SUMMARY_CHARS_MAX),
            "source": "clickstack",
            "severity": words.values.get("severity") or "error",
            "group": words.values.get("group") or None,
            "custom_details": {"body": words.body, "value": words.values.get("value")},
        }
    return post_json(target.url, event, words)


def opsgenie(words: Words, target: Target) -> Outgoing:
    """The webhook's URL is the alerts endpoint; its header `Authorization: GenieKey …` is the key."""
    if words.state == "OK":
        url = f"{target.url.rstrip('/')}/{quote(words.event_id, safe='')}/close"
        closing = {"source": "ClickStack", "note": words.title}
        return post_json(with_query(url, {"identifierType": "alias"}), closing, words, target.headers)
    alert = {
        "message": clipped(words.title, _MESSAGE_CHARS_MAX),
        "alias": words.event_id,
        "description": clipped(f"{words.body}\n{words.link}", _DESCRIPTION_CHARS_MAX),
        "source": "ClickStack",
        "priority": _PRIORITIES.get(str(words.values.get("severity")), "P3"),
    }
    return post_json(with_query(target.url, target.query_params), alert, words, target.headers)

"""Generic webhooks, and incident.io, which is one with a known body (reference/alerts-and-teams.md §3.8, §3.9)."""

from __future__ import annotations

import json

from ..template import TemplateError, compile_template
from .outgoing import BadBody, Outgoing, Target, Words, with_headers, with_query

_DEFAULT_BODIES = {
    "generic": '{"text": "{{title}} | {{body}} | {{link}} | {{state}} | {{startTime}} | {{endTime}} | {{eventId}}"}',
    "incidentio": (
        '{"title": "{{title}}", "description": "{{body}}", "deduplication_key": "{{eventId}}", '
        '"status": "{{#if (eq state "ALERT")}}firing{{else}}resolved{{/if}}", "source_url": "{{link}}"}'
    ),
}


def generic(words: Words, target: Target) -> Outgoing:
    """Raises BadBody when the body's template cannot be used. An empty body is sent as it is."""
    template = _DEFAULT_BODIES[target.service] if target.body is None else target.body
    values = {
        **words.values,
        "title": words.title,
        "body": words.body,
        "link": words.link,
        "state": words.state,
        "startTime": words.start_ms,
        "endTime": words.end_ms,
        "eventId": words.event_id,
    }
    try:
        body = compile_template(template).render(values, _json_text).encode()
    except TemplateError as error:
        raise BadBody(f"The body template of the webhook cannot be used: {error}") from error
    return Outgoing(with_query(target.url, target.query_params), body, with_headers(target.headers, words))


def _json_text(value: str) -> str:
    """A value between the quotes of a JSON string."""
    return json.dumps(value, ensure_ascii=False)[1:-1]

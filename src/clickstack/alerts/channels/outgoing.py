"""What goes in and what comes out of a channel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit, urlunsplit


class BadTarget(ValueError):
    """A target that cannot be sent to as it is configured. The message is for the person who configured it."""


class BadBody(BadTarget):
    """... because of its own template of the body: the default one could be sent."""


@dataclass(frozen=True, slots=True)
class Words:
    """One message, as it was queued. `values` are the variables of templates (alerts.notice.view)."""

    title: str
    body: str
    link: str
    state: Literal["ALERT", "OK", "INSUFFICIENT_DATA"]
    event_id: str  # the same for every message of one alert, group and target
    idempotency_key: str  # the same for every attempt at this message, different for the next
    start_ms: int
    end_ms: int
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook with its secrets, as stored."""

    service: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query_params: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One POST. The URL carries secrets and must not be logged."""

    url: str = field(repr=False)
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def post_json(url: str, value: Any, words: Words, headers: Mapping[str, str] | None = None) -> Outgoing:
    body = json.dumps(value, ensure_ascii=False).encode()
    return Outgoing(url, body, with_headers(headers or {}, words))


def with_headers(own: Mapping[str, str], words: Words) -> dict[str, str]:
    """Our content type gives way to theirs in any spelling; the idempotency key does not."""
    names = {name.lower() for name in own}
    headers = {} if "content-type" in names else {"Content-Type": "application/json"}
    headers |= {name: value for name, value in own.items() if name.lower() != "idempotency-key"}
    return headers | {"Idempotency-Key": words.idempotency_key}


def with_query(url: str, params: Mapping[str, str]) -> str:
    """The URL with parameters after those it has."""
    if not params:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="&".join(filter(None, [parts.query, urlencode(params)]))))


def clipped(text: str, chars: int) -> str:
    """At most `chars` characters; what is cut is marked."""
    return text if len(text) <= chars else text[: chars - 1] + "…"

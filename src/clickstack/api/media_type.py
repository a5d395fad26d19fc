"""What a body says it is."""

from __future__ import annotations

import email.message
from functools import lru_cache

HEADERS_KEPT = 64  # clients of one kind send one text, and reading it takes longer than all else about it


@lru_cache(HEADERS_KEPT)
def media_type(content_type: str) -> str:
    """A Content-Type header without parameters, in lower case; empty where nothing is said.

    >>> media_type("Application/JSON; charset=utf-8")
    'application/json'
    """
    if not content_type:
        return ""
    message = email.message.Message()
    message["content-type"] = content_type
    return message.get_content_type()


def is_json(media: str) -> bool:
    return media == "application/json" or media.endswith("+json")

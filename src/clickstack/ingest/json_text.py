"""JSON as senders write it: text that is no text is mended, as in protobuf, and not held against the whole batch.

Browsers cut strings between the halves of an emoji and write the half that is left as `\\ud83d`; others put bytes into
JSON that are not UTF-8. Both become U+FFFD.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from clickstack.core.errors import BadRequest

# Every escape, the pairs of surrogates first: what is left of the second kind has lost its other half.
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u[dD][89a-fA-F][0-9a-fA-F]{2}|.)", re.DOTALL)
_HALF_CHARS = len(r"\ud83d")


def load_json(body: bytes) -> Any:
    """The value; an empty body is an empty object. Raises BadRequest."""
    try:
        return orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        mended = _mended(body)
        if mended == body:
            raise _not_json(error) from None
    try:
        return orjson.loads(mended)
    except orjson.JSONDecodeError as error:
        raise _not_json(error) from None


def _mended(body: bytes) -> bytes:
    text = body.decode(errors="replace").encode()
    return _ESCAPE.sub(lambda match: rb"\ufffd" if len(match[0]) == _HALF_CHARS else match[0], text)


def _not_json(error: orjson.JSONDecodeError) -> BadRequest:
    return BadRequest(f"The body is not JSON: {error}.")

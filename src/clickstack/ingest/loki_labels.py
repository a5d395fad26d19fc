"""The text form of a stream's labels: `{app="shop", filename="/var/log/shop.log"}`.

>>> parse_labels('{app="shop", path="C:\\\\\\\\logs"}')
{'app': 'shop', 'path': 'C:\\\\logs'}
"""

from __future__ import annotations

import re

from clickstack.core.errors import BadRequest

_PAIR = re.compile(r'\s*([A-Za-z_][\w.:]*)\s*=\s*(?:"((?:[^"\\]|\\.)*+)"|`([^`]*)`)\s*(?:,|(?=\}))')
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL)
_SHORT = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"', "'": "'"}


def parse_labels(text: str) -> dict[str, str]:
    """The labels in order. Values are quoted as in Go. Raises BadRequest."""
    text = text.strip()
    if not text.startswith("{") or not text.endswith("}"):
        raise _bad(text)
    labels = {}
    position = 1
    while text[position : position + 1] != "}" or position != len(text) - 1:
        match = _PAIR.match(text, position)
        if match is None:
            if not text[position:-1].strip():
                break
            raise _bad(text)
        name, quoted, raw = match.groups()
        labels[name] = raw if quoted is None else _ESCAPE.sub(_unescaped, quoted)
        position = match.end()
    return labels


def _unescaped(match: re.Match[str]) -> str:
    byte, short, long, octal, single = match.groups()
    if single is not None:
        return _SHORT.get(single, single)
    code = int(octal, 8) if octal is not None else int(byte or short or long, 16)
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"


def _bad(text: str) -> BadRequest:
    return BadRequest(f'labels: {text[:200]!r} is not of the form {{name="value", …}}.')

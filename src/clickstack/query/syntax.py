"""Syntax errors of the engine, told about the text that a person wrote instead of the query made of it."""

from __future__ import annotations

import re

from clickstack.core.errors import BadQuery

_SYNTAX = re.compile(
    r"Syntax error: failed at position \d+ \(.*?\)(?: \(line \d+, col \d+\))?(?:: (?P<rest>.*?))?\.?$", re.DOTALL
)
_SHOWN = 40  # characters of the text from the fault on


def located(error: BadQuery, written: str | None = None) -> BadQuery:
    """A syntax error with its place in `written`, if it is found there. Other errors are left as they are."""
    match = _SYNTAX.search(error.message)
    if match is None:
        return error
    rest = (match["rest"] or "").strip()
    if not rest:
        position = len(written) if written is not None else None
        return BadQuery("Syntax error at the end of the statement.", position=position, hint=error.hint)
    near = rest.split("\n", 1)[0][:_SHOWN]
    position = written.find(near) if written is not None else -1
    only = written is not None and position >= 0 and written.find(near, position + 1) < 0
    return BadQuery(f"Syntax error near: {near}", position=position if only else None, hint=error.hint)

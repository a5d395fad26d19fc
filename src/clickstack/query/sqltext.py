"""How the engine cuts SQL text into pieces: comments, strings, quoted names (ClickHouse, Parsers/Lexer.cpp).

Whoever looks for something in SQL text must see the same quotes and comments as the engine, or a quote that only one
of the two sees hides what follows. What cannot be told apart here is refused (`refuse_odd`): comments inside comments,
zero bytes, dollar signs that belong to a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from clickstack.core.errors import BadQuery

# ruff: noqa: RUF001  (the engine takes typographic quotes for quotes)
COMMENT: Final = r"--[^\n]*|//[^\n]*|\#[^\n]*|/\*.*?\*/"
STRING: Final = r"'(?:[^'\\]|\\.|'')*'|‘[^’]*’"
BYTES: Final = r"(?<![\w$])[xXbB]'[^']*'"  # x'41': no escapes inside
QUOTED_NAME: Final = r"`(?:[^`\\]|\\.|``)*`|\"(?:[^\"\\]|\\.|\"\")*\"|“[^”]*”"
HEREDOC: Final = r"\$(?P<tag>\w*)\$.*?\$(?P=tag)\$"

_STRAY = {
    **dict.fromkeys("'\"`‘’“”", "a quote is not closed"),
    "$": "a dollar sign stands alone or inside a name",
    "\\": "a backslash stands outside quotes",
    "\0": "a zero byte",
}


def refuse_odd(text: str, match: re.Match[str], complain: Callable[[str, int], BadQuery]) -> None:
    """Raise what `complain(reason, position)` makes when this piece could be read in two ways."""
    piece, position = match[0], match.start()
    if piece.startswith("/*") and "/*" in piece[2:]:
        raise complain("a comment inside a comment", position)
    if text.startswith("/*", position) and not (len(piece) >= 4 and piece.endswith("*/")):
        raise complain("a comment is not closed", position)
    if "\0" in piece:
        raise complain(_STRAY["\0"], position)
    if piece[0] == "$" and len(piece) > 1 and position and re.match(r"[\w$]", text[position - 1]):
        raise complain(_STRAY["$"], position)
    if len(piece) == 1 and piece in _STRAY:
        raise complain(_STRAY[piece], position)

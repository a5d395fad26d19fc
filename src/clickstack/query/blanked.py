"""What the engine tells about itself, without where on the machine its files are.

`SELECT * FROM system.tables` is a usual question of clients, so the columns stay, and are empty: in the statement the
table is replaced by a subquery that blanks them. The text is cut as the engine cuts it (sqltext), and the engine's own
tree says how many times the table must be found; where the two differ, the statement is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from clickstack.core.errors import BadQuery, Forbidden

from .sqltext import BYTES, COMMENT, HEREDOC, STRING, refuse_odd

# Table of `system` → what stands in the place of its columns.
_BLANKS = {
    "tables": "'' AS metadata_path, emptyArrayString() AS data_paths",
    "databases": "'' AS metadata_path, '' AS data_path",
}
PLACES = frozenset(f"system.{name}" for name in _BLANKS)

_NAME = r"(?:{0}|`{0}`|\"{0}\")"
_SYSTEM = _NAME.format("system")
_TABLE = "|".join(f"(?:{_NAME.format(name)})" for name in _BLANKS)
_PIECE = re.compile(
    rf"(?P<comment>{COMMENT})|(?P<string>{STRING}|{BYTES})|(?P<heredoc>{HEREDOC})"
    rf"|(?P<place>{_SYSTEM}\s*\.\s*(?P<table>{_TABLE}))(?![\w`\"]|\s*\.)"
    r"|(?P<quoted>`(?:[^`\\]|\\.|``)*`|\"(?:[^\"\\]|\\.|\"\")*\"|“[^”]*”)|(?P<word>[^\W\d][\w.]*)|(?P<other>.)",
    re.DOTALL,
)
# After a table these words go on with the statement; any other word is a name for it.
_GO_ON = re.compile(
    r"\s*(?!(?:where|prewhere|group|order|limit|offset|format|settings|join|left|right|inner|outer|full|cross|any|all"
    r"|asof|semi|anti|paste|global|array|on|using|union|except|intersect|having|final|sample|window|qualify|with)\b)"
    r"[\w`\"]",
    re.IGNORECASE,
)


def blanked(text: str, tables: Sequence[str], columns: Sequence[str]) -> str:
    """The statement with its places blanked. `tables` and `columns` are those its tree names: a column that is called
    as a place could be blanked instead of a table that a parameter names.

    Raises BadQuery and Forbidden for a statement in which they cannot be told.
    """
    wanted = sum(name in PLACES for name in tables)
    if not wanted:
        return text
    if PLACES.intersection(columns):
        raise Forbidden("Columns cannot be called system.tables or system.databases here.")
    parts: list[str] = []
    found = 0
    for match in _PIECE.finditer(text):
        refuse_odd(text, match, lambda reason, position: BadQuery(f"The statement: {reason}", position=position))
        if match["place"] is None:
            parts.append(match[0])
            continue
        table = match["table"].strip('`"')
        named = _GO_ON.match(text, match.end()) is not None
        parts.append(f"(SELECT * REPLACE ({_BLANKS[table]}) FROM system.{table}){'' if named else f' AS {table}'}")
        found += 1
    if found != wanted:
        raise Forbidden("Name system.tables and system.databases in the text of the statement, after FROM or JOIN.")
    return "".join(parts)

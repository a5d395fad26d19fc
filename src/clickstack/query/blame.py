"""Which text of a request the engine refuses: each is asked alone, and the first that fails is the one.

The engine sees one query and says what is wrong with that; who wrote the request sees its fields. Asked only after a
failure, and only about syntax, names and types: no row is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from clickstack.core.errors import BadQuery, Exposed
from clickstack.store import engine_fault

_ILLEGAL_AGGREGATION, _NOT_AN_AGGREGATE, _NO_CONDITION = 184, 215, 59

_UNKNOWN_NAME = re.compile(r"Unknown (?:expression|function|table|or|\s)* ?identifier [`'](?P<name>.+?)[`']")
_UNKNOWN_TABLE = re.compile(r"Unknown table expression identifier '(?P<name>.+?)'")
_NO_LOGICAL = re.compile(r"argument of function and\b|in filter in WHERE")
_NEAR = "Syntax error near: "


@dataclass(frozen=True, slots=True)
class Piece:
    """A text of a request, the name of its field, and how to ask the engine about it alone.

    `hint` helps with a name that does not exist.
    """

    place: str
    text: str
    ask: Callable[[], object]
    hint: Callable[[str], str]


@contextmanager
def blaming(pieces: Callable[[], Iterable[Piece]]) -> Iterator[None]:
    """What the engine refuses in the block is told about the piece it is in; other errors pass as they are."""
    try:
        yield
    except BadQuery as error:
        told = blamed(error, pieces())
        if told is error:  # with the engine's own words behind it
            raise
        raise told from error


def blamed(error: BadQuery, pieces: Iterable[Piece]) -> BadQuery:
    """The error, told about the text it is in. What was found before the engine was asked has its place already."""
    if engine_fault(error) is None:
        return error
    for piece in pieces:
        try:
            piece.ask()
        except BadQuery as found:
            return _told(found, piece)
        except Exposed:
            return error
    return error


def _told(found: BadQuery, piece: Piece) -> BadQuery:
    fault = engine_fault(found)
    if fault is None:
        return found
    code, message = fault.code, found.message
    if message.startswith("Syntax error"):
        return _syntax(message.removeprefix(_NEAR), piece)
    if table := _UNKNOWN_TABLE.search(message):
        return _at(
            piece, f"There is no table {table['name']!r}.", table["name"], "Name the table of one of your sources."
        )
    if name := _UNKNOWN_NAME.search(message):
        if name["name"].startswith("__") and name["name"] not in piece.text:  # a name of ours, which nothing bears
            return _at(piece, "This is several columns.", "", "Name one.")
        quoted = f'"{name["name"]}"' in piece.text
        hint = f"A text is written in single quotes: '{name['name']}'." if quoted else piece.hint(name["name"])
        return _at(piece, f"There is no column {name['name']!r}.", name["name"], hint)
    if code == _NOT_AN_AGGREGATE:
        if piece.place == "select":
            return _at(piece, "A list of events has no aggregates.", "", "Ask a chart for counts and averages.")
        hint = "Aggregate it, as in any(…), or add it to groupBy."
        return _at(piece, "This has no single value for a row of the answer.", "", hint)
    if code == _ILLEGAL_AGGREGATION:
        after = "A condition on what was aggregated goes into having."
        return _at(piece, "An aggregate has no place here.", "", after if "WHERE" in message else None)
    if code == _NO_CONDITION or _NO_LOGICAL.search(message):
        return _at(piece, "This is no condition.", "", "Compare it with something, as in ServiceName = 'web'.")
    return _at(piece, message, "", found.hint)


def _syntax(near: str, piece: Piece) -> BadQuery:
    """The engine's text goes on after the piece's own end; what is shown must not."""
    for length in range(len(near), 0, -1):
        shown = near[:length].rstrip()
        at = piece.text.rfind(shown)
        if shown and at >= 0 and (length == len(near) or piece.text.rstrip().endswith(shown)):
            only = piece.text.find(shown) == at
            return BadQuery(f"{piece.place}: Syntax error near: {shown}", position=at if only else None)
    return BadQuery(f"{piece.place}: This is no complete SQL expression.")


def _at(piece: Piece, message: str, name: str, hint: str | None) -> BadQuery:
    """A message with its field, and the place of a name that stands there once."""
    places = [match.start() for match in re.finditer(re.escape(name), piece.text)] if name else []
    position = places[0] if len(places) == 1 else None
    return BadQuery(f"{piece.place}: {message}", position=position, hint=hint)

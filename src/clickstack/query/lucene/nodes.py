"""The tree of a query.

Node  = Everything | And | Or | Not | Match
Match = a field (or none: the text of the event) and a Value
Value = Words | Phrase | Exists | Compare | Range
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal


class Wildcard(Enum):
    """`*`: any run of characters. (`?` is an ordinary character: it ends questions and begins URL queries.)"""

    ANY = "*"


Piece = str | Wildcard


@dataclass(frozen=True, slots=True)
class Words:
    """Unquoted text: literal pieces and wildcards, never two alike in a row, never a wildcard alone."""

    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return "".join(piece if isinstance(piece, str) else piece.value for piece in self.pieces)

    @property
    def plain(self) -> str | None:
        """The text when there is no wildcard in it."""
        return self.text if all(isinstance(piece, str) for piece in self.pieces) else None


@dataclass(frozen=True, slots=True)
class Phrase:
    """Quoted text. `grouped`: it stands in `field:( … )`, where an empty phrase means anything."""

    text: str
    grouped: bool = False


@dataclass(frozen=True, slots=True)
class Exists:
    """`field:*`: there is a value."""


CompareOperator = Literal[">", ">=", "<", "<="]


@dataclass(frozen=True, slots=True)
class Compare:
    operator: CompareOperator
    text: str


@dataclass(frozen=True, slots=True)
class Range:
    """`[low TO high]`; None is an open end. Never open at both (that is Exists)."""

    low: str | None
    high: str | None
    low_included: bool
    high_included: bool


Value = Words | Phrase | Exists | Compare | Range


@dataclass(frozen=True, slots=True)
class FieldName:
    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Match:
    """`position` is where the value begins in the text."""

    field: FieldName | None
    value: Value
    position: int


@dataclass(frozen=True, slots=True)
class Not:
    item: Node


@dataclass(frozen=True, slots=True)
class And:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Everything:
    """The empty query."""


Node = Everything | And | Or | Not | Match

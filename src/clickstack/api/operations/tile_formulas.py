"""What is wrong with a tile's formulas, in the words of the published API (reference/api-v2.md §7.4).

The grammar is that of query.formula, which stops at the first fault in words of its own; a test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from clickstack.core.limits import FORMULA_NESTING_MAX

_PIECE = re.compile(r"\s*(?:(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<name>[A-Za-z_]\w*)|(?P<symbol>\S))", re.ASCII)
_SYMBOLS = frozenset("+-*/()")


def formula_fault(text: str, operands: int) -> str | None:
    """The first fault of a formula over so many series; all unknown series are one fault."""
    if not text.strip():
        return "Expression is empty"
    pieces = list(_pieces(text))
    fault = next((fault for kind, piece in pieces if (fault := _piece_fault(kind, piece))), None)
    return (
        fault or _syntax_fault(pieces) or _series_fault([piece for kind, piece in pieces if kind == "name"], operands)
    )


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    for match in _PIECE.finditer(text.rstrip()):
        kind = str(match.lastgroup)
        yield kind, match[kind]


def _piece_fault(kind: str, piece: str) -> str | None:
    if kind == "name" and len(piece) > 1:
        return f'Unexpected "{piece}": series references are single letters'
    if kind == "name" and not piece.isupper():
        return f'Unexpected "{piece}": series references are uppercase letters'
    if kind == "symbol" and piece not in _SYMBOLS:
        return f'Unexpected character "{piece}"'
    return None


def _syntax_fault(pieces: list[tuple[str, str]]) -> str | None:
    """Operands and operators take turns; a sign or an opening parenthesis stands where an operand may."""
    opened: list[int] = []  # for each open parenthesis, how deep it stands
    depth, wants_operand = 0, True
    for kind, piece in pieces:
        if wants_operand and piece in ("(", "-"):
            depth += 1
            if piece == "(":
                opened.append(depth)
            if depth > FORMULA_NESTING_MAX:
                return "Expression is nested too deeply"
        elif kind in ("number", "name"):
            if not wants_operand:
                return f'Unexpected {"number" if kind == "number" else "series reference"} "{piece}"'
            wants_operand, depth = False, opened[-1] if opened else 0
        elif piece == ")":
            if not opened:
                return "Unmatched closing parenthesis"
            if wants_operand:
                return "Unexpected closing parenthesis"
            opened.pop()
            depth = opened[-1] if opened else 0
        elif wants_operand or piece == "(":
            return "Unexpected opening parenthesis" if piece == "(" else f'Unexpected operator "{piece}"'
        else:
            wants_operand = True
    if wants_operand:
        return "Unexpected end of expression"
    return "Missing closing parenthesis" if opened else None


def _series_fault(letters: list[str], operands: int) -> str | None:
    unknown = [letter for letter in dict.fromkeys(letters) if ord(letter) - ord("A") >= operands]
    if unknown:
        return "; ".join(f'Unknown series "{letter}"' for letter in unknown)
    return None if letters else "Expression must reference at least one series"

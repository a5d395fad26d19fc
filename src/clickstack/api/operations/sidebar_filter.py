"""Which SQL predicates the search page can show as a chosen facet: `<column> IN (…)`, `NOT IN (…)`, `BETWEEN … AND …`.

One column (or expression), literals on the right, nothing else (reference/api-v2.md §8.2). This decides how a filter is
drawn, not whether its SQL is safe.
"""

from __future__ import annotations

import re

# What is no number is given up at once, and not begun again at each of its digits: the text may be long.
_TOKEN = re.compile(
    r"""\s+
    | (?P<string>'(?:[^'\\]|\\.|'')*')
    | (?P<quoted>`(?:[^`\\]|\\.|``)*` | "(?:[^"\\]|\\.|"")*")
    | (?P<number>(?:(?<!\d)\d++(?:\.\d*+)?|\.\d++)(?:e[+-]?\d++)?+)(?![\w.])
    | (?P<word>[^\W\d]\w*)
    | (?P<mark>.)""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_OPEN, _CLOSE = "([{", ")]}"
_NOT_A_COLUMN = frozenset({"and", "or", "not", "is", "like", "ilike", "=", "<", ">", "!", "?", ",", ";", "'"})
Token = tuple[str, str]  # kind and text; words and marks in lower case


def is_sidebar_filter(condition: str) -> bool:
    """Whether the condition is such a predicate.

    >>> is_sidebar_filter("LogAttributes['a'] NOT IN ('x', 'y')"), is_sidebar_filter("a = 1")
    (True, False)
    """
    tokens = _tokens(condition)
    at = _predicate_at(tokens)
    if at is None:
        return False
    column, keyword, right = tokens[:at], tokens[at][1], tokens[at + 1 :]
    negated = bool(column) and column[-1] == ("word", "not")
    column = column[:-1] if negated else column
    if not _is_column(column):
        return False
    return _is_list(right) if keyword == "in" else not negated and _is_range(right)


def _tokens(text: str) -> list[Token]:
    found = []
    for match in _TOKEN.finditer(text):
        if match.lastgroup:
            plain = match.lastgroup in ("word", "mark")
            found.append((match.lastgroup, match[0].lower() if plain else match[0]))
    return found


def _predicate_at(tokens: list[Token]) -> int | None:
    """Where the first IN or BETWEEN outside brackets stands."""
    depth = 0
    for index, (kind, text) in enumerate(tokens):
        if kind == "mark":
            depth += (text in _OPEN) - (text in _CLOSE)
        elif depth == 0 and kind == "word" and text in ("in", "between"):
            return index
    return None


def _is_column(tokens: list[Token]) -> bool:
    depth, outside = 0, []
    for kind, text in tokens:
        if kind == "mark":
            depth += (text in _OPEN) - (text in _CLOSE)
        if depth == 0 and kind in ("word", "mark"):
            outside.append(text)
        if depth < 0 or text in (";", "'"):
            return False
    return depth == 0 and bool(tokens) and not _NOT_A_COLUMN & set(outside)


def _is_list(tokens: list[Token]) -> bool:
    if len(tokens) < 3 or tokens[0] != ("mark", "(") or tokens[-1] != ("mark", ")"):
        return False
    items: list[list[Token]] = [[]]
    for token in tokens[1:-1]:
        if token == ("mark", ","):
            items.append([])
        else:
            items[-1].append(token)
    return all(map(_is_literal, items))


def _is_literal(tokens: list[Token]) -> bool:
    return _is_number(tokens) or (
        len(tokens) == 1 and (tokens[0][0] == "string" or tokens[0] in (("word", "true"), ("word", "false")))
    )


def _is_number(tokens: list[Token]) -> bool:
    unsigned = tokens[1:] if tokens and tokens[0] in (("mark", "-"), ("mark", "+")) else tokens
    return len(unsigned) == 1 and unsigned[0][0] == "number"


def _is_range(tokens: list[Token]) -> bool:
    if ("word", "and") not in tokens:
        return False
    at = tokens.index(("word", "and"))
    return _is_number(tokens[:at]) and _is_number(tokens[at + 1 :])

"""SQL that a user wrote: checked here, then spliced. The only place that turns foreign text into SQL text.

The check is lexical: quotes and brackets must close as the engine sees them (sqltext), so that the text stays inside
the parentheses it is put into; no `;`, no bind placeholders, no system tables, no functions that reach outside the
tables (the engine's `readonly` refuses writes and table functions such as `url()`, but not scalar functions such as
`file()`). Comments become spaces. Whole statements of users are another matter: see `raw`.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from clickstack.core.errors import BadQuery
from clickstack.core.limits import QUERY_NESTING_MAX, QUERY_TEXT_CHARS_MAX
from clickstack.core.sql import Sql

from .allowed import CASTS, is_state, takes_function, takes_table
from .sqltext import BYTES, COMMENT, HEREDOC, QUOTED_NAME, STRING, refuse_odd

Kind = Literal["word", "quoted_name", "string", "number", "symbol"]

_TOKEN = re.compile(
    rf"(?P<space>\s+)|(?P<comment>{COMMENT})|(?P<string>{STRING}|{BYTES})|(?P<quoted_name>{QUOTED_NAME})"
    rf"|(?P<heredoc>{HEREDOC})|(?P<word>[^\W\d]\w*)|(?P<number>\d[\w.]*)|(?P<symbol>.)",
    re.DOTALL,
)
_OPEN = {"(": ")", "[": "]"}

# Scalar functions that read files, call services, sleep, or tell about the machine and other people's queries.
_OUTSIDE = re.compile(
    r"file|ai[a-z]+|catboost\w+|dict\w+|joinget\w*|sleep\w*|getserver\w+|getmacro|getmergetreesetting|"
    r"getclienthttpheader|addressto\w+|filesystem\w+|hostname|fqdn|serveruuid|showcertificate|generateserialid|"
    r"logtrace|evalmlmethod|naivebayes\w+|throwif|structureto\w+|currentqueryid|connectionid|remote\w*|url|s3\w*|"
    r"executable\w*|input|merge|cluster\w*|eval|loop|mergetree\w+|python|view\w+|hascolumnintable|"
    r"current\w+|initialquery\w+|query_?id|user|version|uptime|buildid|tcpport",
    re.IGNORECASE,
)
_READING_WORDS = frozenset({"select", "from", "with", "table"})
_SYSTEM = frozenset({"system", "information_schema"})  # what other people ask and own
_ODD_ESCAPE = re.compile(r"\\[^`\"\\]")  # in a quoted name: \x66ile would be read as file by the engine only


@dataclass(frozen=True, slots=True)
class SqlToken:
    """A piece of SQL. `depth` counts the brackets around it; `name` is a word or an unquoted quoted name."""

    kind: Kind
    text: str
    position: int
    depth: int

    @property
    def name(self) -> str:
        if self.kind == "quoted_name":
            return re.sub(r"\\(.)|([`\"])\2", lambda match: match[1] or match[2], self.text[1:-1])
        return self.text if self.kind == "word" else ""


def user_expression(text: str, what: str, *, subqueries: bool = True) -> Sql:
    """The text as one SQL expression, in parentheses. `what` names the field in messages. Raises BadQuery."""
    return Sql.of("(", checked(text, what, subqueries=subqueries), ")")


def checked(text: str, what: str, *, subqueries: bool = True) -> Sql:
    """The text, comments removed, safe to put inside parentheses of ours. Raises BadQuery."""
    tokens = tokenize(text, what)
    if not tokens:
        raise BadQuery(f"{what}: an SQL expression is missing")
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        _refuse_outside(token, following, what)
        if not subqueries and token.name.lower() in ("select", "with") and token.kind == "word":
            raise BadQuery(f"{what} must not contain subqueries", position=token.position)
    _refuse_states(tokens, what)
    return Sql((_COMMENT_OR_TEXT.sub(_kept, text).strip(),), _may_name_tables(tokens), _called(tokens))


def _refuse_states(tokens: list[SqlToken], what: str) -> None:
    """A type that CAST takes as text is one literal, and none that reads bytes as the state of an aggregate."""
    for at, token in enumerate(tokens[:-1]):
        if token.name.lower() not in CASTS or tokens[at + 1].text != "(":
            continue
        depth = token.depth + 1
        inside = list(itertools.takewhile(lambda each, depth=depth: each.depth >= depth, tokens[at + 2 :]))  # type: ignore[misc]
        commas = [index for index, each in enumerate(inside) if each.text == "," and each.depth == depth]
        named = inside[commas[0] + 1 : commas[1] if len(commas) > 1 else None] if commas else []
        if named and (len(named) != 1 or named[0].kind != "string" or is_state(named[0].text)):
            raise BadQuery(f"{what}: CAST needs the name of a type in quotes, and of no state", position=token.position)


def _called(tokens: list[SqlToken]) -> frozenset[str]:
    """The words that may be functions: those before a bracket, and those handed to a function that takes one."""
    words = set()
    for at, token in enumerate(tokens[:-1]):
        if not token.name or tokens[at + 1].text != "(":
            continue
        words.add(token.name)
        if takes_function(token.name) and at + 2 < len(tokens):
            words.add(tokens[at + 2].name)
    return frozenset(words - {""})


# Strings and quoted names are kept whole, so that what looks like a comment inside them stays.
_COMMENT_OR_TEXT = re.compile(rf"(?P<string>{STRING})|(?P<keep>{BYTES}|{QUOTED_NAME}|{HEREDOC})|{COMMENT}", re.DOTALL)


def _kept(match: re.Match[str]) -> str:
    """Queries are indented for reading; a line break inside a string must not be, so it is spelled out."""
    string = match["string"]
    if string and "\\\n" not in string:
        return string.replace("\n", "\\n")
    return match["keep"] or string or " "


def _may_name_tables(tokens: list[SqlToken]) -> bool:
    """False only for a text that can name no table: no subquery, and nothing but literals after each IN."""
    for at, token in enumerate(tokens):
        name = token.name.lower()
        if name in _READING_WORDS or (takes_table(name) and not _literals_follow(tokens, at + 1)):
            return True
    return False


def _literals_follow(tokens: list[SqlToken], at: int) -> bool:
    if at >= len(tokens) or tokens[at].text != "(":
        return False
    for token in tokens[at + 1 :]:
        if token.text == ")":
            return True
        if token.kind not in ("string", "number") and token.text not in (",", "-"):
            return False
    return False


def split_list(text: str, what: str) -> list[str]:
    """Split a list such as `a, f(b, c) AS d` at its outer commas; blank text is an empty list. Raises BadQuery."""
    tokens = tokenize(text, what)
    cuts = [token.position for token in tokens if token.text == "," and token.depth == 0]
    parts = [text[start:end] for start, end in zip([0, *(cut + 1 for cut in cuts)], [*cuts, len(text)], strict=True)]
    if not tokens:
        return []
    if any(not part.strip() for part in parts):
        raise BadQuery(f"{what}: an item of the list is empty")
    return [part.strip() for part in parts]


def split_alias(text: str, what: str) -> tuple[str, str | None]:
    """`round(x) AS y` → (`round(x)`, `y`); without an alias the second is None."""
    tokens = tokenize(text, what)
    if len(tokens) >= 3 and tokens[-2].text.lower() == "as" and tokens[-2].depth == 0 and tokens[-1].name:
        return text[: tokens[-2].position].strip(), tokens[-1].name
    return text.strip(), None


def tokenize(text: str, what: str) -> list[SqlToken]:
    """The tokens of a text whose quotes and brackets close. Raises BadQuery with the place of the fault."""
    return list(_remembered(text, what)) if len(text) <= _REMEMBERED_CHARS_MAX else _tokenized(text, what)


_REMEMBERED_CHARS_MAX = 200  # expressions of sources, sorting keys: the same ones for every query


@lru_cache(maxsize=1_024)
def _remembered(text: str, what: str) -> tuple[SqlToken, ...]:
    return tuple(_tokenized(text, what))


def _tokenized(text: str, what: str) -> list[SqlToken]:
    if len(text) > QUERY_TEXT_CHARS_MAX:
        raise BadQuery(f"{what} is longer than {QUERY_TEXT_CHARS_MAX} characters")
    tokens: list[SqlToken] = []
    awaited: list[tuple[str, int]] = []
    for match in _TOKEN.finditer(text):
        refuse_odd(text, match, lambda reason, position: BadQuery(f"{what}: {reason}", position=position))
        kind = match.lastgroup if match.lastgroup != "tag" else "heredoc"
        if kind in ("space", "comment"):
            continue
        piece, position = match[0], match.start()
        if kind == "symbol":
            _refuse_symbol(piece, position, what)
            if piece in ")]" and (not awaited or awaited.pop()[0] != piece):
                raise BadQuery(f"{what}: there is a {piece} without its opening bracket", position=position)
        tokens.append(SqlToken(_kind(kind), piece, position, len(awaited)))
        if kind == "symbol" and piece in _OPEN:
            awaited.append((_OPEN[piece], position))
            if len(awaited) > QUERY_NESTING_MAX:
                raise BadQuery(f"{what}: more than {QUERY_NESTING_MAX} brackets inside each other", position=position)
    if awaited:
        raise BadQuery(f"{what}: a closing {awaited[-1][0]} is missing", position=awaited[-1][1])
    return tokens


def _kind(group: str | None) -> Kind:
    return "string" if group == "heredoc" else group  # type: ignore[return-value]


def _refuse_symbol(symbol: str, position: int, what: str) -> None:
    if symbol == ";":
        raise BadQuery(f"{what} must be one expression, without ;", position=position)
    if symbol in "{}":
        raise BadQuery(f"{what} must not contain braces", position=position)


def _refuse_outside(token: SqlToken, following: SqlToken | None, what: str) -> None:
    if not token.name:
        return
    if token.kind == "quoted_name" and _ODD_ESCAPE.search(token.text):
        raise BadQuery(f"{what}: write the name {token.text} without a backslash", position=token.position)
    if token.name.lower() in _SYSTEM and following is not None and following.text == ".":
        raise BadQuery(f"{what}: the tables of {token.name} are not allowed here", position=token.position)
    if token.name.lower() == "aggregatefunction":
        raise BadQuery(f"{what}: bytes are not read as {token.name} here", position=token.position)
    called = following is not None and following.text == "("
    if (_OUTSIDE.fullmatch(token.name) and called) or token.name.lower() in ("file", "apply"):
        raise BadQuery(f"{what}: {token.name} is not allowed here", position=token.position)

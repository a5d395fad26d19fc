"""What counts as reading.

`readonly=1` refuses writes, DDL, settings and reading from table functions that reach outside. It does not refuse the
scalar function file(), the table function python(), and what table functions do to learn their columns: DESCRIBE url(…)
connects, sqlite(…) makes a file. And the embedded engine is also its own client, with powers that setting does not
cover: SELECT … INTO OUTFILE, several statements in one text, KILL QUERY, BACKUP, FORMAT. This module refuses those. It
never parses SQL itself: where a text could hide something, the engine formats it first, and only that canonical form is
searched. Which tables and functions a user's own statement may reach is for query/raw to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from clickstack.core.errors import BadQuery, Forbidden

FIRST_WORDS = frozenset({"select", "with", "explain", "describe", "desc"})
STATEMENT_WORDS = FIRST_WORDS | {"show"}  # of statements whose tree somebody checks
_LEADING = re.compile(r"(?:\s|\(|/\*.*?\*/|--[^\n]*(?:\n|$)|#[! ][^\n]*(?:\n|$))*", re.DOTALL)
_WORD = re.compile(r"[A-Za-z]+")
_QUOTED = re.compile(r"""'(?:\\.|''|[^'\\])*'|`(?:\\.|``|[^`\\])*`|"(?:\\.|""|[^"\\])*\"""")
_INTO_OUTFILE = re.compile(r"\bINTO\s+OUTFILE\b", re.IGNORECASE)
_FORMAT = re.compile(r"\bFORMAT\s+[A-Za-z0-9]+\s*(?:SETTINGS\b[^()]*)?$", re.IGNORECASE)
# The scalar function reads any file of the machine. It can be called, applied to columns, and handed to other functions
# by its name alone, so the name itself is refused; a column of that name can be written with its table.
_FILE = re.compile(r"""(?<![\w.])[`"]?(?<!\.[`"])\bfile\b(?![\w.])""", re.IGNORECASE)
# Table functions that reach files, the network, other processes or (python) the objects of this one. A test compares
# the names with the engine's own list.
_OUTSIDE_NAMES = (
    "arrowflight arrowstream azureblobstorage azureblobstoragecluster bigquery cluster clusterallreplicas "
    "cosn deltalake deltalakeazure deltalakeazurecluster deltalakecluster deltalakelocal deltalakes3 "
    "deltalakes3cluster dictionary eval executable filecluster filesystem gcs hdfs hdfscluster hive hudi hudicluster "
    "iceberg icebergazure icebergazurecluster icebergcluster iceberghdfs iceberghdfscluster iceberglocal "
    "iceberglocalcluster icebergs3 icebergs3cluster input jdbc loop mongodb mysql odbc oss paimon "
    "paimonazure paimonazurecluster paimoncluster paimonhdfs paimonhdfscluster paimonlocal paimons3 "
    "paimons3cluster postgresql prometheusquery prometheusqueryrange python redis remote remotesecure s3 "
    "s3cluster sqlite url urlcluster viewexplain ytsaurus"
).split()
_OUTSIDE = re.compile(rf"""(?<![\w.])[`"]?\b(?:{"|".join(_OUTSIDE_NAMES)})\b[`"]?\s*\(""", re.IGNORECASE)
# What other people ask and what the threads do: for the admin pool only. merge() reaches tables by pattern.
_OTHERS = re.compile(
    r"""(?<![\w.])(?:[`"]?\bsystem\b[`"]?\.[`"]?(?:\w*process\w*|\w+_log|stack_trace|\w*users?|\w*sessions?)\b"""
    r"""|[`"]?\bmerge\b[`"]?\s*\()""",
    re.IGNORECASE,
)
# $ opens heredoc strings, \x66 spells an f
_HIDING = (";", "\\", "$", "file", "system", "merge", *_OUTSIDE_NAMES)
_HIDING_LEAST = tuple(word for word in _HIDING if not any(other in word for other in _HIDING if other != word))
_FORMAT_WORD = re.compile(r"\bformat\b")


def check_reading(text: str, format_query: Callable[[str], str], words: frozenset[str] = FIRST_WORDS) -> None:
    """Raise Forbidden or BadQuery unless `text` is one reading statement that hands its rows back.

    `format_query` is the engine's formatQuery(): it raises BadQuery for anything but one well-formed statement. It is
    asked only when the text holds a character or a word that could hide something, which compiled queries never do.
    """
    first = _WORD.match(text, _LEADING.match(text).end())  # type: ignore[union-attr]
    if first is None or first[0].lower() not in words:
        raise Forbidden("Only reading is allowed here: start with SELECT or WITH.")
    if _may_hide(text):
        formatted = format_query(text)
        # names stay, strings go: cut by one pattern, so that a quote inside a name opens no string
        named = _QUOTED.sub(lambda match: "''" if match[0][0] == "'" else match[0], formatted)
        if _FILE.search(named):
            raise Forbidden(
                "The function file() is not allowed here. Write a column of that name with its table: t.file"
            )
        if found := _OUTSIDE.search(named):
            raise Forbidden(f"The function {found[0].strip('`( ').strip()}() is not allowed here: it reaches outside.")
        if _OTHERS.search(named):
            raise Forbidden("What other people ask is not for readers: this table or function is not allowed here.")
        bare = _QUOTED.sub("''", formatted)
        if _INTO_OUTFILE.search(bare):
            raise Forbidden("Only reading is allowed here: INTO OUTFILE writes a file.")
        if _FORMAT.search(bare.rstrip()):
            raise BadQuery("Leave the FORMAT clause out: the answer's format is fixed.")


def _may_hide(text: str) -> bool:
    """Every compiled query goes through here: looking for each word is twenty times faster than one pattern of all."""
    folded = text.casefold()
    return any(word in folded for word in _HIDING_LEAST) or ("format" in folded and bool(_FORMAT_WORD.search(folded)))

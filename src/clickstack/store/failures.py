"""ClickHouse's error codes as errors of ours.

The engine's text reaches the caller only for codes a user's query can cause, cut to its first sentence and without
stack or version; everything else is StoreFailed, shown masked and logged whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from clickstack.core.errors import BadQuery, Busy, Cancelled, ClickstackError, Forbidden, QueryTimeout, StoreFailed

_CODE = re.compile(r"Code: (\d+)\.")
_NOISE = re.compile(r"(Code: \d+\. )?DB::Exception: |\(version [^)]*\)\.?|\s*\([A-Z_0-9]+\)\s*$")
MESSAGE_CHARS_MAX = 600

# Codes that a user's text can cause: names, types, syntax, arithmetic, arguments.
_USER_CODES = frozenset(
    {6, 8, 10, 16, 27, 32, 36, 38, 41, 42, 43, 44, 46, 47, 49, 50, 53, 59, 62, 63, 69, 70, 72, 80, 81, 117, 130, 131}
    | {153, 179, 184, 190, 207, 215, 321, 352, 377, 386, 395, 403, 407, 427, 456, 457, 524, 636, 691, 713}
)

# Codes with a meaning of their own.
_ANSWERS: dict[int, Callable[[str], ClickstackError]] = {
    60: lambda message: BadQuery(message, hint="The source names a table that does not exist in this connection."),
    159: lambda _: QueryTimeout("The query took longer than allowed. Narrow the time range or the filter."),
    164: lambda message: Forbidden("Only reading is allowed here: " + message),
    241: lambda _: Busy("The query needs more memory than it may use. Narrow the time range or the grouping."),
    394: lambda _: Cancelled("The query was cancelled."),
    396: lambda _: BadQuery("The answer has too many rows. Add a limit or group more coarsely."),
}


def translate(text: str) -> ClickstackError:
    """The error for an engine message such as `Code: 47. DB::Exception: Unknown expression …`."""
    codes = _CODE.findall(text)
    code = int(codes[0]) if codes else 0
    message = readable(text)
    if code in _ANSWERS:
        return _ANSWERS[code](message)
    if code in _USER_CODES:
        return BadQuery(message)
    return StoreFailed(text)


def readable(text: str) -> str:
    """An engine message without codes, versions and the query's text."""
    text = text.split("\nStack trace", 1)[0]
    text = _NOISE.sub("", text)
    text = re.split(r":? ?(?:[Ww]hile executing|In scope |: In query )|\. Expected one of: ", text, maxsplit=1)[0]
    text = _NOISE.sub("", text).strip().rstrip(".:,") + "."
    return text if len(text) <= MESSAGE_CHARS_MAX else text[: MESSAGE_CHARS_MAX - 1] + "…"

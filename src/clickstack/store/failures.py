"""ClickHouse's error codes as errors of ours.

A query that is read can fail by its text or by the machine. Engine codes of the machine (_MACHINE) are StoreFailed,
shown masked and logged whole; everything else is the text's fault and is told, cut to its first sentence, without
stack, code and version. A load has no user's text: there only the codes of unfit data (_DATA) are BadQuery, and those
that are surely not the data's fault (_PASSING) are Busy: it is right to try again for ever.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from clickstack.core.errors import BadQuery, Busy, Cancelled, ClickstackError, Forbidden, QueryTimeout, StoreFailed

_CODE = re.compile(r"Code: (\d+)\.")
_NOISE = re.compile(r"(Code: \d+\. )?DB::Exception: |\(version [^)]*\)\.?|\s*\([A-Z_0-9]+\)\s*$")
_ASIDE = re.compile(
    r":? ?(?:[Ww]hile executing|In scope )|[:.] ?In query |\. Expected one of: |\. Maybe you meant system\."
)
_NAME = re.compile(r"\(([A-Z][A-Z0-9_]{2,})\)")
MESSAGE_CHARS_MAX = 600

_MEMORY = 241

# Codes with a meaning of their own, wherever they happen.
_ANSWERS: dict[int, Callable[[str], ClickstackError]] = {
    159: lambda _: QueryTimeout("The query took longer than allowed. Narrow the time range or the filter."),
    202: lambda _: Busy("Too many queries are running. Try again in a moment.", retry_after_s=2),
    241: lambda _: Busy("The query needs more memory than it may use. Narrow the time range or the grouping."),
    394: lambda _: Cancelled("The query was cancelled."),
}
# Codes a reader's text can cause and that deserve other words.
_TEXT: dict[int, Callable[[str], ClickstackError]] = {
    60: lambda message: BadQuery(
        message, hint="The source, or SQL of yours, names a table that this connection lacks."
    ),
    164: lambda message: Forbidden("Only reading is allowed here: " + message),
    396: lambda _: too_large(),
}
# The machine, the disk, the engine itself: nothing the author of a query can mend. (Names: ClickHouse, ErrorCodes.cpp)
_MACHINE = frozenset(
    {0, 2, 5, 23, 24, 33, 40, 49, 74, 75, 76, 77, 79, 87, 88, 89, 90, 95, 96, 97, 98, 99, 100, 101, 102, 107, 108}
    | {173, 198, 199, 208, 209, 210, 225, 228, 229, 230, 231, 232, 233, 234, 235, 236, 242, 243, 244, 246, 252, 271}
    | {279, 354, 359, 370, 388, 410, 432, 439, 499, 518, 521, 529, 586, 626, 668, 688, 999, 1000, 1001, 1002}
)
# A disk that is full or cannot be written, files or parts beyond a limit: some day it passes, without other data.
_PASSING = frozenset({75, 76, 77, 88, 243, 252, 586})
_PASSING_WORDS = ("No space left on device", "Read-only file system", "Too many open files")
# Data that a column or a projection does not take, for loads.
_DATA = frozenset(
    {6, 8, 10, 16, 26, 27, 32, 33, 36, 38, 41, 42, 43, 44, 46, 47, 50, 53, 62, 69, 70, 72, 117, 128, 130, 131, 153}
    | {190, 321, 349, 352, 377, 386, 395, 407, 440, 444, 457, 524, 636, 676, 691}
)


@dataclass(frozen=True, slots=True)
class EngineFault:
    """How the engine calls an error: its number and its name."""

    code: int
    name: str


def engine_fault(error: BaseException) -> EngineFault | None:
    """How the engine called what became this error; None when it was not the engine."""
    text = str(error.__cause__ or "")
    code, names = _CODE.search(text), _NAME.findall(text)
    return EngineFault(int(code[1]), names[-1] if names else "UNKNOWN_EXCEPTION") if code else None


def translate(text: str, *, reading: bool) -> ClickstackError:
    """The error for an engine message such as `Code: 47. DB::Exception: Unknown expression …`."""
    codes = _CODE.findall(text)
    code = int(codes[0]) if codes else 0
    message = readable(text)
    if code in _ANSWERS and (reading or code != _MEMORY):
        return _ANSWERS[code](message)
    if reading and code in _TEXT:
        return _TEXT[code](message)
    if not reading and code == _MEMORY:
        return BadQuery("The rows need more memory than one insert may use.")  # in smaller pieces they may not
    if not reading and (code in _PASSING or any(words in text for words in _PASSING_WORDS)):
        return Busy(message)
    users = code not in _MACHINE if reading else code in _DATA
    return BadQuery(message) if users else StoreFailed(text)


def readable(text: str) -> str:
    """An engine message without codes, versions and the query's text."""
    text = text.split("\nStack trace", 1)[0]
    text = _NOISE.sub("", text)
    text = _ASIDE.split(text, maxsplit=1)[0]
    text = _NOISE.sub("", text).strip().rstrip(".:,") + "."
    return text if len(text) <= MESSAGE_CHARS_MAX else text[: MESSAGE_CHARS_MAX - 1] + "…"


def too_large() -> BadQuery:
    return BadQuery("The answer has too many rows, or rows too large. Add a limit, choose less or group more coarsely.")

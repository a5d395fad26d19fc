"""Pages of lists: `limit` and `offset` asked, `meta` and X-Total-Count answered (reference/api-v2.md §1.9)."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query
from pydantic import BeforeValidator
from pydantic_core import PydanticKnownError

from clickstack.core.limits import LIST_PAGE_MAX

from .wire import Json

BIGGEST = 2**53 - 1  # above it JavaScript's numbers skip some; no list is that long
_DECIMAL = re.compile(r"[+-]?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_PREFIXED = re.compile(r"0(x[0-9a-f]+|o[0-7]+|b[01]+)", re.IGNORECASE | re.ASCII)


def javascript_number(text: str) -> float:
    """A text as JavaScript's `Number()` reads it; NaN for no number.

    >>> javascript_number("1e2"), javascript_number(" 0x10 "), javascript_number("")
    (100.0, 16.0, 0.0)
    """
    text = text.strip()
    if not text:
        return 0.0
    if _PREFIXED.fullmatch(text):
        return float(min(int(text, 0), BIGGEST))
    if text.lstrip("+-") == "Infinity":
        return math.inf if text[0] != "-" else -math.inf
    return float(text) if _DECIMAL.fullmatch(text) else math.nan


def _whole(text: Any) -> int:
    number = javascript_number(str(text))
    if math.isnan(number):
        raise PydanticKnownError("int_parsing")
    if not number.is_integer():
        raise PydanticKnownError("int_from_float")
    return max(-BIGGEST, min(int(number), BIGGEST))


QueryInt = Annotated[int, BeforeValidator(_whole)]
"""A whole number in the query, written in any way JavaScript reads; `limit=` is 0."""

PageLimit = Annotated[QueryInt, Query(ge=1, le=LIST_PAGE_MAX, description="How many objects at most.")]
PageOffset = Annotated[QueryInt, Query(ge=0, description="How many objects to leave out at the start.")]


def page_reply(rows: Sequence[Any], *, total: int, limit: int, offset: int) -> Json:
    """One page, and how many objects there are in all.

    The handler declares `limit: PageLimit = LIST_PAGE_MAX, offset: PageOffset = 0`.
    """
    body = {"data": rows, "meta": {"total": total, "limit": limit, "offset": offset}}
    return Json(body, headers={"X-Total-Count": str(total)})

"""A saved search: a question about one source, under a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """One saved search. Empty `select` and `order_by` mean the defaults of the source.

    Each filter is `{"type": "sql" | "lucene", "condition"}` or `{"type": "sql_ast", "operator", "left", "right"}`.
    `created_by` and `updated_by` are ids of users, who may have left.
    """

    id: str
    team_id: str
    name: str
    source_id: str
    select: str = ""
    where: str = ""
    where_language: Literal["lucene", "sql"] = "lucene"
    order_by: str = ""
    tags: tuple[str, ...] = ()
    filters: tuple[Mapping[str, Any], ...] = ()
    created_by: str | None = None
    updated_by: str | None = None
    revision: int = 1
    created_ms: int = 0
    updated_ms: int = 0

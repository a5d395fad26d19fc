"""A condition under construction."""

from __future__ import annotations

from dataclasses import dataclass

from clickstack.core.sql import Sql


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition that needs no further brackets. `nullable`: it may come out as NULL."""

    sql: Sql
    nullable: bool = False


TRUE = Predicate(Sql.of("1"))
FALSE = Predicate(Sql.of("0"))


class Unmatchable(Exception):
    """The value can never be of the column's type, such as `SeverityNumber:abc`. The message says so to the writer."""

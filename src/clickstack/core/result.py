"""What a query gives back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Column:
    """A result column: its name and its ClickHouse type."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the engine did for an answer."""

    rows_read: int
    bytes_read: int
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class QueryResult:
    """Rows as lists in column order. 64-bit integers are ints, NaN and infinities are None, times are text."""

    columns: tuple[Column, ...]
    rows: list[list[Any]]
    statistics: Statistics

    def dicts(self) -> Iterator[dict[str, Any]]:
        names = [column.name for column in self.columns]
        for row in self.rows:
            yield dict(zip(names, row, strict=True))

    def scalar(self) -> Any:
        """The single value of a one-row, one-column answer."""
        ((value,),) = self.rows
        return value


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a running query is. `rows_total` is the engine's estimate and may be 0 at first."""

    rows_read: int
    rows_total: int
    elapsed_s: float

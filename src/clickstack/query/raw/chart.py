"""What a raw SQL chart asks for, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from clickstack.core.result import Column, Statistics
from clickstack.core.source import Source

from ..shape import Point
from .filters import FilterSelection
from .variables import Variable

RawDisplay = Literal["line", "stacked_bar", "table", "number", "pie", "bar"]
TIME_DISPLAYS: tuple[RawDisplay, ...] = ("line", "stacked_bar")


@dataclass(frozen=True, slots=True)
class RawChart:
    """A statement with macros, parameters and variables.

    `source` is what `$__sourceTable` and `$__filters` speak of. `reachable` are the sources of the caller's team: the
    statement can read their tables and no others. Without `granularity_s` a time chart chooses its own bucket width.
    `origin_s` is where a bucket of the macros begins instead of at 1970.
    """

    sql: str
    display: RawDisplay = "table"
    source: Source | None = None
    reachable: tuple[Source, ...] = ()
    variables: tuple[Variable, ...] = ()
    filters: tuple[FilterSelection, ...] = ()
    granularity_s: int | None = None
    origin_s: int = 0


@dataclass(frozen=True, slots=True)
class RawSlice:
    """A piece of a pie or a bar."""

    label: str
    value: float


@dataclass(frozen=True, slots=True)
class RawResult:
    """The rows as the statement gave them, and what the display draws of them (reference/query-engine.md §4.3).

    Time charts: `points` (one value for each of `value_names`, groups named by `group_names`). Pie and bar: `slices`.
    Number: `number`. `truncated`: there were more than RAW_ROWS_MAX rows. `sql` is for people to read.
    """

    columns: tuple[Column, ...]
    rows: list[list[Any]]
    statistics: Statistics
    sql: str
    granularity_s: int | None = None
    truncated: bool = False
    points: tuple[Point, ...] = ()
    value_names: tuple[str, ...] = ()
    group_names: tuple[str, ...] = ()
    slices: tuple[RawSlice, ...] = ()
    number: float | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """Something `RawRunner.check` found. An error keeps the chart from answering; a warning says what will surprise.

    `position` is the 0-based offset in the statement, if known.
    """

    severity: Literal["error", "warning"]
    message: str
    position: int | None = None

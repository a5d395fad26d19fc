"""Event deltas: what sets some events apart from others, by even samples of both (reference/query-engine.md §6.6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from clickstack.core.chart import Filter
from clickstack.core.errors import BadRequest
from clickstack.core.limits import DELTA_SAMPLE_ROWS, DELTA_SAMPLE_ROWS_MAX, DELTA_TEXT_CHARS_MAX
from clickstack.core.result import Statistics
from clickstack.core.sql import Sql, ident
from clickstack.core.timerange import TimeRange
from clickstack.store import Store

from .columntype import parse_type
from .contrast import Delta, contrast
from .draft import select, table
from .events import Events, Scope
from .reader import Reader


@dataclass(frozen=True, slots=True)
class Group:
    """Some of the events of a scope."""

    where: Filter = Filter()
    time_range: TimeRange | None = None


@dataclass(frozen=True, slots=True)
class GroupSize:
    total: int
    sampled: int


@dataclass(frozen=True, slots=True)
class Deltas:
    deltas: list[Delta]
    target: GroupSize
    baseline: GroupSize
    truncated: bool
    statistics: Statistics
    warnings: tuple[str, ...]


def find_deltas(
    store: Store | Reader,
    scope: Scope,
    target: Group,
    baseline: Group | None,
    limit: int,
    query_id: str | None = None,
) -> Deltas:
    """Compares `target` with `baseline`, or with all other events of the scope. Raises what Events raises."""
    if scope.time_range.empty:
        raise BadRequest("endTime must be after startTime")
    events = Events(store, scope, query_id)
    ours = _conditions(events, target, "target")
    if not ours:
        raise BadRequest("target: say which events, by where or by startTime and endTime")
    if baseline is None:
        theirs = [Sql.of("NOT ifNull(", Sql.join(ours, " AND "), ", 0)")]
    else:
        theirs = _conditions(events, baseline, "baseline")
    target_size, target_events = _sample(events, ours)
    baseline_size, baseline_events = _sample(events, theirs)
    found = contrast(target_events, baseline_events)
    return Deltas(
        deltas=found[:limit],
        target=target_size,
        baseline=baseline_size,
        truncated=len(found) > limit,
        statistics=events.statistics,
        warnings=events.warnings,
    )


def _conditions(events: Events, group: Group, what: str) -> list[Sql]:
    condition = events.condition(group.where, f"{what}.where")
    times = events.times.within(group.time_range) if group.time_range else []
    return [*times, *([condition] if condition else [])]


def _sample(events: Events, conditions: list[Sql]) -> tuple[GroupSize, list[dict[str, str]]]:
    total = events.count(*conditions)
    wanted = min(max(total // 100, DELTA_SAMPLE_ROWS), DELTA_SAMPLE_ROWS_MAX)
    sample, _ = events.sampled(total, wanted)
    columns = list(_columns(events))
    names = [name for name, _ in columns]
    sql = select(
        [sql for _, sql in columns],
        table(events.fields),
        [*events.where(), *conditions, *sample],
        [f"LIMIT {2 * wanted}"],
    )
    rows = events.ask(sql).rows if total else []
    return GroupSize(total, len(rows)), [dict(_properties(names, row)) for row in rows]


def _columns(events: Events) -> Iterator[tuple[str, Sql]]:
    """What may tell events apart: single values and maps, but no times, no lists, and not the text itself."""
    source = events.scope.source
    for column in events.fields.schema.columns:
        kind = parse_type(column.type)
        if column.default_kind not in ("", "DEFAULT") or column.name == source.body_expression:
            continue
        name = ident(column.name)
        if kind.base == "Map" and kind.arguments[1].base == "String":
            shortened = f"mapApply((k, v) -> (k, substringUTF8(v, 1, {DELTA_TEXT_CHARS_MAX})), {name})"
            yield column.name, Sql.of(shortened)
        elif kind.family in ("text", "number", "bool"):
            shortened = f"substringUTF8(ifNull(toString({name}), ''), 1, {DELTA_TEXT_CHARS_MAX})"
            yield column.name, Sql.of(shortened)


def _properties(names: list[str], row: list[Any]) -> Iterator[tuple[str, str]]:
    for name, value in zip(names, row, strict=True):
        if isinstance(value, dict):
            yield from ((f"{name}.{key}", str(each)) for key, each in value.items() if each != "")
        elif value != "":
            yield name, value

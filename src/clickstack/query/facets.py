"""The values of several keys at once, counted under the current filter (reference/query-engine.md §5.5, §5.6).

With a filter all keys are counted in one scan, of a sample when there are many events. Without one, what was counted
beforehand answers; only when that would be an estimate, and few events lie in the range, are they counted after all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from clickstack.core.chart import Filter
from clickstack.core.limits import EXPLORE_SAMPLE_ROWS_MAX, FACET_RECOUNT_ROWS_MAX
from clickstack.core.result import Statistics
from clickstack.core.sql import Sql
from clickstack.store import Store

from .draft import select, table
from .events import Events, Scope
from .keys import KeyMeaning, read_key
from .reader import Reader
from .series import series_of
from .values import ValueList, values_of


@dataclass(frozen=True, slots=True)
class Facets:
    """One list of values for each key asked, in that order."""

    facets: list[ValueList]
    statistics: Statistics
    warnings: tuple[str, ...]


def find_facets(
    store: Store | Reader,
    scope: Scope,
    keys: Sequence[str],
    limit: int,
    selected: Mapping[str, Filter] = MappingProxyType({}),
    query_id: str | None = None,
) -> Facets:
    """`selected` are further filters by the key they were chosen in: each narrows the lists of all other keys, so that
    a list still shows what else could be chosen. Raises BadQuery for a key that does not exist, and what Events raises.
    """
    events = Events(store, scope, query_id)
    meanings = [read_key(key, events.fields) for key in keys]
    for at, meaning in enumerate(meanings):
        events.wrote(f"keys.{at}", meaning.text, meaning.sql)
    narrowing = {key: events.condition(chosen, f"selected {key}") for key, chosen in selected.items()}
    facets: dict[int, ValueList] = {}
    for others, places in _together(keys, narrowing).items():
        conditions = [sql for other in others if (sql := narrowing[other]) is not None]
        found = _facets(events, [meanings[at] for at in places], limit, conditions)
        facets |= zip(places, found, strict=True)
    return Facets([facets[at] for at in range(len(keys))], events.statistics, events.warnings)


def _together(keys: Sequence[str], narrowing: Mapping[str, Sql | None]) -> dict[tuple[str, ...], list[int]]:
    """The places of the keys that the same selections narrow."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for at, key in enumerate(keys):
        groups.setdefault(tuple(other for other in narrowing if other != key), []).append(at)
    return groups


def _facets(events: Events, keys: Sequence[KeyMeaning], limit: int, conditions: list[Sql]) -> list[ValueList]:
    if not conditions and (of_series := _of_series(events, keys, limit)) is not None:
        return of_series
    if (events.scope.unfiltered and not conditions) or events.scope.time_range.empty:
        facets = [values_of(events, key, limit) for key in keys]
        rough = [at for at, facet in enumerate(facets) if facet.estimated and facet.method != "scan"]
        if rough and events.expected_rows() <= FACET_RECOUNT_ROWS_MAX:
            exact = _counted_together(events, [keys[at] for at in rough], limit, [])
            for at, facet in zip(rough, exact, strict=True):
                facets[at] = facet
        return facets
    return _counted_together(events, keys, limit, conditions)


def _of_series(events: Events, keys: Sequence[KeyMeaning], limit: int) -> list[ValueList] | None:
    """All lists in one pass over the series of a metric, where they know all keys."""
    series = series_of(events)
    if series is None or not all(key.known_to(series.fields) for key in keys):
        return None
    return [replace(each, method="rollup") for each in _counted_together(series, keys, limit, [])]


def _counted_together(events: Events, keys: Sequence[KeyMeaning], limit: int, conditions: list[Sql]) -> list[ValueList]:
    sample, each = events.sample(EXPLORE_SAMPLE_ROWS_MAX, *conditions)
    values = [
        Sql.of(f"arrayMap(x -> ({at}, x), ", key.values, ")")
        if key.attribute is None
        else Sql.of(f"arrayMap(x -> ({at}, x), arrayFilter(x -> x != '', ", key.values, "))")
        for at, key in enumerate(keys)
    ]
    pairs = Sql.of("arrayJoin(arrayConcat(", Sql.join(values, ", "), ")) AS __pair")
    columns = [
        pairs,
        Sql.of(f"{events.counting} AS __count"),
        Sql.of("count() OVER (PARTITION BY __pair.1) AS __distinct"),
    ]
    tail = ["GROUP BY __pair", "ORDER BY __pair.1, __count DESC, __pair.2", f"LIMIT {limit} BY __pair.1"]
    rows = events.ask(select(columns, table(events.fields), [*events.where(), *conditions, *sample], tail)).rows
    found: list[list[tuple[str, int]]] = [[] for _ in keys]
    distinct = [0] * len(keys)
    for (at, value), count, values_in_all in rows:
        found[at].append((value, round(count * each)))
        distinct[at] = values_in_all
    return [
        ValueList(key.text, found[at], distinct[at] > limit or each > 1, each > 1, "scan", events.statistics)
        for at, key in enumerate(keys)
    ]

"""What an alert asks: the very chart that is shown, cut into the alert's windows (reference/alerts-and-teams.md §2).

A saved search is asked for its count, a tile for its last value: the ratio, the formula, or the last of its series.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from clickstack.core.alert import INTERVAL_MINUTES, Alert
from clickstack.core.chart import ChartConfig, Filter, Select
from clickstack.core.chart_wire import parse_chart
from clickstack.core.dashboard import Dashboard, Tile
from clickstack.core.errors import BadQuery, BadRequest
from clickstack.core.saved_search import SavedSearch
from clickstack.core.source import Source
from clickstack.query.raw import RawChart
from clickstack.query.usersql import split_list

from .notice import Subject

_ASKABLE_KINDS = ("log", "trace")
_CHART_DISPLAYS = ("line", "stacked_bar", "number", "table")
_OVER_TIME = ("line", "stacked_bar")


class InvalidAlert(Exception):
    """The alert cannot be judged as it is. The message is for the people of the team."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """How the team's objects are found."""

    saved_search: Callable[[str], SavedSearch | None]
    dashboard: Callable[[str], Dashboard | None]
    source: Callable[[str], Source | None]
    sources: Callable[[], tuple[Source, ...]]


@dataclass(frozen=True, slots=True)
class Question:
    """One of `chart` and `raw` is set. `grouped`: the answer has a value for each group.

    `counts`: the value is a number of events, which is 0 where there are none. `search` is the saved search behind it.
    """

    subject: Subject
    interval_ms: int
    grouped: bool
    chart: ChartConfig | None = None
    raw: RawChart | None = None
    counts: bool = False
    search: SavedSearch | None = None

    @property
    def source(self) -> Source | None:
        return self.chart.source if self.chart else self.raw.source if self.raw else None


def question_of(alert: Alert, lookup: Lookup) -> Question:
    """Raises InvalidAlert for a reference that leads nowhere, and for what cannot be watched."""
    if alert.source == "saved_search":
        return _of_saved_search(alert, lookup)
    return _of_tile(alert, lookup)


def subject_of(alert: Alert, lookup: Lookup) -> Subject:
    """What the alert watches, as far as it is there: of what is not the alert's own name stands."""
    instead = alert.name or alert.id
    if alert.source == "saved_search":
        search = lookup.saved_search(alert.saved_search_id or "")
        return Subject("saved_search", alert.saved_search_id or "", search.name if search else instead)
    dashboard = lookup.dashboard(alert.dashboard_id or "")
    tile = dashboard.tile(alert.tile_id or "") if dashboard else None
    names = (tile.name if tile else instead, dashboard.name if dashboard else "")
    return Subject("tile", alert.dashboard_id or "", *names, alert.tile_id or "")


def interval_ms_of(alert: Alert) -> int:
    return int(INTERVAL_MINUTES[alert.interval] * 60_000)


def _of_saved_search(alert: Alert, lookup: Lookup) -> Question:
    search = lookup.saved_search(alert.saved_search_id or "")
    if search is None:
        raise InvalidAlert("The saved search of this alert does not exist any more.")
    source = lookup.source(search.source_id)
    if source is None:
        raise InvalidAlert(f"The source of the saved search {search.name!r} does not exist any more.")
    if source.kind not in _ASKABLE_KINDS:
        raise InvalidAlert(
            f"Alerts watch searches of log and trace sources; {source.name!r} is a {source.kind} source."
        )
    groups = _groups(alert.group_by or "")
    chart = ChartConfig(
        source=source,
        select=(Select("count", where=Filter(search.where, search.where_language)),),
        filters=tuple(_filter_of(each) for each in search.filters),
        group_by=groups,
    )
    subject = Subject("saved_search", search.id, search.name)
    return Question(subject, interval_ms_of(alert), bool(groups), chart, counts=True, search=search)


def _filter_of(wire: object) -> Filter:
    match wire:
        case {"type": "sql_ast", "operator": str(operator), "left": left, "right": right}:
            return Filter(f"{left} {operator} {right}", "sql")
        case {"condition": str(condition), **rest}:
            return Filter(condition, "lucene" if rest.get("type") == "lucene" else "sql")
        case _:
            raise InvalidAlert("The saved search has a filter that cannot be read.")


def _groups(text: str) -> tuple[str, ...]:
    try:
        return tuple(split_list(text, "groupBy")) if text.strip() else ()
    except (BadQuery, BadRequest) as error:
        raise InvalidAlert(f"groupBy: {error.message}") from error


def _of_tile(alert: Alert, lookup: Lookup) -> Question:
    dashboard = lookup.dashboard(alert.dashboard_id or "")
    if dashboard is None:
        raise InvalidAlert("The dashboard of this alert does not exist any more.")
    tile = dashboard.tile(alert.tile_id or "")
    if tile is None:
        raise InvalidAlert(f"The tile of this alert is not on the dashboard {dashboard.name!r} any more.")
    subject = Subject("tile", dashboard.id, tile.name, dashboard.name, tile.id)
    if tile.display not in _CHART_DISPLAYS:
        raise InvalidAlert(f"A {tile.display} tile has no value to watch; alerts watch {', '.join(_CHART_DISPLAYS)}.")
    if tile.is_raw_sql:
        return _of_raw_tile(alert, tile, subject, lookup)
    try:
        chart = parse_chart(tile.config, lookup.source)
    except (BadQuery, BadRequest) as error:
        raise InvalidAlert(f"The tile {tile.name!r} cannot be read: {error.message}") from error
    asked = replace(
        chart,
        display="line",
        granularity_s=None,
        order_by=(),
        limit=None,
        offset=0,
        show_operands=False if chart.formulas else chart.show_operands,
        series_limit=None,
        other=False,
        align=False,
        fill=False,
        compare_to_previous=False,
    )
    counts = not chart.formulas and not chart.ratio and chart.select[-1].aggregate == "count" and not chart.having
    return Question(subject, interval_ms_of(alert), bool(asked.group_by), asked, counts=counts)


def _of_raw_tile(alert: Alert, tile: Tile, subject: Subject, lookup: Lookup) -> Question:
    source = lookup.source(tile.source_id) if tile.source_id else None
    if tile.source_id and source is None:
        raise InvalidAlert(f"The source of the tile {tile.name!r} does not exist any more.")
    raw = RawChart(
        sql=tile.sql,
        display="line" if tile.display in _OVER_TIME else tile.display,  # type: ignore[arg-type]  # one of the four
        source=source,
        reachable=lookup.sources(),
        granularity_s=interval_ms_of(alert) // 1000,
    )
    return Question(subject, interval_ms_of(alert), grouped=tile.display != "number", raw=raw)

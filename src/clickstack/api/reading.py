"""How a handler reads telemetry: as the caller's team, whose sources bound what a query can reach."""

from __future__ import annotations

from clickstack.core.errors import NotFound
from clickstack.core.limits import SEARCH_ROWS_DEFAULT, SEARCH_ROWS_MAX
from clickstack.core.records import Actor
from clickstack.core.result import Statistics
from clickstack.core.source import Source
from clickstack.query import Reader

from .context import Services


def reader(here: Services, actor: Actor) -> Reader:
    """The store as the caller's team reads it. Its sources are asked for only when a query could name their tables."""
    return Reader(here.store, lambda: here.metadata.sources.list(actor.team.id), settings=query_settings(here, actor))


def query_settings(here: Services, actor: Actor) -> dict[str, str]:
    """The ClickHouse settings that the team has chosen for its queries."""
    timeout_s = here.metadata.team_settings.get(actor.team.id).get("queryTimeout") or 0
    return {"max_execution_time": str(timeout_s)} if timeout_s > 0 else {}


def row_limit(here: Services, actor: Actor) -> int:
    """How many rows a search shows that does not say."""
    wanted = here.metadata.team_settings.get(actor.team.id).get("searchRowLimit") or SEARCH_ROWS_DEFAULT
    return int(max(1, min(wanted, SEARCH_ROWS_MAX)))


def find_source(here: Services, actor: Actor, source_id: str) -> Source:
    """A source of the caller's team. Raises NotFound, also for another team's."""
    source = here.metadata.sources.recent(actor.team.id, source_id)
    if source is None:
        raise NotFound("Source not found")
    return source


def statistics_wire(statistics: Statistics) -> dict[str, int | float]:
    return {
        "rowsRead": statistics.rows_read,
        "bytesRead": statistics.bytes_read,
        "elapsedMs": round(statistics.elapsed_s * 1000, 3),
    }

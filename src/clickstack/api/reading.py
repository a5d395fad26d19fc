"""How a handler reads telemetry: as the caller's team, whose sources bound what a query can reach."""

from __future__ import annotations

from clickstack.core.errors import NotFound
from clickstack.core.records import Actor
from clickstack.core.result import Statistics
from clickstack.core.source import Source
from clickstack.query import Reader

from .context import Services


def reader(here: Services, actor: Actor) -> Reader:
    """The store as the caller's team reads it. Its sources are asked for only when a query could name their tables."""
    return Reader(here.store, lambda: here.metadata.sources.list(actor.team.id))


def find_source(here: Services, actor: Actor, source_id: str) -> Source:
    """A source of the caller's team. Raises NotFound, also for another team's."""
    source = here.metadata.sources.get(actor.team.id, source_id)
    if source is None:
        raise NotFound("Source not found")
    return source


def statistics_wire(statistics: Statistics) -> dict[str, int | float]:
    return {
        "rowsRead": statistics.rows_read,
        "bytesRead": statistics.bytes_read,
        "elapsedMs": round(statistics.elapsed_s * 1000, 3),
    }

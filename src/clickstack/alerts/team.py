"""A team's objects, each read once a round, and when its people are left in peace."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from clickstack.core.alert import Alert
from clickstack.core.dashboard import Dashboard
from clickstack.core.source import Source
from clickstack.metadata import Metadata
from clickstack.query import Reader

from .question import Lookup
from .quiet import Quiet

ReaderOf = Callable[[Callable[[], Iterable[Source]]], Reader]


class Team:
    def __init__(self, metadata: Metadata, team_id: str, reader_of: ReaderOf, quiet: Quiet, now_ms: int) -> None:
        self._metadata = metadata
        self._team_id = team_id
        self._quiet = quiet
        self._now_ms = now_ms
        self._dashboards: dict[str, Dashboard | None] = {}
        self._sources = {source.id: source for source in metadata.sources.list(team_id)}
        self._searches = {search.id: search for search in metadata.saved_searches.list(team_id)}
        self.webhooks = metadata.webhooks.list(team_id)
        self.reader = reader_of(self._sources.values)
        self.lookup = Lookup(
            self._searches.get, self._dashboard, self._sources.get, lambda: tuple(self._sources.values())
        )

    def silence(self, alert: Alert, group: str) -> str | None:
        """Why nobody is told about this group now; None when they are."""
        return self._quiet.reason(alert, group, self._now_ms)

    def _dashboard(self, id: str) -> Dashboard | None:
        if id not in self._dashboards:
            self._dashboards[id] = self._metadata.dashboards.get(self._team_id, id)
        return self._dashboards[id]

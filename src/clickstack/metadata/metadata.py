"""The door of the room: one value that holds every table's functions."""

from __future__ import annotations

import contextlib
from pathlib import Path

import sqlalchemy as sa

from clickstack.core.clock import Clock
from clickstack.core.errors import MetadataFailed
from clickstack.core.ids import IdSource

from .access_keys import AccessKeys
from .alerts import Alerts
from .api_keys import ApiKeys
from .audit import AuditLog
from .connections import Connections
from .dashboards import Dashboards
from .db import Database, open_database
from .favorites import Favorites
from .idempotency_keys import IdempotencyKeys
from .identities import Identities
from .ingestion_keys import IngestionKeys
from .installation import Installation
from .invites import Invites
from .judgements import Judgements
from .leases import Leases
from .notifications import Notifications
from .organizations import Organizations
from .pinned_filters import PinnedFiltersOfTeams
from .preset_filters import PresetFilters
from .roles import Roles
from .saved_searches import SavedSearches
from .sessions import Sessions
from .silences import Silences
from .sources import Sources
from .team_settings import TeamSettings
from .teams import Teams
from .upgrade import upgrade
from .users import Users
from .webhooks import Webhooks


class Metadata:
    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self.installation = Installation(database, clock, ids)
        self.organizations = Organizations(database)
        self.teams = Teams(database, clock, ids)
        self.users = Users(database, clock, ids)
        self.access_keys = AccessKeys(database, clock, ids)
        self.api_keys = ApiKeys(database, clock, ids)
        self.roles = Roles(database, clock, ids)
        self.invites = Invites(database, clock, ids)
        self.identities = Identities(database, clock, ids)
        self.sessions = Sessions(database, clock, ids)
        self.ingestion_keys = IngestionKeys(database, clock, ids)
        self.idempotency_keys = IdempotencyKeys(database, clock)
        self.connections = Connections(database, clock, ids)
        self.sources = Sources(database, clock, ids)
        self.webhooks = Webhooks(database, clock, ids)
        self.dashboards = Dashboards(database, clock, ids)
        self.saved_searches = SavedSearches(database, clock, ids)
        self.alerts = Alerts(database, clock, ids)
        self.judgements = Judgements(database, clock, ids)
        self.notifications = Notifications(database, clock)
        self.silences = Silences(database, clock, ids)
        self.leases = Leases(database, clock)
        self.favorites = Favorites(database, clock, ids)
        self.pinned_filters = PinnedFiltersOfTeams(database, clock, ids)
        self.preset_filters = PresetFilters(database, clock, ids)
        self.team_settings = TeamSettings(database, clock, ids)
        self.audit_log = AuditLog(database, clock, ids)

    def ping(self) -> bool:
        """Whether the database answers."""
        try:
            with self._database.read() as connection:
                return connection.scalar(sa.select(1)) == 1
        except MetadataFailed:
            return False

    def close(self) -> None:
        self._database.close()


def open_metadata(place: str | Path, clock: Clock, ids: IdSource) -> Metadata:
    """The metadata database at a URL (or in a SQLite file), upgraded to the newest schema. Raises StartupError."""
    url = place if isinstance(place, str) else sa.URL.create("sqlite", database=str(place))
    with contextlib.ExitStack() as opened:
        database = open_database(url)
        opened.callback(database.close)
        upgrade(database)
        opened.pop_all()
    return Metadata(database, clock, ids)

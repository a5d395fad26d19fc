"""The door of the room: one value that holds every table's functions."""

from __future__ import annotations

import contextlib
from pathlib import Path

import sqlalchemy as sa

from clickstack.core.clock import Clock
from clickstack.core.errors import MetadataFailed
from clickstack.core.ids import IdSource

from .connections import Connections
from .db import Database, open_database
from .ingestion_keys import IngestionKeys
from .installation import Installation
from .sessions import Sessions
from .sources import Sources
from .teams import Teams
from .upgrade import upgrade
from .users import Users


class Metadata:
    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self.installation = Installation(database, clock, ids)
        self.teams = Teams(database, clock)
        self.users = Users(database, clock)
        self.sessions = Sessions(database, clock)
        self.ingestion_keys = IngestionKeys(database, clock)
        self.connections = Connections(database)
        self.sources = Sources(database)

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

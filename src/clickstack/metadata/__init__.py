"""Configuration in SQL: teams, people, sessions, ingestion keys, connections, sources.

Enters: frozen records and plain values; functions that belong to a team take its id first. Leaves: frozen records of
`core`, never rows. SQLite by default, PostgreSQL by URL; the schema is brought up to date when the database is opened.
Safe to use from any thread; every call blocks, so callers on an event loop go through a worker thread.

Do not add here: hashing, tokens or permissions (auth), wire formats (api), anything about telemetry itself (store),
SQL of one database only outside `db.py`.
"""

from .ingestion_keys import IngestionKey, ValidKey
from .metadata import Metadata, open_metadata
from .sessions import Session

__all__ = ["IngestionKey", "Metadata", "Session", "ValidKey", "open_metadata"]

"""Configuration in SQL: teams, people and their ways in, what teams edit, and the audit log.

Enters: frozen records and plain values; functions that belong to a team take its id first. Leaves: frozen records of
`core`, never rows. SQLite by default, PostgreSQL by URL; the schema is brought up to date when the database is opened.
Safe to use from any thread; every call blocks, so callers on an event loop go through a worker thread.

Do not add here: hashing, tokens or permissions (auth), wire formats (api), anything about telemetry itself (store),
SQL of one database only outside `sqlite.py`, `postgresql.py` and `db.py`.
"""

from .access_keys import AccessKey
from .api_keys import ApiKey, ApiKeyState, IpSource
from .audit import AuditEntry
from .idempotency_keys import IdempotencyKeys, KeyState, KeyUse, StoredReply
from .ingestion_keys import IngestionKey, ValidKey
from .invites import Invite
from .judgements import Evaluation, Judgements, Standing, Transition, Verdict
from .leases import Lease, LostLease
from .metadata import Metadata, open_metadata
from .notifications import FAREWELL, TROUBLE, Notification
from .sessions import Session, SessionEntry
from .silences import SilenceRecord

__all__ = [
    "FAREWELL",
    "TROUBLE",
    "AccessKey",
    "ApiKey",
    "ApiKeyState",
    "AuditEntry",
    "Evaluation",
    "IdempotencyKeys",
    "IngestionKey",
    "Invite",
    "IpSource",
    "Judgements",
    "KeyState",
    "KeyUse",
    "Lease",
    "LostLease",
    "Metadata",
    "Notification",
    "Session",
    "SessionEntry",
    "SilenceRecord",
    "Standing",
    "StoredReply",
    "Transition",
    "ValidKey",
    "Verdict",
    "open_metadata",
]

"""Teams, people, sessions, ingestion keys."""

from __future__ import annotations

import sqlalchemy as sa

from clickstack.core.limits import (
    EMAIL_CHARS_MAX,
    INGESTION_KEY_NAME_CHARS_MAX,
    NAME_CHARS_MAX,
    USER_AGENT_CHARS_MAX,
)

from .base import ObjectId, metadata

teams = sa.Table(
    "teams",
    metadata,
    sa.Column("id", ObjectId, primary_key=True),
    sa.Column("organization_id", sa.String(36), sa.ForeignKey("organizations.id"), nullable=False, index=True),
    sa.Column("service_id", sa.String(36), nullable=False, unique=True),
    sa.Column("name", sa.String(NAME_CHARS_MAX), nullable=False),
    sa.Column("api_key", sa.String(64), nullable=False, unique=True),
    sa.Column("hook_id", sa.String(64), nullable=False, unique=True),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
)

# At most one row: whoever inserts it has founded the installation. Two parallel first registrations meet here.
installation = sa.Table(
    "installation",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("team_id", ObjectId, sa.ForeignKey("teams.id"), nullable=False),
    sa.CheckConstraint("id = 1", name="single_row"),
)

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", ObjectId, primary_key=True),
    sa.Column("team_id", ObjectId, sa.ForeignKey("teams.id"), nullable=False, index=True),
    sa.Column("email", sa.String(EMAIL_CHARS_MAX), nullable=False, unique=True),  # lower case
    sa.Column("name", sa.String(EMAIL_CHARS_MAX), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("password_hash", sa.String(255), nullable=True),  # null: the person has no password
    sa.Column("access_key", sa.String(64), nullable=False, unique=True),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
    sa.CheckConstraint("role IN ('admin', 'editor', 'viewer')", name="role"),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),  # SHA-256 in hex; the token itself is nowhere
    sa.Column("id", ObjectId, nullable=False, unique=True),  # what people call it by
    sa.Column("user_id", ObjectId, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("expires_ms", sa.BigInteger, nullable=False, index=True),
    sa.Column("last_seen_ms", sa.BigInteger, nullable=False),
    sa.Column("user_agent", sa.String(USER_AGENT_CHARS_MAX), nullable=False),
    sa.Column("address", sa.String(64), nullable=False),
)

# Keys beside the team's classic one (`teams.api_key`, which the UI must be able to show). Revoked ones stay listed.
ingestion_keys = sa.Table(
    "ingestion_keys",
    metadata,
    sa.Column("id", ObjectId, primary_key=True),
    sa.Column("team_id", ObjectId, sa.ForeignKey("teams.id"), nullable=False, index=True),
    sa.Column("name", sa.String(INGESTION_KEY_NAME_CHARS_MAX), nullable=False),
    sa.Column("key_hash", sa.String(64), nullable=False, unique=True),  # SHA-256 in hex; the key itself is nowhere
    sa.Column("hint", sa.String(8), nullable=False),  # the key's last characters, to tell keys apart
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("last_used_ms", sa.BigInteger, nullable=True),
    sa.Column("revoked_ms", sa.BigInteger, nullable=True),
)

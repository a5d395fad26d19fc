"""Who may come in, beyond a password: named access keys, invitations, identities elsewhere, keys of organizations."""

from __future__ import annotations

import sqlalchemy as sa

from clickstack.core.limits import ACCESS_KEY_NAME_CHARS_MAX, EMAIL_CHARS_MAX, NAME_CHARS_MAX

from .base import ObjectId, metadata

Uuid = sa.String(36)
Hash = sa.String(64)  # SHA-256 in hex; what was hashed is nowhere

# Keys of a person beside the classic one (`users.access_key`). Revoked ones stay listed.
access_keys = sa.Table(
    "access_keys",
    metadata,
    sa.Column("id", ObjectId, primary_key=True),
    sa.Column("user_id", ObjectId, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("name", sa.String(ACCESS_KEY_NAME_CHARS_MAX), nullable=False),
    sa.Column("key_hash", Hash, nullable=False, unique=True),
    sa.Column("hint", sa.String(8), nullable=False),  # the key's last characters, to tell keys apart
    sa.Column("scope", sa.String(8), nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("expires_ms", sa.BigInteger, nullable=True),  # null: never
    sa.Column("last_used_ms", sa.BigInteger, nullable=True),
    sa.Column("revoked_ms", sa.BigInteger, nullable=True),
    sa.CheckConstraint("scope IN ('read', 'write')", name="scope"),
)

# One for each address a team waits for. The token is in clear: asked again, the same link is shown again.
invites = sa.Table(
    "invites",
    metadata,
    sa.Column("id", ObjectId, primary_key=True),
    sa.Column("team_id", ObjectId, sa.ForeignKey("teams.id"), nullable=False),
    sa.Column("email", sa.String(EMAIL_CHARS_MAX), nullable=False),  # lower case
    sa.Column("name", sa.String(EMAIL_CHARS_MAX), nullable=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("token", sa.String(64), nullable=False, unique=True),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("expires_ms", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("team_id", "email"),
    sa.CheckConstraint("role IN ('admin', 'editor', 'viewer')", name="role"),
)

# Who a person is at an OpenID provider.
identities = sa.Table(
    "identities",
    metadata,
    sa.Column("issuer", sa.String(255), primary_key=True),
    sa.Column("subject", sa.String(255), primary_key=True),
    sa.Column("user_id", ObjectId, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
)

# What the managed API calls an organization; its services are teams.
organizations = sa.Table(
    "organizations",
    metadata,
    sa.Column("id", Uuid, primary_key=True),
    sa.Column("name", sa.String(NAME_CHARS_MAX), nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
)

# Keys of the managed API: an id and a secret, both kept as hashes.
api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", Uuid, primary_key=True),
    sa.Column("organization_id", Uuid, sa.ForeignKey("organizations.id"), nullable=False, index=True),
    sa.Column("services", sa.JSON(none_as_null=True), nullable=True),  # ids of services; null: all
    sa.Column("name", sa.String(ACCESS_KEY_NAME_CHARS_MAX), nullable=False),
    sa.Column("key_id_hash", Hash, nullable=False, unique=True),
    sa.Column("key_id_suffix", sa.String(8), nullable=False),  # the id's last characters, to tell keys apart
    sa.Column("secret_hash", Hash, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("expires_ms", sa.BigInteger, nullable=True),  # null: never
    sa.Column("ip_access_list", sa.JSON, nullable=False),  # [{source, description?}]; empty: from anywhere
    sa.Column("roles", sa.JSON, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("last_used_ms", sa.BigInteger, nullable=True),
    sa.CheckConstraint("state IN ('enabled', 'disabled')", name="state"),
)

# Answers to requests that carried an Idempotency-Key, to be given again.
idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("caller", sa.String(64), primary_key=True),  # whose key it is: keys of two callers never meet
    sa.Column("key_hash", Hash, primary_key=True),
    sa.Column("team_id", ObjectId, sa.ForeignKey("teams.id"), nullable=False),
    sa.Column("route", sa.Text, nullable=False),
    sa.Column("request_hash", Hash, nullable=False),
    sa.Column("status", sa.Integer, nullable=True),  # null: still being answered
    sa.Column("reply", sa.LargeBinary, nullable=True),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Index("ix_idempotency_keys_team_id_created_ms", "team_id", "created_ms"),
)

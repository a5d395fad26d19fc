"""Who changed what: one row for each change of an object, written in the transaction of the change."""

from __future__ import annotations

import sqlalchemy as sa

from .base import ObjectId, metadata

# No foreign keys beside the team's: the log outlives what it is about, and who did it.
audit_log = sa.Table(
    "audit_log",
    metadata,
    sa.Column("id", ObjectId, primary_key=True),
    sa.Column("team_id", ObjectId, sa.ForeignKey("teams.id"), nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("author_kind", sa.String(16), nullable=False),
    sa.Column("author_id", sa.String(64), nullable=False),
    sa.Column("author_name", sa.Text, nullable=False),
    sa.Column("action", sa.String(16), nullable=False),
    sa.Column("object_kind", sa.String(32), nullable=False),
    sa.Column("object_id", sa.String(64), nullable=False),
    sa.Column("object_name", sa.Text, nullable=False),
    sa.Column("before", sa.JSON(none_as_null=True), nullable=True),  # secrets are "***" in both
    sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("request_id", sa.String(128), nullable=True),
    sa.Index("ix_audit_log_team_id_at_ms", "team_id", "at_ms"),
    sa.Index("ix_audit_log_team_id_object_id", "team_id", "object_id"),
)

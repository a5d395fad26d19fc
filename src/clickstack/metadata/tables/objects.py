"""What belongs to a team and is edited: connections, sources, dashboards, webhooks, saved searches, alerts.

They share a shape: id, team, name, `spec` (what nobody asks the database about), `revision` (how many times it was
written), moments. Metadata.documents writes them; what refers to what is held here, by foreign keys.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from .base import ByteText, ObjectId, metadata


def _id_and_team() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", ObjectId, primary_key=True),
        sa.Column("team_id", ObjectId, sa.ForeignKey("teams.id"), nullable=False, index=True),
    ]


def _written() -> list[sa.Column[Any]]:
    return [
        sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
    ]


connections = sa.Table(
    "connections",
    metadata,
    *_id_and_team(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column(
        "password", sa.Text, nullable=False, server_default=""
    ),  # in clear: it must be sent; never read by the API
    sa.Column("setting_prefix", sa.Text, nullable=True),
    sa.Column("is_prometheus", sa.Boolean, nullable=True),
    *_written(),
)

sources = sa.Table(
    "sources",
    metadata,
    *_id_and_team(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("connection_id", ObjectId, sa.ForeignKey("connections.id"), nullable=False, index=True),
    sa.Column("spec", sa.JSON, nullable=False),  # the wire fields that are not columns here
    *_written(),
    sa.CheckConstraint("kind IN ('log', 'trace', 'session', 'metric', 'promql')", name="kind"),
)

dashboards = sa.Table(
    "dashboards",
    metadata,
    *_id_and_team(),
    sa.Column("name", ByteText, nullable=False),
    sa.Column("created_by", ObjectId, sa.ForeignKey("users.id", ondelete="SET NULL"), nullable=True, index=True),
    sa.Column("spec", sa.Text, nullable=False),  # JSON, kept as text: a list of thousands goes out without being read
    *_written(),
)

webhooks = sa.Table(
    "webhooks",
    metadata,
    *_id_and_team(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_hash", sa.String(64), nullable=False),  # SHA-256 in hex: a name may be longer than an index entry
    sa.Column("service", sa.String(16), nullable=False),
    sa.Column("spec", sa.JSON, nullable=False),
    sa.Column("url", sa.Text, nullable=True),  # most carry a token
    sa.Column("headers", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("query_params", sa.JSON(none_as_null=True), nullable=True),
    *_written(),
    sa.UniqueConstraint("team_id", "service", "name_hash"),
)

saved_searches = sa.Table(
    "saved_searches",
    metadata,
    *_id_and_team(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("source_id", ObjectId, sa.ForeignKey("sources.id"), nullable=False, index=True),
    sa.Column("spec", sa.JSON, nullable=False),
    *_written(),
)

alerts = sa.Table(
    "alerts",
    metadata,
    *_id_and_team(),
    sa.Column("name", sa.Text, nullable=True),
    sa.Column("source", sa.String(16), nullable=False),
    sa.Column(
        "saved_search_id", ObjectId, sa.ForeignKey("saved_searches.id", ondelete="CASCADE"), nullable=True, index=True
    ),
    sa.Column("dashboard_id", ObjectId, sa.ForeignKey("dashboards.id", ondelete="CASCADE"), nullable=True, index=True),
    sa.Column("tile_id", sa.Text, nullable=True),
    sa.Column("created_by", ObjectId, sa.ForeignKey("users.id", ondelete="SET NULL"), nullable=True, index=True),
    sa.Column("spec", sa.JSON, nullable=False),
    sa.Column("state", sa.String(32), nullable=False),  # this and the next: what evaluating it found, no edit
    sa.Column("execution_errors", sa.JSON, nullable=False),
    sa.Column("silenced", sa.JSON(none_as_null=True), nullable=True),
    *_written(),
)

# Which webhooks an alert notifies; a webhook named here cannot be deleted.
alert_webhooks = sa.Table(
    "alert_webhooks",
    metadata,
    sa.Column("alert_id", ObjectId, sa.ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("webhook_id", ObjectId, sa.ForeignKey("webhooks.id", ondelete="RESTRICT"), nullable=False, index=True),
)

# What a person has starred: a dashboard or a saved search.
favorites = sa.Table(
    "favorites",
    metadata,
    *_id_and_team(),
    sa.Column("user_id", ObjectId, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("dashboard_id", ObjectId, sa.ForeignKey("dashboards.id", ondelete="CASCADE"), nullable=True, index=True),
    sa.Column(
        "saved_search_id", ObjectId, sa.ForeignKey("saved_searches.id", ondelete="CASCADE"), nullable=True, index=True
    ),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("user_id", "dashboard_id"),
    sa.UniqueConstraint("user_id", "saved_search_id"),
    sa.CheckConstraint("(dashboard_id IS NULL) <> (saved_search_id IS NULL)", name="one_object"),
)

# The facets a team keeps open on a source.
pinned_filters = sa.Table(
    "pinned_filters",
    metadata,
    *_id_and_team(),
    sa.Column("source_id", ObjectId, sa.ForeignKey("sources.id", ondelete="CASCADE"), nullable=False, unique=True),
    sa.Column("fields", sa.JSON, nullable=False),
    sa.Column("filters", sa.JSON, nullable=False),
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
)

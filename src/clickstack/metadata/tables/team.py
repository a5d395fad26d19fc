"""What a team has set for all its people."""

from __future__ import annotations

import sqlalchemy as sa

from .base import ObjectId, metadata

# No row: nothing is set.
team_settings = sa.Table(
    "team_settings",
    metadata,
    sa.Column("team_id", ObjectId, sa.ForeignKey("teams.id"), primary_key=True),
    sa.Column("spec", sa.JSON, nullable=False),  # what is set, by its name on the wire
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
)

# Filters that a team has put on a dashboard which comes with the product.
preset_filters = sa.Table(
    "preset_filters",
    metadata,
    sa.Column("id", ObjectId, primary_key=True),
    sa.Column("team_id", ObjectId, sa.ForeignKey("teams.id"), nullable=False, index=True),
    sa.Column("source_id", ObjectId, sa.ForeignKey("sources.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("preset", sa.String(32), nullable=False),
    sa.Column("spec", sa.JSON, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
)

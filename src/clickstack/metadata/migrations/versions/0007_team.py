"""What a team sets for all its people: ClickHouse settings, filters of preset dashboards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_ID = sa.String(24)


def upgrade() -> None:
    op.create_table(
        "team_settings",
        sa.Column("team_id", _ID, nullable=False),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("team_id", name="pk_team_settings"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_team_settings_team_id_teams"),
    )
    op.create_table(
        "preset_filters",
        sa.Column("id", _ID, nullable=False),
        sa.Column("team_id", _ID, nullable=False),
        sa.Column("source_id", _ID, nullable=False),
        sa.Column("preset", sa.String(32), nullable=False),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_preset_filters"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_preset_filters_team_id_teams"),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name="fk_preset_filters_source_id_sources", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_preset_filters_team_id", "preset_filters", ["team_id"])
    op.create_index("ix_preset_filters_source_id", "preset_filters", ["source_id"])


def downgrade() -> None:
    op.drop_table("preset_filters")
    op.drop_table("team_settings")

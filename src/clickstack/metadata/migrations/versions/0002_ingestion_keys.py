"""Named ingestion keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.String(24)


def upgrade() -> None:
    op.create_table(
        "ingestion_keys",
        sa.Column("id", _ID, nullable=False),
        sa.Column("team_id", _ID, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("hint", sa.String(8), nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("last_used_ms", sa.BigInteger, nullable=True),
        sa.Column("revoked_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_ingestion_keys"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_ingestion_keys_team_id_teams"),
        sa.UniqueConstraint("key_hash", name="uq_ingestion_keys_key_hash"),
    )
    op.create_index("ix_ingestion_keys_team_id", "ingestion_keys", ["team_id"])


def downgrade() -> None:
    op.drop_table("ingestion_keys")

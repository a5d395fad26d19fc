"""Roles that teams make themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_ID = sa.String(24)


def upgrade() -> None:
    op.create_table(
        "roles",
        sa.Column("id", _ID, nullable=False),
        sa.Column("team_id", _ID, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_roles"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_roles_team_id_teams"),
        sa.UniqueConstraint("team_id", "name", name="uq_roles_team_id_name"),
    )
    op.create_index("ix_roles_team_id", "roles", ["team_id"])
    op.create_table(
        "member_roles",
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("role_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_member_roles"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_member_roles_user_id_users", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name="fk_member_roles_role_id_roles"),
    )
    op.create_index("ix_member_roles_role_id", "member_roles", ["role_id"])


def downgrade() -> None:
    op.drop_table("member_roles")
    op.drop_table("roles")

"""Roles that teams made themselves."""

from __future__ import annotations

import sqlalchemy as sa

from clickstack.core.limits import NAME_CHARS_MAX

from .base import ObjectId, metadata

roles = sa.Table(
    "roles",
    metadata,
    sa.Column("id", ObjectId, primary_key=True),
    sa.Column("team_id", ObjectId, sa.ForeignKey("teams.id"), nullable=False, index=True),
    sa.Column("name", sa.String(NAME_CHARS_MAX), nullable=False),
    sa.Column("spec", sa.JSON, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("team_id", "name"),
)

# Whoever is not here has the role of `users.role`; whoever is, is a viewer there.
member_roles = sa.Table(
    "member_roles",
    metadata,
    sa.Column("user_id", ObjectId, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("role_id", ObjectId, sa.ForeignKey("roles.id"), nullable=False, index=True),
)

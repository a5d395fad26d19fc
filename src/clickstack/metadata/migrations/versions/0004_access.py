"""Named access keys, invitations, identities elsewhere; organizations and their keys; more about sessions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from clickstack.core.clock import SystemClock
from clickstack.core.ids import RandomIds

revision = "0004"
down_revision = "0003"

_ID = sa.String(24)
_UUID = sa.String(36)
_HASH = sa.String(64)


def upgrade() -> None:
    _create_organizations()
    _give_every_team_an_organization()
    _widen_sessions()
    _create_ways_in()
    _create_idempotency_keys()


def downgrade() -> None:
    for table in ("idempotency_keys", "api_keys", "identities", "invites", "access_keys"):
        op.drop_table(table)
    op.drop_index("ix_teams_organization_id", "teams")
    with op.batch_alter_table("teams") as teams:
        teams.drop_constraint("fk_teams_organization_id_organizations", type_="foreignkey")
        teams.drop_constraint("uq_teams_service_id", type_="unique")
        teams.drop_column("organization_id")
        teams.drop_column("service_id")
    op.drop_table("organizations")
    with op.batch_alter_table("sessions") as sessions:
        sessions.drop_constraint("uq_sessions_id", type_="unique")
        for column in ("id", "last_seen_ms", "user_agent", "address"):
            sessions.drop_column(column)


def _create_organizations() -> None:
    op.create_table(
        "organizations",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organizations"),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("organization_id", _UUID, nullable=False),
        sa.Column("services", sa.JSON, nullable=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("key_id_hash", _HASH, nullable=False),
        sa.Column("key_id_suffix", sa.String(8), nullable=False),
        sa.Column("secret_hash", _HASH, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("expires_ms", sa.BigInteger, nullable=True),
        sa.Column("ip_access_list", sa.JSON, nullable=False),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("last_used_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_api_keys_organization_id_organizations"
        ),
        sa.UniqueConstraint("key_id_hash", name="uq_api_keys_key_id_hash"),
        sa.CheckConstraint("state IN ('enabled', 'disabled')", name=op.f("ck_api_keys_state")),
    )
    op.create_index("ix_api_keys_organization_id", "api_keys", ["organization_id"])


def _give_every_team_an_organization() -> None:
    """Teams that exist become the one service of an organization of their own, with its name."""
    with op.batch_alter_table("teams") as teams:
        teams.add_column(sa.Column("organization_id", _UUID, nullable=True))
        teams.add_column(sa.Column("service_id", _UUID, nullable=True))
    ids, connection = RandomIds(SystemClock()), op.get_bind()
    kept = ("id", "name", "created_ms")
    organizations = sa.table("organizations", *map(sa.column, kept))
    table = sa.table("teams", *map(sa.column, (*kept, "organization_id", "service_id")))
    for team in connection.execute(sa.select(table)).all():
        organization_id = ids.uuid()
        connection.execute(
            sa.insert(organizations).values(id=organization_id, name=team.name, created_ms=team.created_ms)
        )
        connection.execute(
            sa.update(table).where(table.c.id == team.id).values(organization_id=organization_id, service_id=ids.uuid())
        )
    with op.batch_alter_table("teams") as teams:
        teams.alter_column("organization_id", existing_type=_UUID, nullable=False)
        teams.alter_column("service_id", existing_type=_UUID, nullable=False)
        teams.create_unique_constraint("uq_teams_service_id", ["service_id"])
        teams.create_foreign_key("fk_teams_organization_id_organizations", "organizations", ["organization_id"], ["id"])
    op.create_index("ix_teams_organization_id", "teams", ["organization_id"])


def _widen_sessions() -> None:
    """Sessions that exist were last seen when they began, from nobody knows where."""
    with op.batch_alter_table("sessions") as sessions:
        sessions.add_column(sa.Column("id", _ID, nullable=True))
        sessions.add_column(sa.Column("last_seen_ms", sa.BigInteger, nullable=True))
        sessions.add_column(sa.Column("user_agent", sa.String(400), nullable=True))
        sessions.add_column(sa.Column("address", sa.String(64), nullable=True))
    ids, connection = RandomIds(SystemClock()), op.get_bind()
    names = ("token_hash", "id", "created_ms", "last_seen_ms", "user_agent", "address")
    table = sa.table("sessions", *(sa.column(name) for name in names))
    for session in connection.execute(sa.select(table)).all():
        connection.execute(
            sa.update(table)
            .where(table.c.token_hash == session.token_hash)
            .values(id=ids.object_id(), last_seen_ms=session.created_ms, user_agent="", address="")
        )
    with op.batch_alter_table("sessions") as sessions:
        sessions.alter_column("id", existing_type=_ID, nullable=False)
        sessions.alter_column("last_seen_ms", existing_type=sa.BigInteger, nullable=False)
        sessions.alter_column("user_agent", existing_type=sa.String(400), nullable=False)
        sessions.alter_column("address", existing_type=sa.String(64), nullable=False)
        sessions.create_unique_constraint("uq_sessions_id", ["id"])


def _create_ways_in() -> None:
    op.create_table(
        "access_keys",
        sa.Column("id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("key_hash", _HASH, nullable=False),
        sa.Column("hint", sa.String(8), nullable=False),
        sa.Column("scope", sa.String(8), nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("expires_ms", sa.BigInteger, nullable=True),
        sa.Column("last_used_ms", sa.BigInteger, nullable=True),
        sa.Column("revoked_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_access_keys"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_access_keys_user_id_users", ondelete="CASCADE"),
        sa.UniqueConstraint("key_hash", name="uq_access_keys_key_hash"),
        sa.CheckConstraint("scope IN ('read', 'write')", name=op.f("ck_access_keys_scope")),
    )
    op.create_index("ix_access_keys_user_id", "access_keys", ["user_id"])
    op.create_table(
        "invites",
        sa.Column("id", _ID, nullable=False),
        sa.Column("team_id", _ID, nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("name", sa.String(254), nullable=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_invites"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_invites_team_id_teams"),
        sa.UniqueConstraint("token", name="uq_invites_token"),
        sa.UniqueConstraint("team_id", "email", name="uq_invites_team_id_email"),
        sa.CheckConstraint("role IN ('admin', 'editor', 'viewer')", name=op.f("ck_invites_role")),
    )
    op.create_table(
        "identities",
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_identities"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_identities_user_id_users", ondelete="CASCADE"),
    )
    op.create_index("ix_identities_user_id", "identities", ["user_id"])


def _create_idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("caller", sa.String(64), nullable=False),
        sa.Column("key_hash", _HASH, nullable=False),
        sa.Column("team_id", _ID, nullable=False),
        sa.Column("route", sa.Text, nullable=False),
        sa.Column("request_hash", _HASH, nullable=False),
        sa.Column("status", sa.Integer, nullable=True),
        sa.Column("reply", sa.LargeBinary, nullable=True),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("caller", "key_hash", name="pk_idempotency_keys"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_idempotency_keys_team_id_teams"),
    )
    op.create_index("ix_idempotency_keys_team_id_created_ms", "idempotency_keys", ["team_id", "created_ms"])

"""Dashboards, webhooks, saved searches, alerts, favourites, pinned filters; revisions; the audit log."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ID = sa.String(24)
_BYTE_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_TABLES = (  # in the order they are made
    "dashboards",
    "webhooks",
    "saved_searches",
    "alerts",
    "alert_webhooks",
    "favorites",
    "pinned_filters",
    "audit_log",
)


def upgrade() -> None:
    _widen_connections()
    op.add_column("sources", sa.Column("revision", sa.Integer, nullable=False, server_default="1"))
    _create_dashboards_and_webhooks()
    _create_saved_searches()
    _create_alerts()
    _create_favorites_and_pinned_filters()
    _create_audit_log()


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
    with op.batch_alter_table("sources") as table_of_sources:
        table_of_sources.drop_column("revision")
    with op.batch_alter_table("connections") as table_of_connections:
        for column in ("revision", "is_prometheus", "setting_prefix", "password"):
            table_of_connections.drop_column(column)
        for column, length in (("username", 255), ("host", 2048), ("name", 255)):
            table_of_connections.alter_column(column, type_=sa.String(length), existing_nullable=False)


def _widen_connections() -> None:
    with op.batch_alter_table("connections") as table:
        for column, length in (("name", 255), ("host", 2048), ("username", 255)):
            table.alter_column(column, existing_type=sa.String(length), type_=sa.Text, existing_nullable=False)
        table.add_column(sa.Column("password", sa.Text, nullable=False, server_default=""))
        table.add_column(sa.Column("setting_prefix", sa.Text, nullable=True))
        table.add_column(sa.Column("is_prometheus", sa.Boolean, nullable=True))
        table.add_column(sa.Column("revision", sa.Integer, nullable=False, server_default="1"))


def _owned(table: str) -> list[Any]:
    """The columns and constraints of everything that belongs to a team."""
    return [
        sa.Column("id", _ID, nullable=False),
        sa.Column("team_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=f"fk_{table}_team_id_teams"),
    ]


def _written() -> list[sa.Column[Any]]:
    return [
        sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
    ]


def _refers(table: str, column: str, target: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{target}"
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def _index(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(f"ix_{table}_{column}", table, [column])


def _create_dashboards_and_webhooks() -> None:
    op.create_table(
        "dashboards",
        *_owned("dashboards"),
        sa.Column("name", _BYTE_TEXT, nullable=False),
        sa.Column("created_by", _ID, nullable=True),
        sa.Column("spec", sa.Text, nullable=False),
        *_written(),
        _refers("dashboards", "created_by", "users", "SET NULL"),
    )
    _index("dashboards", "team_id", "created_by")
    op.create_table(
        "webhooks",
        *_owned("webhooks"),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_hash", sa.String(64), nullable=False),
        sa.Column("service", sa.String(16), nullable=False),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.Column("url", sa.Text, nullable=True),
        sa.Column("headers", sa.JSON, nullable=True),
        sa.Column("query_params", sa.JSON, nullable=True),
        *_written(),
        sa.UniqueConstraint("team_id", "service", "name_hash", name="uq_webhooks_team_id_service_name_hash"),
    )
    _index("webhooks", "team_id")


def _create_saved_searches() -> None:
    op.create_table(
        "saved_searches",
        *_owned("saved_searches"),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("source_id", _ID, nullable=False),
        sa.Column("spec", sa.JSON, nullable=False),
        *_written(),
        _refers("saved_searches", "source_id", "sources"),
    )
    _index("saved_searches", "team_id", "source_id")


def _create_alerts() -> None:
    op.create_table(
        "alerts",
        *_owned("alerts"),
        sa.Column("name", sa.Text, nullable=True),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("saved_search_id", _ID, nullable=True),
        sa.Column("dashboard_id", _ID, nullable=True),
        sa.Column("tile_id", sa.Text, nullable=True),
        sa.Column("created_by", _ID, nullable=True),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("execution_errors", sa.JSON, nullable=False),
        sa.Column("silenced", sa.JSON, nullable=True),
        *_written(),
        _refers("alerts", "saved_search_id", "saved_searches", "CASCADE"),
        _refers("alerts", "dashboard_id", "dashboards", "CASCADE"),
        _refers("alerts", "created_by", "users", "SET NULL"),
    )
    _index("alerts", "team_id", "saved_search_id", "dashboard_id", "created_by")
    op.create_table(
        "alert_webhooks",
        sa.Column("alert_id", _ID, nullable=False),
        sa.Column("position", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("webhook_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "position", name="pk_alert_webhooks"),
        _refers("alert_webhooks", "alert_id", "alerts", "CASCADE"),
        _refers("alert_webhooks", "webhook_id", "webhooks", "RESTRICT"),
    )
    _index("alert_webhooks", "webhook_id")


def _create_favorites_and_pinned_filters() -> None:
    op.create_table(
        "favorites",
        *_owned("favorites"),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("dashboard_id", _ID, nullable=True),
        sa.Column("saved_search_id", _ID, nullable=True),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        _refers("favorites", "user_id", "users", "CASCADE"),
        _refers("favorites", "dashboard_id", "dashboards", "CASCADE"),
        _refers("favorites", "saved_search_id", "saved_searches", "CASCADE"),
        sa.UniqueConstraint("user_id", "dashboard_id", name="uq_favorites_user_id_dashboard_id"),
        sa.UniqueConstraint("user_id", "saved_search_id", name="uq_favorites_user_id_saved_search_id"),
        sa.CheckConstraint("(dashboard_id IS NULL) <> (saved_search_id IS NULL)", name=op.f("ck_favorites_one_object")),
    )
    _index("favorites", "team_id", "dashboard_id", "saved_search_id")
    op.create_table(
        "pinned_filters",
        *_owned("pinned_filters"),
        sa.Column("source_id", _ID, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("filters", sa.JSON, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
        _refers("pinned_filters", "source_id", "sources", "CASCADE"),
        sa.UniqueConstraint("source_id", name="uq_pinned_filters_source_id"),
    )
    _index("pinned_filters", "team_id")


def _create_audit_log() -> None:
    op.create_table(
        "audit_log",
        *_owned("audit_log"),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("author_kind", sa.String(16), nullable=False),
        sa.Column("author_id", sa.String(64), nullable=False),
        sa.Column("author_name", sa.Text, nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("object_kind", sa.String(32), nullable=False),
        sa.Column("object_id", sa.String(64), nullable=False),
        sa.Column("object_name", sa.Text, nullable=False),
        sa.Column("before", sa.JSON, nullable=True),
        sa.Column("after", sa.JSON, nullable=True),
        sa.Column("request_id", sa.String(128), nullable=True),
    )
    op.create_index("ix_audit_log_team_id_at_ms", "audit_log", ["team_id", "at_ms"])
    op.create_index("ix_audit_log_team_id_object_id", "audit_log", ["team_id", "object_id"])

"""What evaluating alerts leaves behind."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_ID = sa.String(24)
_TABLES = ("alert_runs", "alert_evaluations", "alert_transitions", "silences", "notifications", "leases")


def upgrade() -> None:
    _create_findings()
    _create_silences()
    _create_notifications()
    op.create_table(
        "leases",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)


def _of_alert(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=f"fk_{table}_alert_id_alerts", ondelete="CASCADE")


def _create_findings() -> None:
    op.create_table(
        "alert_runs",
        sa.Column("alert_id", _ID, nullable=False),
        sa.Column("definition", sa.String(64), nullable=False),
        sa.Column("judged_end_ms", sa.BigInteger, nullable=False),
        sa.Column("next_due_ms", sa.BigInteger, nullable=False),
        sa.Column("alert_revision", sa.Integer, nullable=False),
        sa.Column("groups", sa.Text, nullable=False),
        sa.Column("sql", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("alert_id", name="pk_alert_runs"),
        _of_alert("alert_runs"),
    )
    op.create_index("ix_alert_runs_next_due_ms", "alert_runs", ["next_due_ms"])
    op.create_table(
        "alert_evaluations",
        sa.Column("alert_id", _ID, nullable=False),
        sa.Column("window_end_ms", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("window_start_ms", sa.BigInteger, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("found", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "window_end_ms", name="pk_alert_evaluations"),
        _of_alert("alert_evaluations"),
    )
    op.create_index("ix_alert_evaluations_at_ms", "alert_evaluations", ["at_ms"])
    op.create_table(
        "alert_transitions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("alert_id", _ID, nullable=False),
        sa.Column("group_key", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("value", sa.Float, nullable=True),
        sa.Column("window_start_ms", sa.BigInteger, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alert_transitions"),
        _of_alert("alert_transitions"),
    )
    op.create_index("ix_alert_transitions_at_ms", "alert_transitions", ["at_ms"])
    op.create_index("ix_alert_transitions_alert_id_at_ms", "alert_transitions", ["alert_id", "at_ms"])


def _create_silences() -> None:
    op.create_table(
        "silences",
        sa.Column("id", _ID, nullable=False),
        sa.Column("team_id", _ID, nullable=False),
        sa.Column("alert_id", _ID, nullable=True),
        sa.Column("group_key", sa.Text, nullable=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_by", _ID, nullable=True),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("starts_ms", sa.BigInteger, nullable=False),
        sa.Column("ends_ms", sa.BigInteger, nullable=True),
        sa.Column("repeats", sa.JSON, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_silences"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_silences_team_id_teams"),
        _of_alert("silences"),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_silences_created_by_users", ondelete="SET NULL"),
    )
    for column in ("team_id", "alert_id", "created_by"):
        op.create_index(f"ix_silences_{column}", "silences", [column])


def _create_notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", _ID, nullable=False),
        sa.Column("team_id", _ID, nullable=False),
        sa.Column("alert_id", _ID, nullable=False),
        sa.Column("group_key", sa.Text, nullable=False),
        sa.Column("lane", sa.String(64), nullable=False),
        sa.Column("target", sa.JSON, nullable=False),
        sa.Column("target_key", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_ms", sa.BigInteger, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("done_ms", sa.BigInteger, nullable=True),
        sa.Column("error", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_notifications"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_notifications_team_id_teams"),
        sa.CheckConstraint("state IN ('queued', 'sent', 'failed')", name=op.f("ck_notifications_state")),
    )
    for name, columns in (
        ("team_id", ["team_id"]),
        ("done_ms", ["done_ms"]),
        ("state_next_ms", ["state", "next_ms"]),
        ("lane_state", ["lane", "state"]),
        ("alert_id_created_ms", ["alert_id", "created_ms"]),
    ):
        op.create_index(f"ix_notifications_{name}", "notifications", columns)

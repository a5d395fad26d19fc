"""What evaluating alerts leaves behind: where each stands, what was found, what is to be sent, who may work."""

from __future__ import annotations

import sqlalchemy as sa

from .base import ObjectId, metadata


def _alert() -> sa.Column[str]:
    return sa.Column("alert_id", ObjectId, sa.ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True)


# One row for each alert that was judged: up to which window, and the state of each of its groups.
alert_runs = sa.Table(
    "alert_runs",
    metadata,
    _alert(),
    sa.Column("definition", sa.String(64), nullable=False),  # what was judged; another definition begins anew
    sa.Column("judged_end_ms", sa.BigInteger, nullable=False),
    sa.Column("next_due_ms", sa.BigInteger, nullable=False, index=True),
    sa.Column("alert_revision", sa.Integer, nullable=False),  # of the alert that was judged
    sa.Column("groups", sa.Text, nullable=False),  # JSON
    sa.Column("sql", sa.Text, nullable=False),  # of the last evaluation, for people to read
)

# One row for each window of an alert. A window that failed is written over once it is judged.
alert_evaluations = sa.Table(
    "alert_evaluations",
    metadata,
    _alert(),
    sa.Column("window_end_ms", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("window_start_ms", sa.BigInteger, nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("found", sa.Text, nullable=False),  # JSON: groups, threshold, cost, errors
)

# A group's way into and out of ALERT.
alert_transitions = sa.Table(
    "alert_transitions",
    metadata,
    sa.Column("id", ObjectId, primary_key=True),
    sa.Column("alert_id", ObjectId, sa.ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
    sa.Column("group_key", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("value", sa.Float, nullable=True),
    sa.Column("window_start_ms", sa.BigInteger, nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
    sa.Index("ix_alert_transitions_alert_id_at_ms", "alert_id", "at_ms"),
)

# Times when nobody is told: of one alert, one of its groups, or (without an alert) of the whole team.
silences = sa.Table(
    "silences",
    metadata,
    sa.Column("id", ObjectId, primary_key=True),
    sa.Column("team_id", ObjectId, sa.ForeignKey("teams.id"), nullable=False, index=True),
    sa.Column("alert_id", ObjectId, sa.ForeignKey("alerts.id", ondelete="CASCADE"), nullable=True, index=True),
    sa.Column("group_key", sa.Text, nullable=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("created_by", ObjectId, sa.ForeignKey("users.id", ondelete="SET NULL"), nullable=True, index=True),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("starts_ms", sa.BigInteger, nullable=False),
    sa.Column("ends_ms", sa.BigInteger, nullable=True),  # null: a repeating one without an end
    sa.Column("repeats", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
)

# The outbox. A message is queued in the transaction that changes the state it tells of, and outlives its alert.
notifications = sa.Table(
    "notifications",
    metadata,
    sa.Column("id", ObjectId, primary_key=True),
    sa.Column("team_id", ObjectId, sa.ForeignKey("teams.id"), nullable=False, index=True),
    sa.Column("alert_id", ObjectId, nullable=False),
    sa.Column("group_key", sa.Text, nullable=False),
    sa.Column("lane", sa.String(64), nullable=False),  # alert, group and target: sent one after the other
    sa.Column("target", sa.JSON, nullable=False),
    sa.Column("target_key", sa.String(64), nullable=False),  # the same for all that goes to one target
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("words", sa.Text, nullable=False),  # JSON
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_ms", sa.BigInteger, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("done_ms", sa.BigInteger, nullable=True, index=True),
    sa.Column("error", sa.Text, nullable=True),
    # The order in which they were queued: ids of several processes, or of a clock that was set back, have none.
    sa.Column("seq", sa.BigInteger, nullable=False, server_default="0", index=True),
    sa.CheckConstraint("state IN ('queued', 'sent', 'failed')", name="state"),
    sa.Index("ix_notifications_state_next_ms", "state", "next_ms"),
    sa.Index("ix_notifications_lane_state", "lane", "state"),
    sa.Index("ix_notifications_alert_id_created_ms", "alert_id", "created_ms"),
)

# Work that one process at a time may do. `fence` grows with each holder: a late writer is told by its old number.
leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("holder", sa.String(64), nullable=False),
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("until_ms", sa.BigInteger, nullable=False),
)

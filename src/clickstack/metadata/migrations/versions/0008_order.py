"""The order of messages is kept by a number of its own, not by their ids; silences have a revision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_IN_ORDER = """
UPDATE notifications SET seq = ranked.place
FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM notifications) AS ranked
WHERE ranked.id = notifications.id
"""


def upgrade() -> None:
    op.add_column("notifications", sa.Column("seq", sa.BigInteger, nullable=False, server_default="0"))
    op.execute(_IN_ORDER)
    op.create_index("ix_notifications_seq", "notifications", ["seq"])
    op.add_column("silences", sa.Column("revision", sa.Integer, nullable=False, server_default="1"))


def downgrade() -> None:
    op.drop_column("silences", "revision")
    op.drop_index("ix_notifications_seq", "notifications")
    op.drop_column("notifications", "seq")

"""What every file of tables shares: the registry, the naming of constraints, the types of columns."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ObjectId = sa.String(24)

# Text that sorts by its bytes on both databases; SQLite does so by itself.
ByteText = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

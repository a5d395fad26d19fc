"""Run by Alembic for every command of metadata.upgrade: on the connection, and in the transaction, of the caller."""

from __future__ import annotations

from alembic import context

from clickstack.metadata.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by rebuilding it
)
with context.begin_transaction():
    context.run_migrations()

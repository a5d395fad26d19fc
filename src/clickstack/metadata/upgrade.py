"""Brings the metadata database to the newest schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from clickstack.core.errors import MetadataFailed, StartupError

from .db import Database


def upgrade(database: Database, revision: str = "head") -> None:
    """Run the migrations that are missing, all in one transaction.

    Raises StartupError for a database of a newer ClickStack, and for one the migrations cannot work on.
    """
    try:
        with database.migrate() as connection:
            _refuse_newer(connection)
            command.upgrade(_config(connection), revision)
    except (CommandError, MetadataFailed, SQLAlchemyError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise StartupError(f"The metadata database cannot be upgraded: {reason}") from error


def downgrade(database: Database, revision: str) -> None:
    """Undo migrations down to `revision`; `base` is an empty database."""
    with database.migrate() as connection:
        command.downgrade(_config(connection), revision)


def _refuse_newer(connection: Connection) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config(connection)).walk_revisions()}
    for revision in MigrationContext.configure(connection).get_current_heads():
        if revision not in known:
            raise StartupError(
                f"The metadata database was written by a newer ClickStack (schema {revision}); "
                "run that version, or restore a backup made before the upgrade."
            )


def _config(connection: Connection) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config

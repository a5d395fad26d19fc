"""SQLite, as the metadata database needs it: a file in WAL mode, whose writers wait for each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from clickstack.core.errors import MetadataFailed, StartupError
from clickstack.core.limits import METADATA_WAIT_S_MAX

_WRITING = "clickstack_writing"  # execution option: this transaction will write
_PASSING = ("database is locked", "database table is locked", "database schema is locked")


def open_engines(address: sa.URL, pool: dict[str, Any]) -> tuple[Engine, Engine]:
    if not address.database or address.database == ":memory:":
        raise StartupError("The metadata database must be a file: sqlite:////path/to/metadata.sqlite")
    path = Path(address.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)  # its -wal and -shm files take the same mode
    waiting = {} if "timeout" in address.query else {"timeout": METADATA_WAIT_S_MAX}
    engine = sa.create_engine(address, connect_args=waiting, hide_parameters=True, **pool)
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    return engine, engine.execution_options(**{_WRITING: True})


@contextmanager
def migrating(engine: Engine) -> Iterator[Connection]:
    """Foreign keys are checked at the end, not within.

    A table is rebuilt by copying it, which would cascade into the tables that refer to it; and the checks can be
    switched only outside a transaction (SQLite, "Making Other Kinds Of Table Schema Changes").
    """
    with engine.connect() as connection:
        raw: Any = connection.connection.dbapi_connection
        raw.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                if broken is not None:
                    raise MetadataFailed(f"the migration left a dangling reference in table {broken[0]}")
        finally:
            raw.execute("PRAGMA foreign_keys=ON")


def check(connection: Connection) -> None:
    connection.execute(sa.select(1))


def passing(error: SQLAlchemyError) -> bool:
    if isinstance(error, OperationalError):
        return str(error.orig).startswith(_PASSING)
    return isinstance(error, PoolTimeout)


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions on its own; _begin does
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    """Take the write lock at the start: a transaction that reads first and writes later could not wait for it."""
    writing = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

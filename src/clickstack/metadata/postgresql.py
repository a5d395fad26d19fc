"""PostgreSQL, as the metadata database needs it: one writer at a time, everything bounded in time.

Writers wait for each other by an advisory lock of the database, which ends with their transaction, also when their
process dies. Several servers may share a database.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from clickstack.core.errors import StartupError
from clickstack.core.limits import (
    METADATA_CONNECT_S_MAX,
    METADATA_SILENCE_S_MAX,
    METADATA_STATEMENT_S_MAX,
    METADATA_UPGRADE_WAIT_S_MAX,
    METADATA_WAIT_S_MAX,
)

VERSION_MIN = 13
_WRITING = "clickstack_writing"  # execution option: this transaction will write
_WRITER_LOCK = "SELECT pg_advisory_xact_lock(4841963771)"  # any number, the same in every version
_CONNECTING: dict[str, Any] = {  # of libpq; what the URL says about one of them is stronger
    "application_name": "clickstack",
    "connect_timeout": METADATA_CONNECT_S_MAX,
    "keepalives_idle": METADATA_SILENCE_S_MAX // 3,
    "keepalives_interval": METADATA_SILENCE_S_MAX // 3,
    "keepalives_count": 2,
    "tcp_user_timeout": METADATA_SILENCE_S_MAX * 1000,
    "client_encoding": "utf8",
}
_SESSION = {  # settings of each connection, in milliseconds
    "lock_timeout": int(METADATA_WAIT_S_MAX * 1000),
    "statement_timeout": METADATA_STATEMENT_S_MAX * 1000,
    "idle_in_transaction_session_timeout": METADATA_STATEMENT_S_MAX * 1000,  # a writer that hangs lets go
}
# Classes and codes of failures that pass: connection lost, resources short, server going or coming; a lock, a
# statement or an idle transaction that took too long; a deadlock with somebody else's tool; a standby not yet promoted.
_PASSING = ("08", "53", "57", "55P03", "25P03", "25006", "40001", "40P01")


def open_engines(address: sa.URL, pool: dict[str, Any]) -> tuple[Engine, Engine]:
    given = {key: value for key, value in _CONNECTING.items() if key not in address.query}
    engine = sa.create_engine(address, connect_args=given, pool_pre_ping=True, hide_parameters=True, **pool)
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return reader, engine.execution_options(isolation_level="READ COMMITTED", **{_WRITING: True})


@contextmanager
def migrating(engine: Engine) -> Iterator[Connection]:
    """Of servers that start at once one migrates; the others wait and find it done."""
    with engine.connect() as connection:
        wait_ms = METADATA_UPGRADE_WAIT_S_MAX * 1000
        raw: Any = connection.connection.dbapi_connection
        _set(raw, {name: 0 if name == "statement_timeout" else wait_ms for name in _SESSION})
        try:
            with connection.begin():
                yield connection
        finally:
            connection.invalidate()  # its settings are not for others


def check(connection: Connection) -> None:
    version = int(connection.scalar(sa.text("SHOW server_version_num")) or 0) // 10_000
    if version < VERSION_MIN:
        raise StartupError(f"The metadata database is PostgreSQL {version}; {VERSION_MIN} or newer is needed.")
    encoding = connection.scalar(sa.text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise StartupError(
            f"The metadata database is encoded in {encoding}, which cannot hold all names. "
            "Make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0."
        )


def passing(error: SQLAlchemyError) -> bool:
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "sqlstate", None)
    if code is None:  # the driver itself: it could not connect, or lost the connection
        return error.connection_invalidated or isinstance(error, OperationalError)
    return str(code).startswith(_PASSING)


def _prepare(connection: Any, _record: object) -> None:
    _set(connection, _SESSION)


def _set(connection: Any, settings: dict[str, int]) -> None:
    connection.autocommit = True
    for name, value in settings.items():
        connection.execute(f"SET {name} = {value}")
    connection.autocommit = False


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get(_WRITING, False):
        connection.exec_driver_sql(_WRITER_LOCK)

"""The metadata database: connections, transactions, and what differs between SQLite and PostgreSQL.

The only file that knows the dialect, and the wall where the driver's exceptions end: a broken uniqueness or foreign
key leaves as `sqlalchemy.exc.IntegrityError` for the caller in this room to name; everything else is MetadataFailed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from clickstack.core.errors import MetadataFailed, StartupError
from clickstack.core.limits import METADATA_CONNECTIONS_MAX, METADATA_WAIT_S_MAX

_WRITING = "clickstack_writing"  # execution option: this transaction will write


class Database:
    """Transactions on one database. Safe to use from any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads: one consistent view."""
        with self._transaction(writing=False) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits when the block ends and rolls back when it raises."""
        with self._transaction(writing=True) as connection:
            yield connection

    @contextmanager
    def migrate(self) -> Iterator[Connection]:
        """One writing transaction in which tables may be rebuilt: foreign keys are checked at its end, not within.

        SQLite rebuilds a table by copying it, which would cascade into the tables that refer to it; and it can switch
        the checks only outside a transaction (SQLite, "Making Other Kinds Of Table Schema Changes").
        """
        with self._engine.connect() as connection:
            if connection.dialect.name != "sqlite":
                with connection.begin():
                    yield connection
                return
            raw: Any = connection.connection.dbapi_connection
            raw.execute("PRAGMA foreign_keys=OFF")
            try:
                connection = connection.execution_options(**{_WRITING: True})
                with connection.begin():
                    yield connection
                    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                    if broken is not None:
                        raise MetadataFailed(f"the migration left a dangling reference in table {broken[0]}")
            finally:
                raw.execute("PRAGMA foreign_keys=ON")

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _transaction(self, *, writing: bool) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                connection = connection.execution_options(**{_WRITING: writing})
                with connection.begin():
                    yield connection
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            raise MetadataFailed(f"metadata database: {_cause(error)}") from error


def insert_over(connection: Connection, table: sa.Table, keys: Sequence[str]) -> Any:
    """An INSERT that replaces the row of the same `keys`, which a unique constraint covers."""
    statement: Any = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    others = {column.name: statement.excluded[column.name] for column in table.c if column.name not in keys}
    return statement.on_conflict_do_update(index_elements=list(keys), set_=others)


def open_database(url: str | sa.URL) -> Database:
    """A database ready for transactions. `url` is a SQLAlchemy URL. Raises StartupError when it cannot be read.

    A SQLite file is made when missing, readable by its owner only: it holds the keys.
    """
    try:
        address = sa.make_url(url)
        if address.get_backend_name() == "sqlite":
            engine = _open_sqlite(address)
        else:
            engine = sa.create_engine(address, pool_pre_ping=True, **_POOL)
    except (SQLAlchemyError, ModuleNotFoundError, OSError) as error:
        raise StartupError(f"The metadata database cannot be opened: {_cause(error)}") from error
    database = Database(engine)
    try:
        with database.read() as connection:
            connection.execute(sa.select(1))
    except MetadataFailed as error:
        database.close()
        raise StartupError(f"The metadata database cannot be opened: {_cause(error)}") from error
    return database


_POOL: dict[str, Any] = {
    "pool_size": METADATA_CONNECTIONS_MAX,
    "max_overflow": 0,
    "pool_timeout": METADATA_WAIT_S_MAX,
    "json_serializer": lambda value: orjson.dumps(value).decode(),
    "json_deserializer": orjson.loads,
}


def _open_sqlite(address: sa.URL) -> Engine:
    if not address.database or address.database == ":memory:":
        raise StartupError("The metadata database must be a file: sqlite:////path/to/metadata.sqlite")
    path = Path(address.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)  # its -wal and -shm files take the same mode
    engine = sa.create_engine(address, connect_args={"timeout": METADATA_WAIT_S_MAX}, **_POOL)
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions on its own; _begin_sqlite does
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at the start: a transaction that reads first and writes later could not wait for it."""
    writing = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _cause(error: Exception) -> str:
    """One line on what the driver said: without the statement, which carries keys and hashes."""
    original = getattr(error, "orig", None) or error
    return (str(original).strip().splitlines() or [type(original).__name__])[0]

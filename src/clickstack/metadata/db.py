"""The metadata database: its transactions, and the wall where the driver's exceptions end.

A broken uniqueness or foreign key leaves as `sqlalchemy.exc.IntegrityError` for the caller in this room to name; a
database that is away, or too busy, as MetadataAway; everything else is MetadataFailed.

There is one writer at a time, on SQLite by nature and on PostgreSQL by a lock. So a transaction that looks and then
writes holds on both, nobody can deadlock, and no write has to be tried again. Writes take milliseconds.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as postgresql_sql
from sqlalchemy.dialects import sqlite as sqlite_sql
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from clickstack.core.blocking import refuse_on_loop
from clickstack.core.clock import SystemClock
from clickstack.core.errors import BadRequest, MetadataAway, MetadataFailed, StartupError
from clickstack.core.limits import (
    METADATA_AGE_S_MAX,
    METADATA_CONNECTIONS_MAX,
    METADATA_REMEMBERED_MAX,
    METADATA_WAIT_S_MAX,
)
from clickstack.core.log import fields, get_logger
from clickstack.core.remembered import Remembered

from . import postgresql, sqlite

_log = get_logger("metadata")

T = TypeVar("T")


@dataclass(frozen=True)
class Dialect:
    """What differs between the two databases."""

    open: Callable[[sa.URL, dict[str, Any]], tuple[Engine, Engine]]  # of transactions that read, that write; one pool
    migrating: Callable[[Engine], AbstractContextManager[Connection]]  # a transaction in which tables may be rebuilt
    passing: Callable[[SQLAlchemyError], bool]  # whether a failure goes away by itself
    check: Callable[[Connection], None]  # raises StartupError for a database that cannot be used


class Database:
    """Transactions on one database. Safe to use from any thread.

    `remembered` holds what nearly every request asks (`recent`).
    """

    def __init__(self, reader: Engine, writer: Engine, dialect: Dialect) -> None:
        self._reader = reader
        self._writer = writer
        self._dialect = dialect
        self.remembered = Remembered(SystemClock(), METADATA_AGE_S_MAX, METADATA_REMEMBERED_MAX)
        self._writing = threading.Lock()  # of this process' writers one waits in the database, not a pool full
        self._away = False

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads: one consistent view. Raises WouldBlock on an event loop, as `write` does."""
        refuse_on_loop()
        with self._translated(), self._reader.connect() as connection, connection.begin():
            yield connection
        self._note(away=False)

    def recent(self, statement: sa.Select[Any], record: Callable[[sa.Row[Any]], T], **parameters: str) -> T | None:
        """What `record` makes of the first row of a statement that nearly every request asks. Both are made once and
        kept; nobody changes the record.

        It is at most METADATA_AGE_S_MAX old where another process has written since; what goes through `write` is
        seen at once. That there is none is asked each time.
        """

        def read() -> T | None:
            with self.read() as connection:
                row = connection.execute(statement, parameters).first()
            return record(row) if row else None

        return self.remembered.answer((statement, *parameters.values()), read)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits when the block ends and rolls back when it raises. Not to be nested."""
        refuse_on_loop()
        try:
            with self._in_turn(), self._translated(), self._writer.connect() as connection, connection.begin():
                yield connection
        finally:
            self.remembered.forget()
        self._note(away=False)

    @contextmanager
    def migrate(self) -> Iterator[Connection]:
        """One writing transaction in which tables may be rebuilt, one process at a time."""
        with self._in_turn(), self._dialect.migrating(self._writer) as connection:
            yield connection

    def check(self) -> None:
        """Raises MetadataFailed, and StartupError for a database that answers but cannot be used."""
        with self.read() as connection:
            self._dialect.check(connection)

    def close(self) -> None:
        self._writer.dispose()

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if not self._writing.acquire(timeout=METADATA_WAIT_S_MAX):
            raise MetadataAway(_TRY_AGAIN)
        try:
            yield
        finally:
            self._writing.release()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            if self._dialect.passing(error):
                self._note(away=True, reason=cause(error))
                raise MetadataAway(_TRY_AGAIN) from error
            if isinstance(error, DataError):  # a text too long or with a character, a number that has no place
                raise BadRequest("The request holds a value that cannot be stored or compared.") from error
            raise MetadataFailed(f"metadata database: {cause(error)}") from error

    def _note(self, *, away: bool, reason: str = "") -> None:
        """One line when the database goes, one when it is back, however many requests fail in between."""
        if away is self._away:
            return
        self._away = away
        if away:
            _log.error("the metadata database does not answer", extra=fields(reason=reason))
        else:
            _log.info("the metadata database answers again")


_TRY_AGAIN = "The metadata database does not answer in time. Try again in a moment."
_OF = {
    "sqlite": Dialect(sqlite.open_engines, sqlite.migrating, sqlite.passing, sqlite.check),
    "postgresql": Dialect(postgresql.open_engines, postgresql.migrating, postgresql.passing, postgresql.check),
}
_POOL: dict[str, Any] = {
    "pool_size": METADATA_CONNECTIONS_MAX,
    "max_overflow": 0,
    "pool_timeout": METADATA_WAIT_S_MAX,
    "json_serializer": lambda value: orjson.dumps(value).decode(),
    "json_deserializer": orjson.loads,
}


def open_database(url: str | sa.URL) -> Database:
    """A database ready for transactions. `url` is a SQLAlchemy URL. Raises StartupError when it cannot be used.

    A SQLite file is made when missing, readable by its owner only: it holds the keys.
    """
    try:
        address = _address(url)
        dialect = _OF[address.get_backend_name()]
        database = Database(*dialect.open(address, _POOL), dialect)
    except (SQLAlchemyError, ModuleNotFoundError, OSError) as error:
        raise StartupError(f"The metadata database cannot be opened: {cause(error)}") from error
    with contextlib.ExitStack() as opened:
        opened.callback(database.close)
        try:
            database.check()
        except MetadataFailed as error:
            reason = cause(error.__cause__ or error)
            raise StartupError(f"The metadata database cannot be opened: {reason}") from error
        opened.pop_all()
    return database


def _address(url: str | sa.URL) -> sa.URL:
    if isinstance(url, str) and url.startswith("postgres://"):  # as hosts of PostgreSQL like to write it
        url = "postgresql" + url.removeprefix("postgres")
    address = sa.make_url(url)
    backend = address.get_backend_name()
    if backend not in _OF:
        raise StartupError(
            "The metadata database cannot be opened: it must be sqlite:////path/to/metadata.sqlite or "
            "postgresql://user:password@host/database"
        )
    return address.set(drivername="postgresql+psycopg") if backend == "postgresql" else address


def insert_over(connection: Connection, table: sa.Table, keys: Sequence[str]) -> Any:
    """An INSERT that replaces the row of the same `keys`, which a unique constraint covers."""
    module = postgresql_sql if connection.dialect.name == "postgresql" else sqlite_sql
    statement: Any = module.insert(table)
    others = {column.name: statement.excluded[column.name] for column in table.c if column.name not in keys}
    return statement.on_conflict_do_update(index_elements=list(keys), set_=others)


def cause(error: BaseException) -> str:
    """One line on what the driver said: without the statement, which carries keys and hashes.

    What the server refuses it explains in further lines with the values; only a failed connection is told in full.
    """
    original = getattr(error, "orig", None) or error
    lines = [line.strip() for line in str(original).splitlines() if line.strip()] or [type(original).__name__]
    return " ".join(lines) if lines[0].endswith("failures were:") else lines[0]

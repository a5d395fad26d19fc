"""What the database holds by itself, when nobody's code stands before it: each key, reference, and must-not-be-empty.

The rows are made from the tables, so tables that come later are held too.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from clickstack.metadata.db import Database, open_database
from clickstack.metadata.tables import metadata as tables

pytestmark = pytest.mark.both_databases

Row = dict[str, Any]
ALLOWED = {  # of columns with rules of their own: a value that is allowed, and one that is not
    "users.role": ("admin", "owner"),
    "invites.role": ("viewer", "owner"),
    "sources.kind": ("log", "logs"),
    "access_keys.scope": ("read", "root"),
    "api_keys.state": ("enabled", "on"),
    "notifications.state": ("queued", "lost"),
    "installation.id": (1, 2),
    "favorites.saved_search_id": (None, "of this row"),  # a star is on one object
}


@pytest.fixture
def database(metadata_url: str) -> Iterator[Database]:
    opened = open_database(metadata_url)
    yield opened
    opened.close()


@pytest.fixture
def rows(database: Database) -> dict[str, Row]:
    """One row in each table."""
    numbers = itertools.count(1)
    stored: dict[str, Row] = {}
    with database.write() as connection:
        for table in tables.sorted_tables:
            stored[table.name] = {column.name: _value(column, stored, next(numbers)) for column in table.c}
            connection.execute(sa.insert(table).values(stored[table.name]))
    return stored


def _value(column: sa.Column[Any], stored: dict[str, Row], number: int) -> Any:
    if (own := ALLOWED.get(f"{column.table.name}.{column.name}")) is not None:
        return own[0]
    for key in column.foreign_keys:
        return stored[key.column.table.name][key.column.name]
    return _new(column, number)


def _new(column: sa.Column[Any], number: int) -> Any:
    kind = column.type
    if isinstance(kind, sa.JSON):
        return {}
    if isinstance(kind, sa.String):
        return f"{number:0{min(kind.length or 24, 24)}x}"
    return kind.python_type() if isinstance(kind, (sa.LargeBinary, sa.Boolean)) else number


def refuse(database: Database, statement: Any, why: str) -> None:
    try:
        with database.write() as connection:
            connection.execute(statement)
    except IntegrityError:
        return
    pytest.fail(f"the database took {why}")


def keys_of(table: sa.Table) -> list[list[str]]:
    unique = [each for each in table.constraints if isinstance(each, (sa.UniqueConstraint, sa.PrimaryKeyConstraint))]
    return [[column.name for column in each.columns] for each in unique]


def test_no_key_is_there_twice(database: Database, rows: dict[str, Row]) -> None:
    fresh, tried = itertools.count(10_000), 0
    for table in tables.sorted_tables:
        for key in keys_of(table):
            if any(rows[table.name][name] is None for name in key):  # an empty value is like no other
                continue
            others = {name for other in keys_of(table) if other != key for name in other} - set(key)
            plain = {name: _new(table.c[name], next(fresh)) for name in others if not table.c[name].foreign_keys}
            refuse(database, sa.insert(table).values({**rows[table.name], **plain}), f"two {table.name} of one {key}")
            tried += 1
    assert tried > 40


def test_nothing_refers_to_nothing(database: Database, rows: dict[str, Row]) -> None:
    for table in tables.sorted_tables:
        for column in table.c:
            if column.foreign_keys:
                refuse(database, sa.update(table).values({column.name: "f" * 24}), f"a dangling {column}")


def test_what_must_be_there_is_there(database: Database, rows: dict[str, Row]) -> None:
    for table in tables.sorted_tables:
        for column in table.c:
            if not column.nullable:
                refuse(database, sa.update(table).values({column.name: sa.null()}), f"no {column}")


def test_values_of_a_list_are_of_the_list(database: Database, rows: dict[str, Row]) -> None:
    for name, (_, wrong) in ALLOWED.items():
        table, _, column = name.partition(".")
        value = rows["saved_searches"]["id"] if wrong == "of this row" else wrong
        refuse(database, sa.update(tables.tables[table]).values({column: value}), f"{name} = {value}")


def test_what_is_referred_to_stays_or_takes_along_what_refers(database: Database, rows: dict[str, Row]) -> None:
    """Each reference alone: either it keeps what it refers to, or it goes with it, or lets go."""
    for table in tables.sorted_tables:
        for constraint in table.foreign_key_constraints:
            if rows[table.name][constraint.columns[0].name] is not None:
                with contextlib.suppress(Undone):
                    _delete_what_is_referred_to(database, constraint)


class Undone(Exception):
    """Rolls a transaction back."""


def _delete_what_is_referred_to(database: Database, constraint: sa.ForeignKeyConstraint) -> None:
    column, target = constraint.columns[0], constraint.referred_table
    with database.write() as connection:
        _leave_only(connection, constraint.table, target)
        if constraint.ondelete in ("CASCADE", "SET NULL"):
            connection.execute(sa.delete(target))
            left = connection.execute(sa.select(column)).all()
            assert left == ([] if constraint.ondelete == "CASCADE" else [(None,)]), constraint.name
        else:
            with pytest.raises(IntegrityError):
                connection.execute(sa.delete(target))
        raise Undone


def _leave_only(connection: Connection, table: sa.Table, target: sa.Table) -> None:
    """Empty all tables but those two, and what they need."""
    keep, waiting = set(), [table, target]
    while waiting:
        each = waiting.pop()
        keep.add(each.name)
        waiting.extend(
            key.referred_table for key in each.foreign_key_constraints if key.referred_table.name not in keep
        )
    for each in reversed(tables.sorted_tables):
        if each.name not in keep:
            connection.execute(sa.delete(each))

"""The table of cases, made once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clickstack.store import Store
from query.cases import CASES_ROWS, CASES_TABLE, COLUMNS, Cases
from query.seeds import seed
from tables import TELEMETRY_TABLES


@pytest.fixture(scope="session")
def _cases(_engine: Store) -> Iterator[Store]:
    _engine.command(CASES_TABLE)
    names = ", ".join(f"`{name}`" for name in COLUMNS.split(", "))
    _engine.command(f"INSERT INTO lucene_cases ({names}) VALUES {CASES_ROWS}")
    yield _engine
    _engine.command("DROP TABLE lucene_cases")


@pytest.fixture
def cases(_cases: Store) -> Cases:
    return Cases(_cases)


@pytest.fixture(scope="module")
def seeded(_engine: Store) -> Store:
    """The shipped tables with the data sets of the golden charts and searches."""
    for table in TELEMETRY_TABLES:
        _engine.command(f"TRUNCATE TABLE {table}")
    seed(_engine)
    return _engine

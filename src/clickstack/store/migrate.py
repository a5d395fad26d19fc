"""Versioned migrations of the telemetry schema.

`schema/NNNN_name.sql` files are applied once each, in order, and recorded with their checksum in
`clickstack_migrations`. Statements end with `;` at the end of a line and can all be run again (IF NOT EXISTS …), so
a migration cut off half-way is simply started over. One statement is ours: `REBUILD table ORDER BY (…)` (rebuild.py).
"""

from __future__ import annotations

import hashlib
import re
from importlib import resources

from clickstack.core.errors import StartupError, StoreFailed
from clickstack.core.sql import Sql, literal

from .rebuild import rebuild
from .store import Store

_TABLE = """CREATE TABLE IF NOT EXISTS clickstack_migrations (
    version UInt32, name String, checksum String, applied_at DateTime64(3) DEFAULT now64(3)
) ENGINE = ReplacingMergeTree ORDER BY version"""
_REBUILD = re.compile(r"REBUILD (?P<table>\w+) ORDER BY (?P<order_by>.+?);?", re.DOTALL)


def migrations() -> list[tuple[int, str, str]]:
    """(version, name, text) of every migration this program carries, oldest first."""
    files = sorted(
        (
            file
            for file in resources.files("clickstack.store").joinpath("schema").iterdir()
            if file.name.endswith(".sql")
        ),
        key=lambda file: file.name,
    )
    return [(int(file.name[:4]), file.name.removesuffix(".sql")[5:], file.read_text()) for file in files]


def migrate(store: Store) -> list[str]:
    """Bring the schema up to date; returns the names applied now. Raises StartupError."""
    store.command(_TABLE)
    rows = store.query(Sql.of("SELECT version, checksum FROM clickstack_migrations FINAL"), pool="admin").rows
    applied: dict[int, str] = dict(rows)
    known = migrations()
    newest = max(applied, default=0)
    if newest > known[-1][0]:
        raise StartupError(
            f"The data directory has schema version {newest}, this program knows {known[-1][0]}: "
            "use the newer ClickStack that made it."
        )
    done = []
    for version, name, text in known:
        checksum = hashlib.sha256(text.encode()).hexdigest()
        if version in applied:
            if applied[version] != checksum:
                raise StartupError(
                    f"Migration {version:04d}_{name} was changed after it was applied here: restore its text."
                )
            continue
        try:
            for statement in statements(text):
                _run(store, statement)
        except StoreFailed as error:
            raise StartupError(f"Migration {version:04d}_{name} failed: {error}") from error
        store.command(
            "INSERT INTO clickstack_migrations (version, name, checksum) "
            f"VALUES ({version}, {literal(name)}, {literal(checksum)})"
        )
        done.append(name)
    if done:
        store.catalog.forget()
    return done


def _run(store: Store, statement: str) -> None:
    if match := _REBUILD.fullmatch(statement):
        rebuild(store, match["table"], match["order_by"])
    else:
        store.command(statement)


def statements(text: str) -> list[str]:
    """The statements of a migration file, without comment lines."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    return [part.strip() for part in "\n".join(lines).split(";\n") if part.strip().rstrip(";")]

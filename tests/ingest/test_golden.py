"""OTLP in, rows out: every `tests/golden/otlp/*.case` goes the whole way through spool and engine.

A case file: comment lines (`#`), then sections that begin with `---`:

    --- logs | traces | metrics                an OTLP/JSON request
    --- answer                                 what its sender is told when not all of it can be stored
    --- rows <table>: <column> <column> …      the rows, one JSON object a line; without columns, all that are not empty

GOLDEN_UPDATE=1 writes the rows sections anew: read the diff.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clickstack.core.sql import Sql, ident
from clickstack.ingest import Ingest
from clickstack.ingest.otlp_json import read_json
from clickstack.ingest.signals import SIGNALS
from clickstack.store import Store

CASES = sorted((Path(__file__).parent.parent / "golden" / "otlp").glob("*.case"))
NOTHING = ("", 0, {}, [], "1970-01-01 00:00:00.000000000")


@dataclass
class Section:
    title: str
    text: str


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_rows(path: Path, ingest: Ingest, store: Store) -> None:
    comment, sections = parse(path.read_text())
    seen: list[Section] = []
    for section in sections:
        if section.title in SIGNALS:
            accepted = ingest.accept(section.title, read_json(section.title, section.text.encode()).body)
        elif section.title == "answer":
            section = Section("answer", f"{accepted.rejected} rejected: {accepted.message}\n")
        else:
            assert ingest.flush(20)
            section = Section(section.title, rows(store, section.title))
        seen.append(section)
    if os.environ.get("GOLDEN_UPDATE"):
        path.write_text(comment + "".join(f"--- {each.title}\n{each.text}" for each in seen))
    for expected, found in zip(sections, seen, strict=True):
        assert found.text == expected.text, found.title


def parse(text: str) -> tuple[str, list[Section]]:
    comment, *parts = ("\n" + text).split("\n--- ")
    sections = []
    for part in parts:
        title, _, body = part.partition("\n")
        sections.append(Section(title, body.rstrip("\n") + "\n" if body.strip() else ""))
    return comment.lstrip("\n") + "\n", sections


def rows(store: Store, title: str) -> str:
    table, _, names = title.removeprefix("rows ").partition(":")
    columns = store.catalog.table("default", table).columns
    known = [column.name for column in columns if column.default_kind == ""]
    for column in columns:
        if column.default_kind == "DEFAULT":  # what a loader fills in is what others get who leave it out
            other = f"SELECT count() FROM {table} WHERE {ident(column.name)} != {column.default_expression}"
            assert store.query(Sql.of(other)).scalar() == 0, column.name
    if table == "otel_logs":  # a key twice: shown is the last, found is the first
        twice = f"SELECT count() FROM {table} WHERE arrayUniq(mapKeys(LogAttributes)) != length(LogAttributes)"
        assert store.query(Sql.of(twice)).scalar() == 0
    chosen = ", ".join(ident(column) for column in names.split() or known)
    times = [name for name in ("Timestamp", "TimeUnix") if name in known]
    found = store.query(Sql.of(f"SELECT {chosen} FROM {table} ORDER BY {', '.join([*times, chosen])}")).dicts()
    return "".join(line(row if names else {k: v for k, v in row.items() if v not in NOTHING}) for row in found)


def line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"

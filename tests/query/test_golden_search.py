"""tests/golden/search: searches and histograms in a few lines → SQL → rows, on the engine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

import pytest

from clickstack.core.chart import Filter
from clickstack.core.errors import Exposed
from clickstack.core.timerange import TimeRange, granularity_seconds
from clickstack.query import Runner, Search, SearchConfig, histogram
from clickstack.store import Store
from query.golden import Case, check, read_cases
from query.seeds import source


@pytest.mark.parametrize("case", read_cases("search"), ids=lambda case: case.id)
def test_search(case: Case, seeded: Store) -> None:
    run = _histogram if case.file.stem == "histogram" else _page

    def answer(request: str) -> dict[str, str]:
        said = dict(line.partition(": ")[::2] for line in request.splitlines())
        try:
            return run(seeded, said)
        except Exposed as error:
            return {"error": f"{error.code}: {error.message}"}

    check(case, answer)


def _page(store: Store, said: Mapping[str, str]) -> dict[str, str]:
    config = SearchConfig(
        source=source(said.get("source", "log")),
        where=_where(said),
        time_range=_range(said),
        limit=int(said["limit"]),
        select=said.get("select", ""),
        order_by=said.get("order by", ""),
        offset=int(said.get("offset", 0)),
        cursor=said.get("cursor"),
        strict="strict" in said,
    )
    page = Search(store).page(config)
    rows = [" | ".join(column.name for column in page.columns)]
    rows += [" | ".join(json.dumps(value, ensure_ascii=False) for value in row) for row in page.rows]
    return {"sql": page.sql, "rows": "\n".join([*rows, "and more" if page.next_cursor else "the end"])}


def _histogram(store: Store, said: Mapping[str, str]) -> dict[str, str]:
    width_s = granularity_seconds(said["granularity"]) if "granularity" in said else None
    bars = histogram(Runner(store), source(said.get("source", "log")), _where(said), _range(said), width_s, None)
    groups = [f"{group.name}: {' '.join(map(str, group.counts))}" for group in bars.groups]
    lines = [f"{len(bars.buckets_ms)} buckets of {bars.granularity_s} s, {bars.total} events", *groups]
    return {"sql": bars.sql, "bars": "\n".join(lines)}


def _where(said: Mapping[str, str]) -> Filter:
    language, _, text = said.get("where", "lucene ").partition(" ")
    return Filter(text, language)  # type: ignore[arg-type]


def _range(said: Mapping[str, str]) -> TimeRange:
    start, minutes = said.get("range", "2022-01-05T00:00 1440").split()
    start_ms = int(datetime.fromisoformat(start + "+00:00").timestamp() * 1000)
    return TimeRange(start_ms, start_ms + int(minutes) * 60_000)

"""tests/golden/chart: a chart in a few lines → SQL → points, on the engine."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from clickstack.core.chart import ChartConfig, Filter, Metric, Select
from clickstack.core.errors import Exposed
from clickstack.core.timerange import TimeRange, granularity_seconds
from clickstack.query import Runner
from clickstack.store import Store
from query.golden import Case, check, read_cases
from query.seeds import source

SELECT = re.compile(
    r"(?P<aggregate>\w+)(?:\((?P<level>[\d.]+)\))?(?: (?!if )(?P<expression>.+?))?(?: if (?P<where>.*))?"
)


@pytest.mark.parametrize("case", read_cases("chart"), ids=lambda case: case.id)
def test_chart(case: Case, seeded: Store) -> None:
    def answer(request: str) -> dict[str, str]:
        try:
            chart, time_range = read_chart(request)
            result = Runner(seeded).run(chart, time_range)
        except Exposed as error:
            return {"error": f"{error.code}: {error.message}"}
        points = [
            " | ".join(
                [f"{point.bucket_ms // 1000 % 86400 // 60:>3}m", *map(str, point.group), *map(str, point.values)]
            )
            for point in result.points
        ]
        return {"sql": result.sql, "points": "\n".join(points)}

    check(case, answer)


def read_chart(text: str) -> tuple[ChartConfig, TimeRange]:
    """A chart from lines such as `select: quantile(0.95) Duration if ServiceName:web`."""
    lines = [line.partition(": ")[::2] for line in text.splitlines()]
    said = dict(lines)
    metric = said.get("metric")
    kind, _, name = (metric or "").partition(" ")
    start, minutes = said.get("range", "2022-01-05T00:00 10").split()
    start_ms = int(datetime.fromisoformat(start + "+00:00").timestamp() * 1000)
    language, _, where = said.get("where", "lucene ").partition(" ")
    chart = ChartConfig(
        source=source("metric" if metric else said.get("source", "log")),
        select=tuple(_select(value, Metric(name, kind) if metric else None) for key, value in lines if key == "select"),  # type: ignore[arg-type]
        where=Filter(where, language),  # type: ignore[arg-type]
        group_by=tuple(value for key, value in lines if key == "group by"),
        granularity_s=granularity_seconds(said["granularity"]) if "granularity" in said else None,
    )
    return chart, TimeRange(start_ms, start_ms + int(float(minutes) * 60_000))


def _select(text: str, metric: Metric | None) -> Select:
    match = SELECT.fullmatch(text)
    assert match, text
    return Select(
        match["aggregate"],  # type: ignore[arg-type]
        match["expression"],
        float(match["level"]) if match["level"] else None,
        Filter(match["where"] or ""),
        metric,
    )

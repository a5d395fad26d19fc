"""tests/golden/macros: a raw SQL chart in a few lines → SQL → what it draws, on the engine."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from clickstack.core.errors import BadQuery, Exposed
from clickstack.core.timerange import TimeRange, granularity_seconds
from clickstack.query.raw import FilterSelection, RawChart, RawResult, RawRunner, Variable
from clickstack.store import Store
from query.golden import Case, check, read_cases
from query.seeds import seed_events, source
from tables import TELEMETRY_TABLES

SOURCES = tuple(map(source, ("log", "trace", "metric")))


@pytest.fixture(scope="module")
def events(_engine: Store) -> Store:
    """The ten events of §10.6 and nothing else."""
    for table in TELEMETRY_TABLES:
        _engine.command(f"TRUNCATE TABLE {table}")
    seed_events(_engine)
    return _engine


@pytest.mark.parametrize("case", read_cases("macros"), ids=lambda case: case.id)
def test_raw_chart(case: Case, events: Store) -> None:
    runner = RawRunner(events)

    def answer(request: str) -> dict[str, str]:
        try:
            chart, time_range = read_raw(request)
            issues = "\n".join(
                f"{issue.severity}: {issue.message}" + ("" if issue.position is None else f" at {issue.position}")
                for issue in runner.check(chart, time_range)
            )
            result = runner.run(chart, time_range)
        except Exposed as error:
            place = f" at {error.position}" if isinstance(error, BadQuery) and error.position is not None else ""
            hint = f"\n{error.hint}" if isinstance(error, BadQuery) and error.hint else ""
            return {"error": f"{error.code}: {error.message}{place}{hint}"}
        said = {"sql": result.sql, _drawn(chart): draw(chart, result)}
        return {**said, "issues": issues} if issues else said

    check(case, answer)


def read_raw(text: str) -> tuple[RawChart, TimeRange]:
    """A chart from lines such as `var: name = a, b` and `filter: expression = a, b`; the rest after `sql:` is SQL."""
    head, _, sql = text.partition("sql:")
    lines = [line.partition(": ")[::2] for line in head.strip().splitlines()]
    said = dict(lines)
    variables, filters = [], []
    for key, value in lines:
        name, _, values = value.partition(" = ")
        chosen = tuple(each.replace("\\n", "\n") for each in values.split(", ")) if values else ()
        if key == "var":
            name, _, expression = name.partition(" of ")
            variables.append(Variable(name.strip(" ="), chosen, expression.strip(" =") or None))
        if key == "filter":
            filters.append(FilterSelection(name, chosen))
        if key == "filter out":
            filters.append(FilterSelection(name, excluded=chosen))
    start, minutes = said.get("range", "2022-01-05T00:00 10").split()
    start_ms = int(datetime.fromisoformat(start + "+00:00").timestamp() * 1000)
    chart = RawChart(
        sql=sql.strip(" \n"),
        display=said.get("display", "table"),  # type: ignore[arg-type]
        source=None if said.get("source") == "none" else source(said.get("source", "log")),
        reachable=SOURCES,
        variables=tuple(variables),
        filters=tuple(filters),
        granularity_s=granularity_seconds(said["granularity"]) if "granularity" in said else None,
    )
    return chart, TimeRange(start_ms, start_ms + int(float(minutes) * 60_000))


def _drawn(chart: RawChart) -> str:
    return {"line": "points", "stacked_bar": "points", "number": "number", "table": "rows"}.get(chart.display, "slices")


def draw(chart: RawChart, result: RawResult) -> str:
    if chart.display in ("line", "stacked_bar"):
        head = " | ".join(("", *result.group_names, *result.value_names)).strip()
        lines = [
            " | ".join([f"{point.bucket_ms // 1000 % 86400}s", *map(str, point.group), *map(str, point.values)])
            for point in result.points
        ]
        return "\n".join([head, *lines])
    if chart.display in ("pie", "bar"):
        return "\n".join(f"{each.label}: {each.value}" for each in result.slices)
    if chart.display == "number":
        return str(result.number)
    head = " | ".join(column.name for column in result.columns)
    rows = [" | ".join(json.dumps(value, ensure_ascii=False) for value in row) for row in result.rows]
    return "\n".join([head, *rows])

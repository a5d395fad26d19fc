"""tests/golden/accelerate: a chart over a source with views → which of them answers, the SQL, the points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from clickstack.core.chart import Filter
from clickstack.core.errors import BadQuery
from clickstack.query import Runner
from clickstack.query.print_chart import acceleration_lines
from clickstack.store import Store
from query import viewed
from query.chart_text import read_chart
from query.golden import Case, check, read_cases

VIEWS = {"1m": viewed.ONE_MINUTE, "10m": viewed.TEN_MINUTES, "lossy": viewed.LOSSY, "gone": viewed.GONE}


@pytest.fixture(scope="module")
def spans(_engine: Store) -> Iterator[Store]:
    """An hour of spans, twenty a second; the last ten minutes in a second part."""
    viewed.create(_engine)
    for first, count in ((0, 60_000), (60_000, 12_000)):
        _engine.command(
            "INSERT INTO viewed (Timestamp, ServiceName, SpanName, StatusCode, Duration, Delta, Price, UserId, Maybe) "
            "SELECT toDateTime64('2022-01-05 00:00:00', 9) + toIntervalMillisecond(number * 50), "
            "['cart', 'web'][1 + number % 2], 'call', if(number % 10 = 0, 'Error', 'Ok'), number % 100, -number % 7, "
            f"number % 4, toString(number % 5), number FROM numbers({first}, {count})"
        )
    yield _engine
    viewed.drop(_engine)


@pytest.mark.parametrize("case", read_cases("accelerate"), ids=lambda case: case.id)
def test_accelerate(case: Case, spans: Store) -> None:
    def answer(request: str) -> dict[str, str]:
        chart, time_range = read_chart(request)
        said = dict(line.partition(": ")[::2] for line in request.splitlines())
        source = viewed.viewed(*(VIEWS[name] for name in said["views"].split(", ")))
        chart = replace(chart, source=replace(source, table_filter_expression=said.get("source filter")))
        if "sql filter" in said:
            chart = replace(chart, filters=(Filter(said["sql filter"], "sql"),))
        try:
            result = Runner(spans).run(chart, time_range)
        except BadQuery as error:
            return {"error": error.message}
        without = Runner(spans).run(replace(chart, source=replace(chart.source, materialized_views=None)), time_range)
        assert result.points == without.points
        answers = {"views": "\n".join(acceleration_lines(result.acceleration))}
        if "show sql" in request:
            answers["sql"] = result.sql
        points = [
            " | ".join(map(str, [each.bucket_ms // 60_000 % 60, *each.group, *each.values])) for each in result.points
        ]
        return {**answers, "points": "\n".join(points[:3])}

    check(case, answer)

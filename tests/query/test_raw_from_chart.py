"""Charts built of fields, written out as raw SQL, answer the same: tried with every golden chart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from clickstack.core.chart import ChartConfig
from clickstack.core.errors import BadRequest, Exposed
from clickstack.core.timerange import TimeRange
from clickstack.query import Runner
from clickstack.query.raw import FilterSelection, RawChart, RawRunner
from clickstack.store import Store
from query.chart_text import read_chart
from query.golden import Case, read_cases


@pytest.mark.parametrize("case", [*read_cases("chart"), *read_cases("metrics")], ids=lambda case: case.id)
def test_a_chart_and_its_sql_answer_the_same(case: Case, seeded: Store) -> None:
    try:
        chart, time_range = read_chart(case.request)
        chart = replace(chart, compare_to_previous=False, fill=False)
        built = Runner(seeded).run(chart, time_range)
    except Exposed:
        return
    if chart.time_zone != "UTC":
        with pytest.raises(BadRequest, match="raw SQL counts its buckets in UTC"):
            RawRunner(seeded).from_chart(chart)
        return
    expected = [[point.bucket_ms, *point.group, *point.values] for point in built.points]
    assert rows(seeded, chart, built.time_range, built.width_s) == sorted(map(repr, expected))


def rows(store: Store, chart: ChartConfig, time_range: TimeRange, width_s: int | None) -> list[str]:
    runner = RawRunner(store)
    raw = RawChart(runner.from_chart(chart), "table", chart.source, (chart.source,), granularity_s=width_s)
    result = runner.run(raw, time_range)
    return sorted(repr([_ms(row[0]), *row[1:]] if width_s else [0, *row]) for row in result.rows)


def _ms(text: str) -> Any:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


def test_the_statement_is_for_any_range_and_takes_filters(seeded: Store) -> None:
    chart, time_range = read_chart(
        "granularity: 1m\nselect: count\ngroup by: ServiceName\nwhere: lucene SeverityText:info"
    )
    runner = RawRunner(seeded)
    text = runner.from_chart(chart)
    assert "$__sourceTable" in text
    assert "$__filters" in text
    assert "{startDateMilliseconds:Int64}" in text
    assert "{intervalSeconds:Int64}" in text
    chosen = (FilterSelection("ServiceName", ("svc-b",)),)
    raw = RawChart(text, "line", chart.source, (chart.source,), filters=chosen, granularity_s=60)
    assert runner.check(raw, time_range) == []
    assert {point.group for point in runner.run(raw, time_range).points} == {("svc-b",)}
    earlier = TimeRange(time_range.start_ms - 86_400_000, time_range.start_ms)
    assert runner.run(raw, earlier).points == ()

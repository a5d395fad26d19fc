"""A chart answered from a view says the same as from the source's own rows: random rows, ranges, widths, charts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clickstack.core.chart import ChartConfig, Filter, Formula, Select
from clickstack.core.materialized_view import MaterializedView
from clickstack.core.timerange import TimeRange
from clickstack.query import Runner
from clickstack.query.compile import compile_chart
from clickstack.query.kept import Unfit
from clickstack.query.settle import settle
from clickstack.query.views import fit
from clickstack.store import Store
from query import viewed
from query.viewed import HOUR_MS, ONE_MINUTE, T0_MS, TEN_MINUTES

MINUTE_MS = 60_000

Row = tuple[int, str, str, int, int]  # milliseconds after T0, service, status, duration, delta

SPAN_MS = 6 * MINUTE_MS  # few minutes, so that rows lie at the edges of most ranges


def moments(first: int, last: int) -> st.SearchStrategy[int]:
    """Milliseconds, often whole minutes."""
    return st.integers(first, last) | st.integers(first // MINUTE_MS, last // MINUTE_MS).map(
        lambda minute: minute * MINUTE_MS
    )


def rows_of(span_ms: int) -> st.SearchStrategy[list[Row]]:
    return st.lists(
        st.tuples(
            moments(0, span_ms),
            st.sampled_from(["a", "b", ""]),
            st.sampled_from(["Ok", "Error"]),
            st.integers(0, 20),
            st.integers(-5, 5),
        ),
        min_size=1,
        max_size=40,
    )


def ranges(span_ms: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(moments(-MINUTE_MS, span_ms), moments(MINUTE_MS, span_ms))


failed, of_a = Filter('StatusCode:"Error"'), Filter("ServiceName = 'a'", "sql")
VALUES = (
    Select("count"),
    Select("count", where=failed),
    Select("sum", "Duration"),
    Select("sum", "Delta", where=of_a),
    Select("min", "Duration"),
    Select("min", "Duration", where=failed),
    Select("max", "Delta"),
    Select("max", "Delta", where=of_a),
    Select("avg", "Price"),
    Select("avg", "Price", where=failed),
    Select("avg", "Duration"),  # of a sum and a count
    Select("avg", "duration", where=of_a),
    Select("quantile", "Duration", 0.5),
    Select("quantile", "Duration", 0.99, where=failed),
    Select("count_distinct", "UserId"),
    Select("count_distinct", "UserId", where=of_a),
)
FILTERS = (
    "",
    "ServiceName:a",
    "-ServiceName:a",
    'StatusCode:"Error" OR SpanName:"call-b"',
    "ServiceName:*",
    "service:b",
)
SHAPES: tuple[dict[str, Any], ...] = (
    {},
    {"group_by": ("ServiceName",)},
    {"group_by": ("lower(StatusCode) AS status", "SpanName"), "display": "table"},
    {"group_by": ("ServiceName", "StatusCode"), "series_limit": 2},
    {"group_by": ("ServiceName",), "series_limit": 1, "other": True},
    {"display": "number"},
)


@pytest.fixture(scope="module")
def engine(_engine: Store) -> Iterator[Store]:
    viewed.create(_engine)
    yield _engine
    viewed.drop(_engine)


@settings(max_examples=60, deadline=None)
@given(
    rows_of(SPAN_MS),
    ranges(SPAN_MS),
    st.sampled_from([None, 60, 120, 300, 420, 600, 3600]),
    st.lists(st.sampled_from(VALUES), min_size=1, max_size=4),
    st.sampled_from(FILTERS),
    st.sampled_from(SHAPES),
    st.sampled_from([None, 2]),
)
def test_accelerated_is_unaccelerated(
    engine: Store,
    rows: list[Row],
    between: tuple[int, int],
    width_s: int | None,
    select: list[Select],
    where: str,
    shape: dict[str, Any],
    from_minute: int | None,
) -> None:
    write(engine, rows)
    chart = ChartConfig(viewed.viewed(), tuple(select), Filter(where), granularity_s=width_s, **shape)
    begins = None if from_minute is None else f"2022-01-05T00:0{from_minute}:30Z"
    same_with_view(engine, chart, between, {**ONE_MINUTE, "minDate": begins})


@settings(max_examples=15, deadline=None)
@given(
    rows_of(HOUR_MS), ranges(HOUR_MS), st.sampled_from([None, 600, 1200, 3600]), st.sampled_from([(), ("ServiceName",)])
)
def test_a_view_of_other_types(
    engine: Store, rows: list[Row], between: tuple[int, int], width_s: int | None, group_by: tuple[str, ...]
) -> None:
    """Its time has milliseconds and another name, its dimension is no dictionary, its count a plain number."""
    write(engine, rows)
    chart = ChartConfig(viewed.viewed(), (Select("count"),), Filter("-ServiceName:b"), group_by, width_s)
    same_with_view(engine, chart, between, TEN_MINUTES)


@settings(max_examples=15, deadline=None)
@given(
    rows_of(HOUR_MS),
    ranges(HOUR_MS),
    st.sampled_from(["Asia/Kolkata", "America/New_York"]),
    st.sampled_from([3600, 86_400]),
    st.sampled_from([ONE_MINUTE, TEN_MINUTES]),
)
def test_buckets_of_another_time_zone(
    engine: Store, rows: list[Row], between: tuple[int, int], zone: str, width_s: int, view: dict[str, Any]
) -> None:
    write(engine, rows)
    chart = ChartConfig(viewed.viewed(), (Select("count"),), granularity_s=width_s, time_zone=zone)
    same_with_view(engine, chart, between, view)


@settings(max_examples=15, deadline=None)
@given(rows_of(SPAN_MS), ranges(SPAN_MS))
def test_ratio_and_formula(engine: Store, rows: list[Row], between: tuple[int, int]) -> None:
    write(engine, rows)
    chart = ChartConfig(
        viewed.viewed(), (Select("avg", "Price", where=failed), Select("min", "Duration")), granularity_s=300
    )
    same_with_view(engine, replace(chart, formulas=(Formula("A / (B + 1)"), Formula("A", missing="gap"))), between)
    same_with_view(engine, replace(chart, group_by=("ServiceName",), ratio="share_of_total"), between)


def same_with_view(
    engine: Store, chart: ChartConfig, between: tuple[int, int], wire: dict[str, Any] = ONE_MINUTE
) -> None:
    time_range = TimeRange(T0_MS + between[0], T0_MS + between[0] + between[1])
    settled, time_range = settle(chart, time_range)
    runner, view = Runner(engine), MaterializedView.from_wire(wire)
    context = runner._context(settled, time_range)
    schema = engine.catalog.table(view.database_name, view.table_name)
    try:
        use = fit(context, view, schema)
    except Unfit as unfit:
        if "its steps" not in str(unfit):  # the range or the width; never the columns
            raise
        assume(False)
    accelerated = compile_chart(settled, [replace(context, view=use)])
    plain = runner.compile(chart, time_range)
    assert view.table_name in accelerated.sql.render()[0]
    assert told(engine.query(accelerated.sql).rows) == told(engine.query(plain.sql).rows)


def told(rows: list[list[Any]]) -> list[list[Any]]:
    """Averages of the same numbers, added in another order, differ in their last digits."""
    return [[round(each, 9) if isinstance(each, float) else each for each in row] for row in rows]


def write(engine: Store, rows: list[Row]) -> None:
    viewed.empty(engine)
    values = [
        f"(fromUnixTimestamp64Milli({T0_MS + ms}),'{service}','call-{service}','{status}',{duration},{delta},"
        f"{duration / 4},'u{duration % 3}')"
        for ms, service, status, duration, delta in rows
    ]
    for part in (values[::2], values[1::2]):  # two parts that nothing has merged
        if part:
            engine.command(
                "INSERT INTO viewed (Timestamp, ServiceName, SpanName, StatusCode, Duration, Delta, Price, UserId) "
                f"VALUES {','.join(part)}"
            )

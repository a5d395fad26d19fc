"""Choices in lists ⇄ SQL: there and back, and the same rows on the engine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clickstack.core.chart import Filter
from clickstack.query.fields import Fields
from clickstack.query.filter_text import read_filter, write_filter
from clickstack.query.raw.filters import FilterSelection, filter_condition
from query.cases import Cases

keys = st.sampled_from(
    [
        "ServiceName",
        "LogAttributes['http.method']",
        "`odd-name`",
        "toString(Duration)",
        "LogAttributes['it''s, IN (']",
    ]
)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
values = st.lists(st.text() | st.booleans() | numbers, max_size=4).map(tuple)


@st.composite
def selections(draw: st.DrawFn) -> FilterSelection:
    selection = FilterSelection(
        draw(keys), draw(values), draw(values), draw(st.none() | numbers), draw(st.none() | numbers)
    )
    if write_filter(selection):
        return selection
    return FilterSelection(selection.expression, ("x",))


@given(selections())
def test_what_is_written_is_read_as_the_same(selection: FilterSelection) -> None:
    found = read_filter(write_filter(selection))
    assert found == [selection]
    assert [type(value) for value in found[0].included] == [type(value) for value in selection.included]


@given(st.lists(selections(), min_size=1, max_size=3, unique_by=lambda each: each.expression))
def test_several_keys_in_one_condition(chosen: list[FilterSelection]) -> None:
    assert read_filter(" AND ".join(map(write_filter, chosen))) == chosen


@given(st.text(alphabet="ab'\\() ,INOTAD<>=-1.e`", max_size=40))
def test_any_text_is_read_or_left_alone(text: str) -> None:
    found = read_filter(text)
    if found is not None:
        assert read_filter(" AND ".join(map(write_filter, found))) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ServiceName",
        "ServiceName = 'a'",
        "ServiceName IN ()",
        "ServiceName IN ('a', lower('B'))",
        "ServiceName IN (SELECT 1)",
        "ServiceName IN ('a') OR ServiceName IN ('b')",
        "NOT ServiceName IN ('a')",
        "ServiceName IN ('a') AND ServiceName IN ('b')",
        "Duration BETWEEN 1 AND x",
        "Duration BETWEEN 1",
        "a IN ('x') AND",
        "IN ('x')",
        "Duration > 5",
        "Duration > = 5",
        "ServiceName IN ('a'",
        "ServiceName ILIKE '%a%'",
    ],
)
def test_other_sql_is_no_choice(text: str) -> None:
    assert read_filter(text) is None


@pytest.mark.parametrize(
    "selection",
    [
        FilterSelection("ServiceName", ("api", "web")),
        FilterSelection("ServiceName", excluded=("api",)),
        FilterSelection("SeverityNumber", (9, 17), low=9.5),
        FilterSelection("IsError", (True,)),
        FilterSelection("IsError", excluded=(True,)),
        FilterSelection("Duration", low=10, high=2_000_000),
        FilterSelection("Body", ("it's a *star* of 日本語テスト", "foo:bar and a b: C:\\dir and -- Café")),
        FilterSelection("LogAttributes['http.method']", ("GET", "get")),
    ],
)
def test_the_text_finds_what_the_choice_finds(cases: Cases, selection: FilterSelection) -> None:
    written = cases.conditions().read(Filter(write_filter(selection), "sql")).sql
    asked = filter_condition([selection], cases.source, Fields(cases.schema, cases.source))
    assert cases.ids(written) == cases.ids(asked) != []

"""Whatever people write into a chart: an answer or a message, never a failure of ours, never a text left unbound."""

# ruff: noqa: E501  (lists of words)

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clickstack.core.chart import ChartConfig, Filter, Formula, Metric, Order, Select
from clickstack.core.chart_wire import parse_chart
from clickstack.core.errors import BadQuery, BadRequest, Exposed
from clickstack.core.timerange import TimeRange
from clickstack.query import Runner
from clickstack.store import Store
from query.seeds import source

RANGE = TimeRange(1641340800000, 1641341400000)
SOME = settings(max_examples=60, deadline=None)

pieces = st.sampled_from(
    ["count()", "`", "'", '"', "(", ")", "[", "]", "\\", ";", "--", "/*", "*/", ",", " AS ", " x ", "ServiceName", "A", "B", "1",
     " + ", " / ", "__value_0", "{p1:String}", "SELECT", "FROM", "system.users", "sleep(3)", "file('/etc/passwd')", "\n", "DESC",
     "OR", "=", ".", "$$", "é", "LogAttributes", "quantile(0.5)"]
)  # fmt: skip
texts = st.one_of(st.lists(pieces, max_size=8).map("".join), st.text(max_size=20))


@SOME
@given(texts, texts, texts, texts, texts, texts)
def test_texts_of_a_chart(
    _engine: Store,  # noqa: PT019
    expression: str,
    alias: str,
    group: str,
    having: str,
    order: str,
    formula: str,
) -> None:
    chart = ChartConfig(
        source("log"),
        (Select("any", expression, alias=alias or None), Select("count", where=Filter(expression))),
        group_by=(group,),
        display="table",
        having=having,
        order_by=(Order(order),),
        formulas=(Formula(formula),),
    )
    with suppress(Exposed):
        Runner(_engine).run(chart, RANGE)


@SOME
@given(texts, texts)
def test_having_and_order_alone(_engine: Store, having: str, order: str) -> None:  # noqa: PT019
    chart = ChartConfig(source("log"), (Select("count"),), display="table", having=having, order_by=(Order(order),))
    with suppress(Exposed):
        Runner(_engine).run(chart, RANGE)


@SOME
@given(texts, st.sampled_from(["gauge", "sum", "histogram", "exponential histogram", "summary"]), texts)
def test_names_of_metrics_are_bound(_engine: Store, name: str, kind: Any, where: str) -> None:  # noqa: PT019
    select = Select("count" if kind != "summary" else "sum", where=Filter(where), metric=Metric(name, kind))
    runner = Runner(_engine)
    with suppress(BadQuery, BadRequest):
        compiled = runner.compile(ChartConfig(source("metric"), (select,)), RANGE)
        text, params = compiled.sql.render()
        assert name in params.values()
        assert name not in text or len(name) < 12
        runner.run(ChartConfig(source("metric"), (select,)), RANGE)


json = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2**70) | st.floats(allow_nan=True) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["limit", "offset", "aggFn"]), inner),
    max_leaves=6,
)
KEYS = (
    "displayType select where whereLanguage filters groupBy having orderBy limit granularity asRatio ratioMode formulas "
    "showOperandSeries seriesLimit fillNulls alignDateRangeToGranularity compareToPreviousPeriod numberFormat"
).split()


@given(st.dictionaries(st.sampled_from(KEYS), json, max_size=4))
def test_the_wire(wire: dict[str, Any]) -> None:
    logs = source("log")
    base = {"sourceId": logs.id, "select": [{"aggFn": "count"}]}
    with suppress(BadRequest):
        assert isinstance(parse_chart({**base, **wire}, {logs.id: logs}.get), ChartConfig)


@pytest.mark.parametrize("wire", [{"limit": 2**70}, {"limit": {"limit": 1, "offset": 2**70}}, {"seriesLimit": 2**70}])
def test_numbers_beyond_use(wire: dict[str, Any]) -> None:
    logs = source("log")
    with pytest.raises(BadRequest, match="expected a whole number from 0 to"):
        parse_chart({"sourceId": logs.id, "select": [{"aggFn": "count"}], **wire}, {logs.id: logs}.get)


@pytest.mark.parametrize("text", ["(SELECT 1)", "count() IN (SELECT 1)", "file('x') = ''", "1; DROP TABLE otel_logs"])
def test_having_and_order_reach_nothing_else(seeded: Store, text: str) -> None:
    for chart in (
        ChartConfig(source("log"), (Select("count"),), display="table", having=text),
        ChartConfig(source("log"), (Select("count"),), display="table", order_by=(Order(text),)),
    ):
        with pytest.raises(BadQuery, match=r"subqueries|not allowed|without ;"):
            Runner(seeded).run(chart, RANGE)

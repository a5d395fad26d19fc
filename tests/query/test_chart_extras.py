"""What the reference's own chart configs can say beyond tiles: named queries, overrides, Lucene where SQL is usual."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clickstack.core.chart import ChartConfig
from clickstack.core.chart_wire import chart_wire, parse_chart
from clickstack.core.errors import BadQuery, BadRequest, Forbidden
from clickstack.core.timerange import TimeRange
from clickstack.query import ChartResult, Reader, Runner
from clickstack.store import Store
from query.seeds import source

RANGE = TimeRange(1_641_340_800_000, 1_641_340_920_000)  # E of reference/query-engine.md §10.6
LOGS, METRICS, TRACES = (replace(source(kind), id=kind) for kind in ("log", "metric", "trace"))


def chart(**wire: Any) -> ChartConfig:
    sources = {each.id: each for each in (LOGS, METRICS, TRACES)}
    base = {"displayType": "table", "sourceId": LOGS.id, "select": [{"aggFn": "count"}]}
    read = parse_chart({**base, **wire}, sources.get)
    assert parse_chart(chart_wire(read), sources.get) == read
    return read


def ask(store: Store, **wire: Any) -> ChartResult:
    return Runner(store).run(chart(**wire), RANGE)


def rows(result: ChartResult) -> list[tuple[Any, ...]]:
    return [(*point.group, *point.values) for point in result.points]


def test_a_named_query_is_read_by_a_filter(seeded: Store) -> None:
    slow = {"name": "failing", "sql": "SELECT ServiceName FROM otel_logs WHERE SeverityText = 'error' GROUP BY ALL"}
    where = {"where": "ServiceName IN (SELECT ServiceName FROM failing)", "whereLanguage": "sql"}
    plain = rows(ask(seeded))
    assert rows(ask(seeded, **{"with": [slow]}, **where)) == plain
    none = {**slow, "sql": "SELECT ServiceName FROM otel_logs WHERE 0"}
    assert rows(ask(seeded, **{"with": [none]}, **where)) == [(0,)]


def test_a_named_value_stands_in_expressions(seeded: Store) -> None:
    half = {"name": "half", "sql": "toFloat64(1) / 2", "isSubquery": False}
    found = ask(
        seeded, **{"with": [half]}, select=[{"aggFn": "sum", "valueExpression": "half * 4"}, {"aggFn": "count"}]
    )
    assert [value for value, count in rows(found) if value == 2 * count]


def test_a_named_query_reaches_the_team_s_tables_only(seeded: Store) -> None:
    theirs = {"name": "spans", "sql": "SELECT ServiceName FROM otel_traces"}
    asked = chart(**{"with": [theirs]}, where="ServiceName IN (SELECT ServiceName FROM spans)", whereLanguage="sql")
    with pytest.raises(Forbidden):
        Runner(seeded).run(asked, RANGE)
    Runner(Reader(seeded, lambda: (TRACES,))).run(asked, RANGE)


BUSY = {
    "displayType": "table",
    "sourceId": LOGS.id,
    "select": [{"aggFn": "count", "where": 'SeverityText:"error"', "alias": "errors"}],
    "groupBy": "ServiceName",
}


def test_a_chart_is_a_named_query(seeded: Store) -> None:
    """Of the 10 events of §10.6, 4 are of svc-b, the service with more than one error."""
    where = {"where": "ServiceName IN (SELECT ServiceName FROM busy WHERE errors > 1)", "whereLanguage": "sql"}
    assert rows(ask(seeded, **{"with": [{"name": "busy", "chartConfig": BUSY}]}, **where)) == [(4,)]


def test_a_named_chart_over_time_has_its_buckets(seeded: Store) -> None:
    by_minute = {**BUSY, "displayType": "line", "granularity": "1 minute", "groupBy": [], "fillNulls": False}
    named = {"name": "minutes", "chartConfig": by_minute}
    moment = "(SELECT toString(min(__hdx_time_bucket)) FROM minutes WHERE errors = 4)"
    found = ask(seeded, **{"with": [named]}, select=[{"aggFn": "none", "valueExpression": f"any({moment})"}])
    assert rows(found) == [("2022-01-05 00:00:00",)]


def test_a_named_chart_of_another_source_is_read_by_its_team_only(seeded: Store) -> None:
    spans = {**BUSY, "sourceId": TRACES.id, "select": [{"aggFn": "count"}]}
    asked = chart(
        **{"with": [{"name": "spans", "chartConfig": spans}]},
        where="ServiceName IN (SELECT ServiceName FROM spans)",
        whereLanguage="sql",
    )
    with pytest.raises(Forbidden):
        Runner(seeded).run(asked, RANGE)
    assert rows(Runner(Reader(seeded, lambda: (TRACES,))).run(asked, RANGE)) == [(0,)]


def test_a_fault_in_a_named_chart_says_where(seeded: Store) -> None:
    wrong = {**BUSY, "select": [{"aggFn": "sum", "valueExpression": "nope"}]}
    with pytest.raises(BadQuery, match=r"with\.1\.chartConfig: .*nope"):
        ask(seeded, **{"with": [{"name": "one", "sql": "SELECT 1"}, {"name": "two", "chartConfig": wrong}]})


def test_states_of_aggregates(seeded: Store) -> None:
    """A named query keeps the states, the chart merges them."""
    kept = "SELECT sumState(SeverityNumber) AS s, quantileState(SeverityNumber) AS q FROM otel_logs"
    merged = "(SELECT sumMerge(s) FROM kept)"
    plain = ask(seeded, select=[{"aggFn": "sumState", "valueExpression": "SeverityNumber", "alias": "s"}])
    assert plain.values == ("s",)
    assert "sumState(SeverityNumber)" in plain.sql
    assert rows(
        ask(
            seeded,
            **{"with": [{"name": "kept", "sql": kept}]},
            select=[{"aggFn": "none", "valueExpression": f"any({merged})"}],
        )
    )
    read = chart(select=[{"aggFn": "quantileMerge", "level": 0.9, "valueExpression": "q"}])
    assert (read.select[0].aggregate, read.select[0].expression) == ("none", "quantileMerge(0.9)(q)")
    with pytest.raises(BadRequest, match=r"select\.0\.where: sumMerge takes no condition"):
        chart(select=[{"aggFn": "sumMerge", "valueExpression": "s", "where": "x"}])
    with pytest.raises(BadRequest, match=r"select\.0\.valueExpression: sumMerge needs"):
        chart(select=[{"aggFn": "sumMerge"}])


def test_states_of_conditional_aggregates(seeded: Store) -> None:
    """The condition goes into the state; 4 of the 10 events of §10.6 are errors."""
    errors = {"where": "SeverityText = 'error'", "whereLanguage": "sql"}
    kept = "SELECT countIfState(SeverityText = 'error') AS c FROM otel_logs"
    asked = ask(seeded, select=[{"aggFn": "countIfState", "alias": "c", **errors}])
    assert "countIfState((SeverityText = 'error'))" in asked.sql
    merged = {"aggFn": "none", "valueExpression": "any((SELECT countIfMerge(c) FROM kept))"}
    (found,) = rows(ask(seeded, **{"with": [{"name": "kept", "sql": kept}]}, select=[merged]))
    assert found == rows(ask(seeded, where='SeverityText:"error"'))[0]
    sums = chart(select=[{"aggFn": "sumIfState", "valueExpression": "SeverityNumber", **errors}])
    assert sums.select[0].expression == "sumIfState(SeverityNumber, (SeverityText = 'error'))"
    with pytest.raises(BadRequest, match=r"select\.0\.where: Required: countIfState needs the condition"):
        chart(select=[{"aggFn": "countIfState"}])
    with pytest.raises(BadRequest, match=r"select\.0\.whereLanguage: expected sql"):
        chart(select=[{"aggFn": "countIfState", "where": "error"}])


@pytest.mark.parametrize(
    ("cte", "message"),
    [
        ({"name": "a b", "sql": "SELECT 1"}, "with.0.name: "),
        ({"name": "a"}, "with.0.sql: Required, or chartConfig"),
        ({"name": "a", "chartConfig": {}}, "with.0.chartConfig.sourceId: Required"),
        ({"name": "a", "chartConfig": BUSY, "sql": "x"}, "with.0.chartConfig: a query of its own"),
        ({"name": "a", "chartConfig": {**BUSY, "with": [{}]}}, "with.0.chartConfig.with: a chart inside a chart"),
    ],
)
def test_faults_of_named_queries(cte: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        chart(**{"with": [cte]})


def test_having_in_lucene(seeded: Store) -> None:
    wire = {
        "select": [{"aggFn": "count", "alias": "events"}],
        "groupBy": "ServiceName",
        "orderBy": "events DESC",
    }
    counts = dict(rows(ask(seeded, **wire)))
    some = max(counts.values())
    found = ask(seeded, **wire, having=f"events:>={some}", havingLanguage="lucene")
    assert dict(rows(found)) == {group: count for group, count in counts.items() if count >= some}
    first = min(counts)
    found = ask(seeded, **wire, having=f'-ServiceName:"{first}"', havingLanguage="lucene")
    assert dict(rows(found)) == {group: count for group, count in counts.items() if group != first}
    with pytest.raises(BadQuery, match="having: there is no 'nope'") as refusal:
        ask(seeded, **wire, having="nope:1", havingLanguage="lucene")
    assert refusal.value.hint == "There are: ServiceName, events"


def test_a_lucene_text_as_a_value(seeded: Store) -> None:
    errors = {"aggFn": "sum", "valueExpression": 'SeverityText:"error"', "valueExpressionLanguage": "lucene"}
    counted = {"aggFn": "count", "where": 'SeverityText:"error"'}
    ((summed, count),) = rows(ask(seeded, select=[errors, counted]))
    assert summed == count > 0


def test_a_chart_can_name_the_text_that_words_search(seeded: Store) -> None:
    by_body = rows(ask(seeded, where="b"))
    by_service = rows(ask(seeded, where="b", implicitColumnExpression="ServiceName"))
    assert by_service == rows(ask(seeded, where='ServiceName:"svc-b"')) != by_body


def test_a_chart_can_weigh_its_events(seeded: Store) -> None:
    ((plain,),), ((weighed,),) = rows(ask(seeded)), rows(ask(seeded, sampleWeightExpression="3"))
    assert weighed == 3 * plain


def test_groups_may_be_left_out_of_the_rows(seeded: Store) -> None:
    shown = ask(seeded, groupBy="ServiceName")
    hidden = ask(seeded, groupBy="ServiceName", selectGroupBy=False)
    assert hidden.groups == ()
    assert [(*point.values,) for point in hidden.points] == [(*point.values,) for point in shown.points]
    assert all(point.group == () for point in hidden.points)


def test_one_metric_under_several_names(seeded: Store) -> None:
    april = TimeRange(1_744_711_200_000, 1_744_711_320_000)  # gap.one and gap.two of §10.5

    def average(**metric: str) -> Any:
        select = {"aggFn": "sum", "metricType": "gauge", **metric}
        wire = {"sourceId": METRICS.id, "select": [select], "displayType": "line", "granularity": "2m"}
        return [point.values for point in Runner(seeded).run(chart(**wire), april).points]

    one, two = average(metricName="gap.one"), average(metricName="gap.two")
    both = average(metricName="gap", metricNameSql="MetricName IN ('gap.one', 'gap.two')")
    assert both == [(one[0][0] + two[0][0],)]


def test_filters_in_three_pieces(seeded: Store) -> None:
    piece = {"type": "sql_ast", "operator": "=", "left": "SeverityText", "right": "'error'"}
    assert rows(ask(seeded, filters=[piece])) == rows(ask(seeded, where='SeverityText:"error"'))
    other = {**piece, "operator": "!="}
    both = rows(ask(seeded, filters=[piece, other], filtersLogicalOperator="OR"))
    assert both == rows(ask(seeded))


@pytest.mark.parametrize("alias", ["count", "requests"])
def test_sql_may_call_a_value_with_an_alias_as_it_reads(seeded: Store, alias: str) -> None:
    """As the reference's configs do, whose having and order see the aggregates themselves."""
    errors = {"aggFn": "count", "where": 'SeverityText:"error"', "alias": "errors"}
    values = [errors, {"aggFn": "count", "alias": alias}]
    by_service = {"select": values, "groupBy": "ServiceName"}
    assert rows(ask(seeded, **by_service, orderBy="count() DESC")) == [("svc-a", 1, 6), ("svc-b", 3, 4)]
    assert rows(ask(seeded, **by_service, having="count() > 4")) == [("svc-a", 1, 6)]
    assert rows(ask(seeded, **by_service, having=f"{alias} < 5 AND errors > 2")) == [("svc-b", 3, 4)]


def test_a_value_with_a_condition_is_not_what_sql_calls_it(seeded: Store) -> None:
    errors = {"aggFn": "count", "where": 'SeverityText:"error"', "alias": "errors"}
    with pytest.raises(BadQuery, match="having"):
        ask(seeded, select=[errors], groupBy="ServiceName", having="count() > 4")


def test_a_number_has_neither_groups_nor_an_order(seeded: Store) -> None:
    assert rows(ask(seeded, displayType="number", groupBy="ServiceName", orderBy="ServiceName")) == [(10,)]

"""Charts as text for the command line."""

from __future__ import annotations

from dataclasses import replace

from clickstack.core.chart_wire import parse_chart
from clickstack.core.timerange import TimeRange
from clickstack.query import Runner
from clickstack.query.print_chart import compiled_text, lucene_chart, result_text
from clickstack.store import Store
from query.chart_text import read_chart
from query.seeds import source

RANGE = TimeRange(1641340800000, 1641341400000)


def test_the_sql_says_what_its_columns_are(seeded: Store) -> None:
    text = compiled_text(Runner(seeded).compile(lucene_chart("SeverityText:error", source("log")), RANGE))
    assert text.startswith("-- __bucket: the start of the bucket, seconds since 1970\n-- value: count()\nSELECT\n")
    assert "toIntervalSecond(15)" in text


def test_a_name_cannot_end_its_comment(seeded: Store) -> None:
    chart = replace(lucene_chart("", source("log")), group_by=("concat(ServiceName,\n'\n')",))
    head = compiled_text(Runner(seeded).compile(chart, RANGE)).split("SELECT")[0]
    assert all(line.startswith("-- ") for line in head.splitlines())


def test_the_answer_as_a_table(seeded: Store) -> None:
    chart, time_range = read_chart(
        "range: 2022-01-05T00:01 1\ngranularity: 1m\ncompare\ngroup by: ServiceName\nselect: count AS events"
    )
    assert result_text(Runner(seeded).run(chart, time_range)).splitlines()[:-1] == [
        "time                 ServiceName  events",
        "2022-01-05 00:01:00  svc-a        2",
        "",
        "previous period",
        "time                 ServiceName  events",
        "2022-01-05 00:01:00  svc-a        4",
        "2022-01-05 00:01:00  svc-b        4",
        "",
    ]


def test_an_answer_without_rows(seeded: Store) -> None:
    chart, time_range = read_chart("display: table\nhaving: count() > 1000\nselect: count")
    assert result_text(Runner(seeded).run(chart, time_range)).startswith("count()\n\n0 rows; read ")


def test_from_the_wire_to_the_table(seeded: Store) -> None:
    logs = source("log")
    wire = {
        "displayType": "table",
        "sourceId": logs.id,
        "select": [
            {"aggFn": "count", "where": 'SeverityText:"error"', "alias": "errors"},
            {"aggFn": "count", "alias": "events"},
        ],
        "groupBy": "ServiceName AS service",
        "formulas": [{"expression": "A / B", "alias": "share"}],
        "having": "events > 1",
        "orderBy": "share DESC",
    }
    result = Runner(seeded).run(parse_chart(wire, {logs.id: logs}.get), RANGE)
    assert result_text(result).splitlines()[:-2] == [
        "service  errors  events  share",
        "svc-b    3       4       0.75",
        "svc-a    1       6       0.1666666667",
    ]

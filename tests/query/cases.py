"""Tables with a few rows whose answers can be reasoned out, and the sources that read them."""

# ruff: noqa: E501  (one row of a table, one line)

from __future__ import annotations

from dataclasses import replace

from clickstack.core.source import Source
from clickstack.core.sql import Sql
from clickstack.query.fields import Fields
from clickstack.query.where import Conditions
from clickstack.store import Store

# The columns of reference/query-engine.md §1.13, with the indexes of the shipped schema.
CASES_TABLE = """
CREATE TABLE lucene_cases (
    id UInt8,
    Timestamp DateTime64(9),
    Body String,
    ServiceName LowCardinality(String),
    SeverityText LowCardinality(String),
    SeverityNumber UInt8,
    Duration UInt64,
    Big Int64,
    Price Decimal(9, 2),
    Day Date,
    IsError Bool,
    NS Nullable(String),
    NN Nullable(Int32),
    Kind Enum8('client' = 1, 'server' = 2),
    U UUID,
    IP IPv4,
    LogAttributes Map(LowCardinality(String), String),
    NumMap Map(String, Float64),
    J JSON,
    Tags Array(String),
    Nums Array(Int64),
    Flags Array(Bool),
    Ev Array(Map(String, String)),
    `Events.Name` Array(LowCardinality(String)),
    Raw String,
    `odd-name` String,
    `kept.host` LowCardinality(String) MATERIALIZED LogAttributes['host'],
    LogAttributeItems Array(String)
        ALIAS arrayMap((k, v) -> concat(k, '=', v), mapKeys(LogAttributes), mapValues(LogAttributes)),
    INDEX idx_attr_key mapKeys(LogAttributes) TYPE text(tokenizer = 'array'),
    INDEX idx_attr_items LogAttributeItems TYPE text(tokenizer = 'array'),
    INDEX idx_lower_body lower(Body) TYPE text(tokenizer = 'splitByNonAlpha')
) ENGINE = MergeTree ORDER BY (toStartOfFiveMinutes(Timestamp), ServiceName, Timestamp)
SETTINGS index_granularity = 4
"""

COLUMNS = (
    "id, Timestamp, Body, ServiceName, SeverityText, SeverityNumber, Duration, Big, Price, Day, IsError, NS, NN, Kind, U, IP, "
    "LogAttributes, NumMap, J, Tags, Nums, Flags, Ev, Events.Name, Raw, odd-name"
)

# fmt: off
CASES_ROWS = r"""
(1, '2024-01-01 00:00:00', 'foo', 'api', 'info', 9, 1000000, 1, 1.50, '2024-01-01', false, 'x', 5, 'client', '00000000-0000-0000-0000-000000000001', '10.0.0.1', {'http.method': 'GET', 'http.status': '99', 'k': 'v', 'host': 'h1'}, {'k': 11}, '{"a": {"b": "foo"}}', ['prod', 'eu'], [5, 6], [true], [{'k': 'foo'}], ['start'], '{"user": {"id": "42"}}', 'a')
(2, '2024-01-01 12:00:00', 'foo bar', 'web', 'INFO', 9, 2000000, 9007199254740993, 2.00, '2024-01-01', false, NULL, NULL, 'server', '00000000-0000-0000-0000-000000000002', '10.0.0.2', {'http.method': 'POST', 'http.status': '500', 'k': ''}, {'k': 9}, '{"a": {"b": 12}}', ['production'], [7], [false], [{'k': 'xfoox'}, {'j': 'v'}], [], '{"user": {"id": "142"}}', 'b')
(3, '2024-01-02 00:00:00', 'Foo_Bar baz', 'payment-api', 'error', 17, 500, -5, 0.10, '2024-01-02', true, 'yx', 7, 'client', '00000000-0000-0000-0000-000000000003', '10.0.1.1', {'http.method': 'get', 'http.status': '503', 'host': 'h2'}, {}, '{"a": {"b": 3}}', [], [], [], [], ['Start', 'end'], '', '')
(4, '2024-01-02 06:30:15.250', 'foobar', 'api', 'ERROR', 17, 3000000, 0, 99.99, '2024-01-02', true, '', NULL, 'server', '00000000-0000-0000-0000-000000000004', '10.0.1.2', {'k': 'b=c', 'k=b': 'other'}, {'k': 10}, '{"a": {"b": "1 TO 5"}}', ['dev'], [50], [true, false], [{'k': 'bar'}], [], 'not json', '')
(5, '2024-01-03 00:00:00', 'bar foo', 'web', 'warn', 13, 0, 2, 5.00, '2024-01-03', false, 'x', 1, 'client', '00000000-0000-0000-0000-000000000005', '10.0.0.15', {'k=b': 'c'}, {'k': -1}, '{}', ['eu'], [-1], [], [{}], [], '{"user": {}}', '')
(6, '2024-01-03 10:00:00', 'GET https://a.com:8080/x?y=1 in 50% of localhost:8080', 'gateway', 'info', 9, 10, 3, 0.00, '2024-01-03', false, NULL, 0, 'client', '00000000-0000-0000-0000-000000000006', '192.168.0.1', {'http.status': 'n/a'}, {}, '{"a": 1}', [], [], [], [], [], '', '')
(7, '2024-01-04 00:00:00', 'it''s a *star* of 日本語テスト', 'batch', 'debug', 5, 20, 4, 0.00, '2024-01-04', false, NULL, NULL, 'server', '00000000-0000-0000-0000-000000000007', '192.168.0.2', {}, {}, '{"a": {"b": [1, 2]}}', [], [], [], [], [], '', '')
(8, '2024-01-04 00:00:01', 'foo:bar and a b: C:\\dir and -- Café', 'batch', '', 0, 30, 5, 0.00, '2024-01-04', false, 'X', 42, 'server', '00000000-0000-0000-0000-000000000008', '192.168.0.3', {'empty': '', 'host': ''}, {'k': 0}, '{"a": {"b": null}}', ['a b'], [], [], [], [], '', '')
(9, '2024-01-05 00:00:00', '', '', '', 0, 0, 0, 0.00, '2024-01-05', false, NULL, NULL, 'client', '00000000-0000-0000-0000-000000000009', '0.0.0.0', {}, {}, '{}', [], [], [], [], [], '', '')
"""
# fmt: on


CASES_SOURCE = Source(
    id="0" * 24,
    team_id="t",
    name="Cases",
    kind="log",
    connection_id="c",
    database_name="default",
    table_name="lucene_cases",
    timestamp_value_expression="Timestamp",
    implicit_column_expression="Body",
    body_expression="Body",
    service_name_expression="ServiceName",
    severity_text_expression="SeverityText",
    event_attributes_expression="LogAttributes",
)


class Cases:
    """The table of cases: what a filter finds."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.schema = store.catalog.table("default", "lucene_cases")
        self.source = CASES_SOURCE

    def conditions(self, **changes: object) -> Conditions:
        source = replace(self.source, **changes)  # type: ignore[arg-type]
        return Conditions(Fields(self.schema, source), source)

    def ids(self, condition: Sql | None) -> list[int]:
        where = Sql.of(" WHERE ", condition) if condition else Sql(())
        result = self.store.query(Sql.of("SELECT id FROM lucene_cases", where, " ORDER BY id"))
        return [row[0] for row in result.rows]

"""Statements of programs that speak ClickHouse: run as they are, over the team's tables and what describes those."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clickstack.core.errors import BadQuery, BadRequest, Exposed, Forbidden
from clickstack.core.sql import Sql
from clickstack.query.verbatim import DESCRIPTIONS, Question, ask
from clickstack.store import Store, engine_fault
from query.seeds import source

OURS = (replace(source("trace"), table_name="mine"),)
SECRET = "the other team's secret"


@pytest.fixture(scope="module")
def store(_engine: Store) -> Iterator[Store]:
    _engine.command("CREATE TABLE mine (a UInt8, t DateTime64(3), INDEX i a TYPE minmax) ENGINE = MergeTree ORDER BY a")
    _engine.command("INSERT INTO mine VALUES (1, 0)")
    _engine.command(f"CREATE TABLE hers (text String DEFAULT $${SECRET}$$) ENGINE = MergeTree ORDER BY text")
    _engine.command(f"INSERT INTO hers VALUES ($${SECRET}$$)")
    _engine.command("CREATE DATABASE away")
    _engine.command("CREATE TABLE away.hers AS hers ENGINE = MergeTree ORDER BY text")
    yield _engine
    _engine.command("DROP DATABASE away")
    _engine.command("DROP TABLE hers")
    _engine.command("DROP TABLE mine")


def answer(store: Store, text: str, **sent: Any) -> str:
    params = sent.pop("params", {})
    default_format = sent.pop("format", "TSV")
    return ask(store, OURS, Question(text, params, sent, default_format)).answer.body.decode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT a FROM mine", "1\n"),
        ("SELECT a FROM mine;", "1\n"),
        ("SELECT a FROM default.mine FORMAT CSVWithNames", '"a"\n1\n'),
        ("select a from mine format JSONEachRow settings max_threads = 1, optimize_read_in_order=0", '{"a":1}\n'),
        ("SELECT a FROM mine SETTINGS date_time_output_format = 'iso' FORMAT TSV", "1\n"),
        ("WITH x AS (SELECT max(a) AS m FROM mine) SELECT m FROM x", "1\n"),
        ("SELECT 'FORMAT JSON' AS text", "FORMAT JSON\n"),
        ("SHOW TABLES", "mine\n"),
        ("SHOW TABLES FROM default LIKE 'm%'", "mine\n"),
        ("SHOW TABLES FROM system", ""),
        ("SHOW DATABASES", "default\n"),
        ("SELECT count(), any(name) FROM system.tables", "1\tmine\n"),
        ("SELECT database FROM system.databases", "default\n"),
        ("SELECT name FROM system.columns WHERE table IN ('mine', 'hers')", "a\nt\n"),
        ("SELECT name FROM system.data_skipping_indices", "i\n"),
        ("SELECT count() FROM (SELECT name FROM `system`.`tables` UNION ALL SELECT table FROM SYSTEM.columns)", None),
        ("SELECT value FROM system.settings WHERE name = 'readonly'", "1\n"),
    ],
)
def test_statements_of_clients_run(store: Store, text: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(Exposed):  # the engine's names have a case
            answer(store, text)
        return
    assert answer(store, text) == expected


def test_a_table_is_described(store: Store) -> None:
    rows = [json.loads(line) for line in answer(store, "DESCRIBE TABLE mine", format="JSONEachRow").splitlines()]
    assert [(row["name"], row["type"]) for row in rows] == [("a", "UInt8"), ("t", "DateTime64(3)")]
    assert "CREATE TABLE default.mine" in answer(store, "SHOW CREATE TABLE default.mine")
    assert "CREATE TABLE default.mine" in answer(store, "SHOW CREATE mine")
    assert "mine" in answer(store, "EXPLAIN ESTIMATE SELECT a FROM mine")
    assert "Indexes" in answer(store, "EXPLAIN indexes = 1 SELECT a FROM mine WHERE a = 1")
    assert answer(store, "DESCRIBE (SELECT a FROM mine)").startswith("a\tUInt8")


def test_parameters_are_values_and_names(store: Store) -> None:
    named = {"d": "default", "t": "mine", "n": "1", "list": "['x', 'y']"}
    text = "SELECT a, {list:Array(String)} FROM {d:Identifier}.{t:Identifier} WHERE a = {n:UInt8}"
    assert answer(store, text, params=named) == "1\t['x','y']\n"
    with pytest.raises(Forbidden):
        answer(store, text, params={**named, "t": "hers"})
    with pytest.raises(BadQuery):
        answer(store, text)


def test_settings_shape_the_answer_and_lift_no_limit(store: Store) -> None:
    text = "SELECT toUInt64(a) AS a, toTimeZone(t, 'UTC') AS t FROM mine"
    shaped = answer(store, text, format="JSONEachRow", output_format_json_quote_64bit_integers="1", readonly="0")
    assert json.loads(shaped)["a"] == "1"
    assert json.loads(answer(store, text, format="JSONEachRow", date_time_output_format="iso"))["t"].endswith("Z")
    limits = "SELECT value FROM system.settings WHERE name IN ('max_memory_usage', 'max_execution_time') ORDER BY name"
    assert answer(store, limits, max_memory_usage=f"{2**60}", max_execution_time="0") == answer(store, limits)
    assert answer(store, limits, max_execution_time="3") != answer(store, limits)


@pytest.mark.parametrize(
    "name", ["additional_table_filters", "format_schema", "output_format_schema", "allow_ddl", "readonly_", "profile"]
)
def test_other_settings_are_refused(store: Store, name: str) -> None:
    for sent in ({name: "1"}, {}):
        with pytest.raises((BadRequest, Forbidden), match=f"{name}|[Ss]etting"):
            answer(store, "SELECT a FROM mine" + ("" if sent else f" SETTINGS {name} = 1"), **sent)
    with pytest.raises(Exposed):
        answer(store, f"SELECT * FROM (SELECT a FROM mine SETTINGS {name} = 1)")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM hers",
        "SELECT * FROM away.hers",
        "SELECT a FROM mine WHERE 'x' IN hers",
        "SELECT * FROM merge('default', 'hers')",
        "SELECT * FROM view(SELECT * FROM hers)",
        "SELECT * FROM remote('127.0.0.1', default.hers)",
        "SELECT * FROM url('http://127.0.0.1/', 'CSV')",
        "SELECT file('/etc/hostname')",
        "DESCRIBE hers",
        "DESCRIBE away.hers",
        "DESCRIBE (SELECT * FROM hers)",
        "DESCRIBE file('/etc/hostname')",
        "DESCRIBE url('http://127.0.0.1/')",
        "DESCRIBE sqlite('x.db', 't')",
        "DESCRIBE system.processes",
        "EXPLAIN SELECT * FROM hers",
        "EXPLAIN ESTIMATE SELECT * FROM away.hers",
        "EXPLAIN AST SELECT * FROM url('http://127.0.0.1/')",
        "EXPLAIN SYNTAX INSERT INTO mine SELECT 1, 0",
        "EXPLAIN CURRENT TRANSACTION",
        "SHOW CREATE TABLE hers",
        "SHOW CREATE TABLE away.hers",
        "SHOW CREATE TABLE `mine\n Identifier mine`",
        "SHOW CREATE DATABASE default",
        "SHOW CREATE system.tables",
        "SHOW PROCESSLIST",
        "SHOW GRANTS",
        "SHOW ACCESS",
        "SHOW USERS",
        "SHOW SETTINGS LIKE '%'",
        "SHOW CLUSTERS",
        "SHOW ENGINES",
        "SHOW FUNCTIONS",
        "SHOW COLUMNS FROM hers",
        "SHOW INDEXES FROM hers",
        "SHOW TABLES WHERE name IN (SELECT text FROM hers)",
        "SHOW TABLES INTO OUTFILE 'leak.csv'",
        "EXISTS TABLE hers",
        "SELECT * FROM system.processes",
        "SELECT * FROM system.query_log",
        "SELECT * FROM system.parts",
        "SELECT * FROM information_schema.tables",
        "INSERT INTO mine VALUES (2, 0)",
        "DROP TABLE mine",
        "SYSTEM FLUSH LOGS",
        "KILL QUERY WHERE 1",
        "SET readonly = 0",
        "USE away",
        "SELECT 1; SELECT 2",
        "SELECT 1 INTO OUTFILE 'leak.csv'",
        "SELECT 1 INTO OUTFILE 'leak.csv' FORMAT CSV",
        "SELECT 1 FORMAT CSV FORMAT CSV FORMAT CSV",
        "SELECT getSetting('log_comment')",
        "SELECT hostName()",
    ],
)
def test_everything_else_is_out_of_reach(store: Store, text: str) -> None:
    with pytest.raises((Forbidden, BadQuery)) as refused:
        answer(store, text)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("name", [name for name, columns in DESCRIPTIONS.items() if columns])
@pytest.mark.parametrize(
    "form",
    [
        "SELECT toString(tuple(*)) FROM system.{0}",
        "SELECT toString(tuple(x.*)) FROM system.{0} AS x",
        "SELECT toString(tuple(*)) FROM (SELECT * FROM system.{0})",
        "WITH x AS (SELECT * FROM `system`.`{0}`) SELECT toString(tuple(*)) FROM x",
        "SELECT toString(groupArray(tuple(*))) FROM system.{0}",
        "SELECT toString(tuple(*)) FROM mine AS m CROSS JOIN system.{0} AS x",
        "SELECT (SELECT toString(groupArray(tuple(*))) FROM system.{0})",
    ],
)
def test_the_engine_describes_the_teams_tables_only(store: Store, name: str, form: str) -> None:
    told = answer(store, form.format(name))
    assert "hers" not in told
    assert "away" not in told
    assert store.query(Sql.of(f"SELECT count() FROM system.{name}")).scalar() > 1


@pytest.mark.parametrize(
    "format_name", ["Protobuf", "CapnProto", "Template", "ProtobufSingle", "MySQLWire", "Npy", "x"]
)
def test_formats_that_need_files_or_are_none_are_refused(store: Store, format_name: str) -> None:
    with pytest.raises(BadRequest, match="format"):
        answer(store, "SELECT 1", format=format_name)


def test_an_error_keeps_what_the_engine_said(store: Store) -> None:
    with pytest.raises(BadQuery) as wrong:
        answer(store, "SELECT nothing FROM mine")
    fault = engine_fault(wrong.value)
    assert fault is not None
    assert (fault.code, fault.name) == (47, "UNKNOWN_IDENTIFIER")
    with pytest.raises(BadQuery, match="Syntax error near: FRM mine") as wrong:
        answer(store, "SELECT a b FRM mine")
    fault = engine_fault(wrong.value)
    assert fault is not None
    assert fault.code == 62
    with pytest.raises(Forbidden) as refused:
        answer(store, "SELECT * FROM hers")
    assert engine_fault(refused.value) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT data_paths, metadata_path FROM system.tables", "[]\t\n"),
        ('SELECT data_path, metadata_path FROM `system`."databases"', "\t\n"),
        ("SELECT t.metadata_path FROM system.tables AS t -- system.tables", "\n"),
        ("SELECT tables.metadata_path, 'system.tables' FROM system.tables WHERE tables.name = 'mine'", None),
        ("SELECT count() FROM system.tables t JOIN system.databases d ON t.database = d.name", "1\n"),
        ("SELECT COLUMNS('path') FROM (SELECT * FROM system.tables)", "[]\t\n"),
    ],
)
def test_nobody_learns_where_files_are(store: Store, text: str, expected: str | None) -> None:
    assert answer(store, text) == (expected or "\tsystem.tables\n")


def test_all_columns_come_without_places(store: Store, tmp_path: Path) -> None:
    row = json.loads(answer(store, "SELECT * FROM system.tables", format="JSONEachRow"))
    assert row["name"] == "mine"
    assert (row["data_paths"], row["metadata_path"]) == ([], "")
    assert not any("/" in str(value) for key, value in row.items() if key != "create_table_query")


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("SELECT metadata_path FROM {d:Identifier}.{t:Identifier}", {"d": "system", "t": "tables"}),
        ("SELECT metadata_path FROM system.{t:Identifier}", {"t": "tables"}),
        (
            "SELECT data_paths FROM {d:Identifier}.{t:Identifier} WHERE 1 OR [(system.tables)] = []",
            {"d": "system", "t": "tables"},
        ),
        ("SELECT metadata_path FROM system./**/tables", {}),
        ("SELECT metadata_path, '\\' system.tables' FROM `sys\\x74em`.tables", {}),
    ],
)
def test_a_place_that_cannot_be_told_is_refused(store: Store, text: str, params: dict[str, str]) -> None:
    with pytest.raises((Forbidden, BadQuery)):
        answer(store, text, params=params)


def test_explaining_and_describing_tell_no_places(store: Store) -> None:
    told = answer(
        store, "EXPLAIN actions = 1 SELECT 1 FROM mine WHERE t = (SELECT any(metadata_path) FROM system.tables)"
    )
    assert ".sql" not in told
    assert "metadata_path\tString" in answer(store, "DESCRIBE TABLE system.tables")
    assert "metadata_path\tString" in answer(store, "DESCRIBE (SELECT * FROM system.tables)")


def test_types_may_be_named_wherever_a_statement_stands(store: Store) -> None:
    for before in ("", "EXPLAIN ", "EXPLAIN actions = 1 ", "EXPLAIN ESTIMATE ", "DESCRIBE "):
        asked = "SELECT CAST(a AS Int8) + 1, a::String FROM mine WHERE CAST(a, 'Int16') = 1"
        assert answer(store, f"DESCRIBE ({asked})" if before == "DESCRIBE " else before + asked)
        with pytest.raises(Forbidden, match="CAST needs"):
            answer(store, f"{before}(SELECT countMerge(CAST(unhex('05') AS AggregateFunction(count))))")

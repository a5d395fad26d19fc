"""What raw SQL can reach: the team's tables, and functions of nothing but their arguments. Everything else is tried."""

# ruff: noqa: RUF001  (typographic quotes are quotes for the engine)

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clickstack.core.chart import Filter
from clickstack.core.errors import BadQuery, Busy, Cancelled, Exposed, Forbidden, QueryTimeout
from clickstack.core.sql import Sql
from clickstack.core.timerange import TimeRange
from clickstack.query.allowed import TABLE_FUNCTIONS
from clickstack.query.raw import RawChart, RawResult, RawRunner, Variable
from clickstack.query.reach import tables_of
from clickstack.query.reader import Reader
from clickstack.query.search import Search, SearchConfig
from clickstack.store import Store
from query.seeds import source
from threads import joined

HOUR = TimeRange(1_641_340_800_000, 1_641_344_400_000)
OURS = (source("log"), replace(source("trace"), table_name="ours"))
SECRET = "the other team's secret"


@pytest.fixture(scope="module")
def runner(_engine: Store) -> Iterator[RawRunner]:
    _engine.command("CREATE TABLE ours (a UInt8, text String) ENGINE = MergeTree ORDER BY a")
    _engine.command("INSERT INTO ours VALUES (1, 'ours')")
    _engine.command("CREATE TABLE theirs (text String) ENGINE = MergeTree ORDER BY text")
    _engine.command(f"INSERT INTO theirs VALUES ($${SECRET}$$)")
    _engine.command("CREATE DATABASE other")
    _engine.command("CREATE TABLE other.theirs AS theirs ENGINE = MergeTree ORDER BY text")
    yield RawRunner(_engine)
    _engine.command("DROP TABLE ours")
    _engine.command("DROP TABLE theirs")
    _engine.command("DROP DATABASE other")


@pytest.fixture
def engine(_engine: Store) -> Store:
    """The store as the house itself uses it, to ask the engine what it has."""
    return _engine


def ask(runner: RawRunner, text: str, **changes: object) -> RawResult:
    return runner.run(RawChart(text, reachable=OURS, **changes), HOUR)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT text FROM ours",
        "SELECT text FROM default.ours",
        "SELECT text FROM `default` . `ours` AS o",
        "WITH theirs_not AS (SELECT 'x' AS text) SELECT text FROM theirs_not",
        "SELECT text FROM ours WHERE a IN (SELECT number FROM numbers(3))",
        "SELECT text FROM ours AS o JOIN (SELECT 1 AS a) AS n USING (a)",
        "SELECT text FROM ours WHERE text IN ('ours', 'x') AND (a, text) IN ((1, 'ours'))",
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT max(i) FROM n",
        "SELECT sumIf(a, a > 0), quantilesTiming(0.5, 0.9)(a), uniqExactIfOrNull(text, 1), countDistinct(a) FROM ours",
        "SELECT row_number() OVER (PARTITION BY a ORDER BY text), lead(a) OVER w FROM ours WINDOW w AS (ORDER BY a)",
        "SELECT CASE a WHEN 1 THEN 'x' ELSE 'y' END, CASE WHEN a = 1 THEN 2 END, a IS NULL FROM ours",
        "SELECT arrayMap(x -> x + 1, [1]), map('k', 1)['k'], (1, 2).1, 'a' ILIKE 'o', 'a' || 'x', 1::String",
        "SELECT toStartOfInterval(now(), INTERVAL 5 MINUTE), dateDiff('day', today(), now()), EXTRACT(YEAR FROM now())",
        "SELECT a, text FROM ours ORDER BY a WITH FILL FROM 1 TO 3 STEP 1 INTERPOLATE (text AS text) LIMIT 1 BY a",
        "SELECT a, count() FROM ours GROUP BY GROUPING SETS ((a), (text)) HAVING grouping(a) = 0 OR 1",
        "(SELECT 1) UNION ALL (SELECT 2) EXCEPT SELECT 3",
        "SELECT * EXCEPT (a) REPLACE ('x' AS text), COLUMNS('te.*'), ours.* FROM ours",
        "SELECT JSONExtractString('{\"a\":\"b\"}', 'a'), domain('https://a.b/'), sipHash64(text) FROM ours",
        "SELECT exists(SELECT 1), 1 = ANY (SELECT 1), (SELECT max(a) FROM ours), formatReadableSize(1024)",
        "SELECT s FROM values('s String', 'x') ARRAY JOIN [1, 2] AS n",
        "SELECT t.`file`, hostName FROM (SELECT 1 AS hostName, * FROM values('`file` String', 'x')) AS t",
    ],
)
def test_ordinary_sql_runs(runner: RawRunner, text: str) -> None:
    ask(runner, text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM theirs",
        "SELECT * FROM `theirs`",
        "SELECT * FROM “theirs”",
        "SELECT * FROM `their\\x73`",
        "SELECT * FROM default.theirs",
        "SELECT * FROM other.theirs",
        'SELECT * FROM "other" /* */ . theirs',
        "SELECT * FROM ours, theirs",
        "SELECT * FROM ours LEFT JOIN theirs ON 1",
        "SELECT (SELECT text FROM theirs)",
        "SELECT (WITH theirs AS (SELECT 1) SELECT 1), (SELECT any(text) FROM theirs)",
        "WITH theirs AS (SELECT 1 AS text) SELECT * FROM theirs",
        "WITH x AS (SELECT * FROM other.theirs) SELECT * FROM x",
        "SELECT 1 FROM ours WHERE text IN theirs",
        "SELECT 1 FROM ours WHERE text GLOBAL NOT IN other.theirs",
        "SELECT in(text, theirs) FROM ours",
        "SELECT arrayExists(x -> x IN theirs, [text]) FROM ours",
        'SELECT 1 AS "a)\n  Literal 1", text IN theirs FROM ours',
        "SELECT ours.a AS `x (children 1)`, 1 FROM ours, other.theirs AS `y\n TableIdentifier default.ours`",
        "SELECT * FROM ours UNION ALL SELECT 1, text FROM theirs",
        "SELECT 1 INTERSECT SELECT text FROM theirs",
        "SELECT * FROM merge('default', 'theirs')",
        "SELECT * FROM merge(REGEXP('.*'), 'theirs')",
        "SELECT * FROM view(SELECT * FROM theirs)",
        "SELECT * FROM viewIfPermitted(SELECT * FROM theirs ELSE null('text String'))",
        "SELECT * FROM loop(theirs)",
        "SELECT * FROM loop(default, theirs)",
        "SELECT * FROM mergeTreeIndex(default, theirs)",
        "SELECT * FROM mergeTreeAnalyzeIndexes(default, theirs)",
        "SELECT * FROM clusterAllReplicas('default', default, theirs)",
        "SELECT * FROM remote('127.0.0.1', default.theirs)",
        "SELECT * FROM dictionary('theirs')",
        "SELECT * FROM eval('SELECT * FROM theirs')",
        "SELECT * FROM fuzzQuery('SELECT * FROM theirs')",
        "SELECT * FROM (EXPLAIN SELECT * FROM theirs)",
        "SELECT joinGet('default.theirs', 'text', 1)",
        "SELECT dictGet('default.theirs', 'text', 1)",
        "SELECT hasColumnInTable('default', 'theirs', 'text')",
        "SELECT * FROM system.processes",
        "SELECT * FROM SYSTEM.processes",
        "SELECT * FROM system.tables",
        "SELECT * FROM `system`.`columns`",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM INFORMATION_SCHEMA.COLUMNS",
        "SELECT 1 IN system.one",
        "SELECT query FROM system.query_log",
        "SELECT * FROM clickstack_migrations",
        "SELECT * FROM {p1:Identifier}",
        "SELECT * FROM {startDateMilliseconds:Identifier}",
        "SHOW TABLES",
        "SHOW PROCESSLIST",
        "SHOW CREATE TABLE theirs",
        "DESCRIBE TABLE theirs",
        "EXISTS TABLE theirs",
        "EXPLAIN SELECT * FROM theirs",
        "EXPLAIN AST SELECT 1",
    ],
)
def test_other_tables_are_out_of_reach(runner: RawRunner, text: str) -> None:
    with pytest.raises((Forbidden, BadQuery)) as refused:
        ask(runner, text)
    assert SECRET not in str(refused.value)


def test_a_source_of_the_engines_tables_reaches_nothing() -> None:
    assert tables_of([replace(source("log"), database_name="System", table_name="processes")]) == frozenset()


def test_one_team_never_sees_another_teams_running_text(runner: RawRunner, engine: Store) -> None:
    """Every way to system.processes that the engine's own lists name."""
    places = engine.query(
        Sql.of("SELECT database, name FROM system.tables WHERE lower(database) IN ('system', 'information_schema')")
    )
    assert len(places.rows) > 50
    for database, name in places.rows:
        with pytest.raises(Forbidden):
            ask(runner, f"SELECT * FROM `{database}`.`{name}` LIMIT 1")
        with pytest.raises(Forbidden):
            ask(runner, f"SELECT 1 IN `{database}`.`{name}`")


def test_every_table_function_is_refused_or_makes_rows_of_its_arguments(runner: RawRunner, engine: Store) -> None:
    known = [row[0] for row in engine.query(Sql.of("SELECT name FROM system.table_functions")).rows]
    assert len(known) > 50
    assert set(known) >= TABLE_FUNCTIONS
    for name in known:
        for arguments in ("", "1", "'a String', 'x'", "'/etc/hostname', 'LineAsString', 'a String'", "default, theirs"):
            if name in TABLE_FUNCTIONS:
                continue
            with pytest.raises((Forbidden, BadQuery)):
                ask(runner, f"SELECT * FROM `{name}`({arguments}) LIMIT 1")


# Names that tell of files, the machine, the network, other people, or that wait. None may be allowed.
_TELLING = re.compile(
    r"^(file|filesystem\w*|hostname|fqdn|fullhostname|sleep\w*|dictget\w*|dicthas|dictisin|joinget\w*|getsetting\w*|"
    r"getserver\w*|getmacro|getmergetree\w*|getclient\w*|currentuser|user|currentroles|currentprofiles|enabled\w+|"
    r"defaultroles|defaultprofiles|authenticateduser|queryid|query_id|currentqueryid|initialqueryid|serveruuid|"
    r"addressto\w+|demangle|tid|logtrace|ai[a-z]+|catboost\w+|evalmlmethod|naivebayesclassifier\w*|showcertificate|"
    r"tcpport|uptime|version|buildid|revision|globalvariable|getoskernelversion|connectionid|transaction\w+|region\w+|"
    r"zookeeper\w+|generateserialid|partitionid|hascolumnintable|pg\w+|currentschemas|currenthandler|currentrequesturl|"
    r"mergetreepartinfo|structureto\w+|displayname|shardnum|shardcount|throwif|eval)$",
    re.IGNORECASE,
)


def test_no_function_that_tells_more_than_its_arguments_is_allowed(runner: RawRunner, engine: Store) -> None:
    names = [row[0] for row in engine.query(Sql.of("SELECT name FROM system.functions")).rows]
    telling = [name for name in names if _TELLING.match(name)]
    assert len(telling) > 90
    for name in telling:
        for call in (f"SELECT {name}()", f"SELECT `{name}`('/etc/hostname')", f"SELECT {name.upper()}(1, 1, 1)"):
            with pytest.raises((Forbidden, BadQuery)) as refused:
                ask(runner, call)
            assert "not allowed" in str(refused.value) or isinstance(refused.value, BadQuery)
        with pytest.raises(Forbidden):
            ask(runner, f"SELECT arrayMap(x -> `{name}`(x), ['/etc/hostname'])")


def test_every_allowed_function_answers_or_complains_of_its_arguments(runner: RawRunner, engine: Store) -> None:
    """None fails in a way that would be a fault of ours, and none takes long."""
    names = [row[0] for row in engine.query(Sql.of("SELECT name FROM system.functions WHERE NOT is_aggregate")).rows]
    refused = 0
    for name in names:
        try:
            ask(runner, f"SELECT `{name}`('/etc/hostname')")
        except Forbidden:
            refused += 1
        except Exposed:
            continue
    assert refused > 150


@pytest.mark.parametrize(
    "text",
    [
        "SELECT file('/etc/hostname')",
        "SELECT `fil\\x65`('/etc/hostname')",
        "SELECT “file”('/etc/hostname')",
        "SELECT `a'`, file('/etc/hostname'), `b'` FROM (SELECT 1 AS `a'`, 2 AS `b'`)",
        "SELECT * APPLY(file) FROM (SELECT '/etc/hostname' AS a)",
        "SELECT * APPLY(x -> file(x)) FROM (SELECT '/etc/hostname' AS a)",
        "SELECT arrayMap(file, ['/etc/hostname'])",
        "SELECT arrayMap(hostName, ['x'])",
        "SELECT 1 INTO OUTFILE 'leak.csv'",
        "SELECT 1 /*' */ INTO OUTFILE 'leak.csv' --'",
        "SELECT 1 FORMAT CSV",
        "SELECT 1 SETTINGS max_execution_time = 0",
        "SELECT * FROM (SELECT 1 SETTINGS max_memory_usage = 0)",
        "SELECT 1; DROP TABLE ours",
        "SELECT 1 /* ; */; DROP TABLE ours",
        "INSERT INTO ours VALUES (2, 'x')",
        "INSERT INTO FUNCTION file('leak.csv') SELECT 1",
        "WITH x AS (SELECT 1) INSERT INTO ours SELECT 1, 'x'",
        "CREATE TABLE mine (a UInt8) ENGINE = Memory",
        "CREATE TEMPORARY TABLE mine (a UInt8)",
        "DROP TABLE ours",
        "ALTER TABLE ours DELETE WHERE 1",
        "DELETE FROM ours WHERE 1",
        "OPTIMIZE TABLE ours",
        "SET max_execution_time = 0",
        "USE other",
        "SYSTEM SHUTDOWN",
        "KILL QUERY WHERE 1",
        "BACKUP TABLE ours TO File('leak')",
        "ATTACH DATABASE x",
        "GRANT ALL ON *.* TO default",
        "EXECUTE AS default SELECT 1",
    ],
)
def test_writing_files_and_lifting_limits_are_refused(runner: RawRunner, text: str) -> None:
    with pytest.raises((Forbidden, BadQuery)):
        ask(runner, text)
    assert ask(runner, "SELECT count() FROM ours").rows == [[1]]


VALUES = (
    "') OR 1=1 --",
    "\\') OR 1=1 --",
    "\\",
    "'",
    "’",
    "`",
    "$$",
    "x'\n) UNION ALL SELECT text FROM theirs --",
    "*/ UNION ALL SELECT text FROM theirs /*",
    "{p1:Identifier}",
    "$__filters",
    "nul\0",
    "",
)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize(
    "text",
    [
        "SELECT count() FROM ours WHERE text IN ($v)",
        "SELECT count() FROM ours WHERE $__filter(text, $v)",
        "SELECT count() FROM ours WHERE $__conditionalAll(text = ${v:csv}, $v)",
        "SELECT count() FROM ours WHERE text = '$v'",
        "SELECT count() FROM ours WHERE text = 'x''${v:csv}'",
        "SELECT count() FROM ours WHERE text = ${v:lucene}",
        "SELECT count() FROM ours WHERE text = '${v:lucene}'",
        "SELECT count() FROM ours WHERE match(text, '^x${v:regex}$')",
        "SELECT count() FROM ours WHERE match(text, concat('^x', ${v:regex}))",
    ],
)
def test_values_of_variables_never_become_syntax(runner: RawRunner, text: str, value: str) -> None:
    for values in ((value,), (value, "second"), ("first'", value)):
        assert ask(runner, text, variables=(Variable("v", values),)).rows == [[0]]


@pytest.mark.parametrize("value", VALUES)
def test_values_of_variables_come_back_as_they_are(runner: RawRunner, value: str) -> None:
    result = ask(
        runner,
        "SELECT $v, ${v:csv}, '$v', match($v, concat('^', ${v:regex}, '$')), match($v, '^${v:regex}$')",
        variables=(Variable("v", (value,)),),
    )
    assert result.rows == [[value, value, value, 1, 1]]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT count() FROM numbers(1000000000000000) WHERE sipHash64(number) = 1",
        "SELECT groupArray(number) FROM numbers(100000000000)",
        "SELECT repeat('x', 1000000) AS r, number FROM numbers(1000000) ORDER BY r",
        "SELECT number FROM numbers(100000000)",
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT count() FROM n",
    ],
)
def test_bombs_stop(runner: RawRunner, text: str) -> None:
    """At a limit, or because somebody stops them: a bomb must hear a cancel."""
    stop = threading.Timer(1.0, lambda: runner._store.cancel("bomb"))
    stop.start()
    with pytest.raises((Busy, BadQuery, QueryTimeout, Cancelled)):
        runner.run(RawChart(text, reachable=OURS), HOUR, query_id="bomb")
    stop.cancel()
    joined(stop)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 49_000 + "1" + ")" * 49_000,
        "-1" + " -" * 40_000 + "1",
        "1" + " UNION ALL SELECT 1" * 2_000,
        "".join(f"$a{number}" for number in range(18_000)),
        "".join(f"$a{number}$ " for number in range(14_000)),
        "‘" * 30_000,
        "/* " * 30_000,
        "x'" * 40_001,
        "'" * 90_001,
        "${v" * 30_000,
        "{a:" * 30_000,
        "$v, " * 24_000 + "1",
        "$__timeFilter(" * 7_000,
        "$__timeFilter(a" * 6_000 + ")" * 6_000,
        "1" * 100_001,
    ],
    ids=range(15),
)
def test_texts_made_to_keep_a_reader_busy_are_answered(runner: RawRunner, text: str) -> None:
    try:
        ask(runner, "SELECT " + text, variables=(Variable("v", ("x",) * 10),))
    except Exposed as error:
        assert error.status == 400  # noqa: PT017  (some are well-formed and answered)


def test_a_long_table_is_cut_and_says_so(runner: RawRunner) -> None:
    result = ask(runner, "SELECT number FROM numbers(10001)")
    assert (len(result.rows), result.truncated) == (10_000, True)
    assert ask(runner, "SELECT number FROM numbers(10000)").truncated is False


_FRAGMENTS = (
    "SELECT ", "text", " FROM ", "ours", "theirs", "other.theirs", "system.processes", " WHERE ", " IN ", "(",
    ")", "[", "]", "'", '"', "`", "‘", "’", "“", "”", "$$", "$a$", "x'", "--", "//", "/*", "*/", "# ", "\n",
    " ", ",", ";", "\\", "\x00", "{", "}", "{p1:Identifier}", "{intervalSeconds:Int64}", "$v", "${v:csv}",
    "${v:regex}", "${v", "$__filter(", "$__x", "$__timeFilter(", "$__conditionalAll(", "$__interval_s",
    "$__sourceTable", " UNION ALL ", "1", " AS ", "file(", "*", " INTO OUTFILE ", " SETTINGS ", " FORMAT CSV",
    "merge(", "WITH ", "(SELECT ", "APPLY(", "é",
)  # fmt: skip


@settings(
    max_examples=400, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    text=st.lists(st.sampled_from(_FRAGMENTS), max_size=14).map("".join),
    values=st.lists(st.lists(st.sampled_from(_FRAGMENTS), max_size=4).map("".join), max_size=2),
    head=st.sampled_from(("SELECT ", "SELECT text FROM ours WHERE ", "WITH x AS (", "")),
)
def test_no_text_and_no_value_finds_a_way_out(runner: RawRunner, text: str, values: list[str], head: str) -> None:
    try:
        result = ask(runner, head + text, variables=(Variable("v", tuple(values), "text"),), source=OURS[0])
        said = str(result.rows)
    except Exposed as error:
        said = error.message if error.status < 500 else SECRET
    assert SECRET not in said
    assert "FROM system.processes" not in said


def test_a_source_over_the_engines_own_tables_reads_nothing(engine: Store) -> None:
    """Such sources may have been stored before they were refused."""
    one = replace(source("log"), database_name="system", table_name="one", timestamp_value_expression="now()")
    with pytest.raises(BadQuery, match="the engine's own"):
        Search(engine).page(SearchConfig(one, Filter(""), HOUR, 1))
    with pytest.raises(Forbidden, match="the engine's own"):
        Reader(engine).query(Sql.of("SELECT dummy FROM system.one"), one)
    with pytest.raises(BadQuery, match="the engine's own"):
        engine.catalog.table("INFORMATION_SCHEMA", "TABLES")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT formatRow('Protobuf', a) FROM ours",
        "SELECT formatRowNoNewline('CapnProto', a) FROM ours",
        "SELECT finalizeAggregation(countState()) FROM ours",
        "SELECT countMerge(CAST(unhex('05') AS AggregateFunction(count))) FROM ours",
        "SELECT countMerge(CAST(unhex('05'), concat('Aggregate', 'Function(count)'))) FROM ours",
        "SELECT unhex('05')::AggregateFunction(count)",
        "SELECT countMerge(accurateCast(unhex('05'), 'AggregateFunction(count)'))",
        "SELECT accurateCastOrDefault(unhex('05'), 'Tuple(AggregateFunction(count))', tuple(countState()))",
        "SELECT CAST(unhex('05'), '`Aggregate\\\\x46unction`(count)')",
        "SELECT arrayMap(filesystemAvailable, ['default'])",
        "SELECT arrayMap(`formatQuery`, ['select 1'])",
    ],
)
def test_no_files_left_behind_and_no_bytes_read_as_states(runner: RawRunner, text: str) -> None:
    with pytest.raises(Forbidden):
        ask(runner, text)


def test_states_of_rows_are_merged(runner: RawRunner) -> None:
    text = "SELECT countMerge(s) AS n, any(a::Float64) AS b FROM (SELECT countState() AS s, any(a) AS a FROM ours)"
    assert ask(runner, text).rows == [[1, 1]]


def test_types_may_hold_quotes(runner: RawRunner) -> None:
    assert ask(
        runner,
        "SELECT toDateTime(0)::DateTime('Europe/Berlin'), CAST(0 AS DateTime64(3, 'UTC')), "
        "CAST(a, 'Enum8(''one'' = 1)'), accurateCastOrDefault('x', 'UInt8', toUInt8(a + 6)) FROM ours",
    ).rows == [["1970-01-01 01:00:00", "1970-01-01 00:00:00.000", "one", 7]]


@pytest.mark.parametrize("display", ["table", "number", "line", "pie"])
def test_types_inside_each_other_are_no_fault_of_ours(runner: RawRunner, display: str) -> None:
    deep = "[" * 900 + "1" + "]" * 900
    assert ask(runner, f"SELECT now() AS t, 1 AS n, {deep} AS deep", display=display).rows[0][1] == 1


def test_a_name_with_line_breaks_is_no_type(runner: RawRunner) -> None:
    """Its lines would stand in the printed tree where the type of the CAST does."""
    for lines in (
        ("x", "      Literal 'UInt8'", "    Function plus"),
        ("x", "       Literal 'UInt8'", "     Function plus (children 1)", "      ExpressionList (children 1)"),
        ("x", "      Literal 'UInt8'", "    Function plus (children 1)", "     ExpressionList (children 1)"),
    ):
        name = "\n".join(lines)
        with pytest.raises(Forbidden):
            ask(runner, f"SELECT countMerge(CAST(`{name}`, concat('Aggregate', 'Function(count)')))")
    assert ask(runner, "SELECT CAST(a AS Int8) + 1, [a]::Array(String), (SELECT CAST(2, 'String')) FROM ours").rows

"""The embedded engine: answers, limits, what it refuses, progress and cancel, and no leak between queries."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from chdb.state.sqlitelike import Connection

from clickstack.core.blocking import WouldBlock
from clickstack.core.errors import BadQuery, Busy, Cancelled, ClickstackError, Forbidden, QueryTimeout, StoreFailed
from clickstack.core.sql import Param, Sql
from clickstack.store import Statement, Store, connections
from clickstack.store.failures import translate
from threads import in_parallel, joined


def ask(store: Store, text: str) -> object:
    return store.query(Sql.of(text)).rows


def test_numbers_stay_numbers_and_times_are_utc_text(store: Store) -> None:
    result = store.query(
        Sql.of(
            "SELECT toUInt64(18446744073709551615) AS big, nan AS missing, map('a', 'b') AS attributes, "
            "toDateTime64('2026-01-02 03:04:05.123456789', 9) AS moment"
        )
    )
    assert [column.type for column in result.columns][:2] == ["UInt64", "Float64"]
    assert result.rows == [[18446744073709551615, None, {"a": "b"}, "2026-01-02 03:04:05.123456789"]]


@pytest.mark.parametrize(
    "value",
    [
        "it's",
        'a "b"',
        "back\\slash",
        "tab\tnewline\n\r",
        "nul\0",
        "日本",
        "{p1:String}",
        "'; DROP TABLE otel_logs --",
        "",
    ],
)
def test_bound_text_comes_back_as_it_was(store: Store, value: str) -> None:
    assert store.query(Sql.of("SELECT ", Param(value, "String"))).scalar() == value


def test_the_word_outfile_may_be_searched_for(store: Store) -> None:
    assert ask(store, "SELECT 'into outfile', `outfile` FROM (SELECT 1 AS outfile)") == [["into outfile", 1]]
    assert ask(store, "SELECT 'a;b', 'FORMAT CSV', formatRow('CSV', 1);") == [["a;b", "FORMAT CSV", "1\n"]]


def test_a_column_named_file_can_be_read_with_its_table(store: Store) -> None:
    assert ask(
        store,
        "SELECT t.file, t.`file`, 'file(1)', profile "
        "FROM (SELECT * FROM VALUES('file String, profile String', ('a', 'b'))) AS t",
    ) == [["a", "a", "file(1)", "b"]]


def test_two_threads_never_see_each_others_parameters(store: Store) -> None:
    wrong: list[object] = []

    def work(number: int) -> None:
        for turn in range(50):
            answer = store.query(Sql.of("SELECT ", Param(f"{number}-{turn}", "String"))).scalar()
            if answer != f"{number}-{turn}":
                wrong.append(answer)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    in_parallel(*threads)
    assert wrong == []


def test_a_query_failing_half_way_leaves_nothing_for_the_next(store: Store) -> None:
    """chDB hands the rows already written by a failed query to the connection's next one."""
    for _ in range(8):
        with pytest.raises(BadQuery):
            ask(store, "SELECT number, throwIf(number = 70000) FROM numbers(100000)")
        assert ask(store, "SELECT 1") == [[1]]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM file('/etc/passwd', 'LineAsString')",
        "SELECT file('/etc/hostname')",
        "SELECT FILE ('/etc/hostname')",
        "SELECT `file`('/etc/hostname')",
        "SELECT \"file\" /* */ ('/etc/hostname')",
        "SELECT `fil\\\\x65`('/etc/hostname')",
        "SELECT * APPLY file FROM (SELECT '/etc/hostname' AS a)",
        "SELECT * APPLY(file) FROM (SELECT '/etc/hostname' AS a)",
        "SELECT * APPLY(x -> file(x)) FROM (SELECT '/etc/hostname' AS a)",
        "SELECT arrayMap(x -> file(x), ['/etc/hostname'])",
        "SELECT arrayMap(file, ['/etc/hostname'])",
        "SELECT `fil\\x65`('/etc/hostname')",
        "SELECT “file”('/etc/hostname')",
        "SELECT `a'`, file('/etc/hostname'), `b'` FROM (SELECT 1 AS `a'`, 2 AS `b'`)",
        'SELECT "a\'", file(\'/etc/hostname\'), "b\'" FROM (SELECT 1 AS "a\'", 2 AS "b\'")',
        "SELECT * FROM python(settings)",
        "SELECT * FROM Python /* */ ('settings')",
        "SELECT * FROM `pyth\\x6fn`(settings)",
        "SELECT * FROM eval('SELECT 1')",
        "SELECT query FROM system.processes",
        "SELECT query FROM `system` /* */ . `processes`",
        "SELECT query FROM “system”.“processes”",
        "SELECT query FROM `sys\\x74em`.`process\\x65s`",
        "SELECT 1 IN system.user_processes",
        "SELECT * FROM SYSTEM.processes",
        "SELECT * FROM system.query_log",
        "SELECT * FROM system.stack_trace",
        "SELECT * FROM merge('system', 'processes')",
        "SELECT * FROM `merge` (REGEXP('.*'), 'processes')",
        "SHOW PROCESSLIST",
        "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
        "SELECT * FROM remote('127.0.0.1', system.one)",
        "SELECT * FROM executable('id', 'TSV', 'a String')",
        "SELECT * FROM s3('http://127.0.0.1:1/b/k', 'CSV', 'a String')",
        "INSERT INTO otel_logs (Body) VALUES ('x')",
        "INSERT INTO FUNCTION file('leak.csv') SELECT 1",
        "SELECT 1 INTO OUTFILE 'leak.csv'",
        "SELECT 'it''s' INTO /* */ Outfile 'leak.csv' FORMAT CSV",
        "SELECT '\\\\' INTO\nOUTFILE 'leak.csv'",
        "SELECT 1 FORMAT CSV",
        "SELECT 1; SELECT 2",
        "SELECT 1; KILL QUERY WHERE 1",
        "SELECT 1 /* ; */ ; BACKUP TABLE otel_logs TO File('leak')",
        "SELECT $a$ ' $a$; KILL QUERY WHERE 1 -- '",
        "/* SELECT */ KILL QUERY WHERE 1",
        "-- SELECT\nKILL QUERY WHERE 1",
        "",
        "CREATE TABLE mine (a UInt8) ENGINE = Memory",
        "DROP TABLE otel_logs",
        "ALTER TABLE otel_logs DELETE WHERE 1",
        "SET readonly = 0",
        "SET max_execution_time = 0",
        "SELECT 1 SETTINGS max_execution_time = 0",
        "SELECT 1 SETTINGS readonly = 0",
        "KILL QUERY WHERE 1",
        "SYSTEM SHUTDOWN",
        "BACKUP TABLE otel_logs TO File('leak')",
    ],
)
@pytest.mark.parametrize("pool", ["interactive", "background", "untrusted"])
def test_reading_pools_refuse_everything_but_reading(store: Store, text: str, pool: str) -> None:
    with pytest.raises((Forbidden, BadQuery, StoreFailed)):
        store.query(Sql.of(text), pool=pool)  # type: ignore[arg-type]
    assert store.ping()


# Table functions that a reading connection may call, and what they do: rows of their arguments; or rows and statistics
# of tables, which readers of this room may read anyway (whose tables they are is for query/raw to say); or clusters, of
# which an embedded engine has none.
_READABLE = frozenset(
    "SQLStandardValues format fuzzJSON fuzzQuery generateRandom generateSeries generate_series null numbers "
    "numbers_mt primes values view viewIfPermitted zeros zeros_mt mergeTreeAnalyzeIndexes mergeTreeAnalyzeIndexesUUID "
    "mergeTreeCodecBlockCounts mergeTreeIndex mergeTreeProjection mergeTreeTextIndex cluster clusterAllReplicas "
    "eval input timeSeriesSelector timeSeriesMetricFamilies timeSeriesTags timeSeriesSamples timeSeriesMetrics "
    "timeSeriesData".split()
)
_ARGUMENTS = (
    "",
    "'x'",
    "'/etc/hostname', 'LineAsString'",
    "'http://127.0.0.1:1/', 'CSV', 'a String'",
    "default, otel_logs",
)


def test_every_table_function_that_reaches_outside_is_refused(store: Store) -> None:
    known = [row[0] for row in store.query(Sql.of("SELECT name FROM system.table_functions")).rows]
    assert len(known) > 50
    for name in known:
        if name in _READABLE:
            continue
        for arguments in _ARGUMENTS:
            for text in (f"SELECT * FROM `{name}`({arguments}) LIMIT 1", f"DESCRIBE {name}({arguments})"):
                with pytest.raises((Forbidden, BadQuery)):
                    store.query(Sql.of(text), pool="untrusted")
        with pytest.raises(Forbidden, match="not"):
            store.query(Sql.of(f"DESCRIBE (SELECT 1 IN (SELECT 1 FROM {name} ('x', 'y')))"), pool="interactive")
    assert store.ping()
    assert not Path("default").exists()  # sqlite() makes the file it is asked to read


def test_columns_named_as_such_functions_can_be_read(store: Store) -> None:
    assert ask(store, "SELECT url, `remote`, m['s3'] FROM (SELECT 'u' AS url, 'r' AS remote, map('s3', 'x') AS m)") == [
        ["u", "r", "x"]
    ]


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("SELECT nosuch FROM otel_logs", BadQuery, "Unknown expression identifier `nosuch`."),
        ("SELECT 1 FROM nosuch", BadQuery, "Unknown table expression identifier 'nosuch'."),
        ("SELECT FROM WHERE", BadQuery, "Syntax error"),
        ("SELECT toUInt8('abc')", BadQuery, "Cannot parse string 'abc' as UInt8"),
        ("SELECT sum(ServiceName) FROM otel_logs", BadQuery, "Illegal type String"),
    ],
)
def test_user_errors_are_readable(store: Store, text: str, error: type[ClickstackError], says: str) -> None:
    with pytest.raises(error) as caught:
        ask(store, text)
    assert str(caught.value).startswith(says)
    assert "DB::Exception" not in str(caught.value)


def test_queries_that_hear_no_limit_do_not_close_a_pool(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    connections = store._engine._connections  # type: ignore[attr-defined]
    pool = connections._pools["untrusted"]
    brief = replace(pool, wait_s=0.1, settings={**pool.settings, "max_execution_time": 0.2})
    monkeypatch.setitem(connections._pools, "untrusted", brief)
    monkeypatch.setattr("clickstack.store.connections.QUERY_STUCK_S", 0.2)
    deaf = Sql.of("SELECT editDistance(materialize(repeat('a', 20000)), repeat('b', 20000)) FROM numbers(8)")
    ended: list[float] = []

    def stick() -> None:
        with pytest.raises(QueryTimeout):
            store.query(deaf, pool="untrusted", settings={"max_execution_time": "0.2"})
        ended.append(time.monotonic())

    threads = [threading.Thread(target=stick) for _ in range(pool.connections)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    with pytest.raises(Busy):
        store.query(Sql.of("SELECT 1"), pool="untrusted")
    time.sleep(0.5)
    assert store.query(Sql.of("SELECT 1"), pool="untrusted").scalar() == 1
    assert not ended
    for thread in threads:
        thread.join()
    assert connections._free["untrusted"].qsize() == pool.connections
    assert not connections._stuck


def test_an_answer_that_would_fill_the_memory_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadQuery, match="too large"):
        ask(store, "SELECT repeat('x', 1000000 - number) FROM numbers(200)")
    monkeypatch.setattr("clickstack.store.embedded.QUERY_RESULT_BYTES_MAX", 1_000_000)  # the engine's own is as before
    for constant in ("repeat('x', 100000)", "toLowCardinality(repeat('x', 100000))"):
        with pytest.raises(BadQuery, match="too large"):
            ask(store, f"SELECT {constant} FROM numbers(20)")
        with pytest.raises(BadQuery, match="too large"):
            store.answer(Statement(f"SELECT {constant} FROM numbers(20)", {}, "TSV", {}, {}))
    assert store.ping()


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("Code: 159. DB::Exception: Timeout exceeded: elapsed 1.0 seconds. (TIMEOUT_EXCEEDED)", QueryTimeout),
        ("Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)", Busy),
        ("Code: 394. DB::Exception: Query was cancelled. (QUERY_WAS_CANCELLED)", Cancelled),
        ("Code: 396. DB::Exception: Limit for result exceeded. (TOO_MANY_ROWS_OR_BYTES)", BadQuery),
        ("Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE)", StoreFailed),
        ("something without a code", StoreFailed),
    ],
)
def test_engine_codes_become_our_errors(message: str, error: type[ClickstackError]) -> None:
    assert type(translate(message, reading=True)) is error


def test_a_load_blames_only_the_data_for_what_data_can_cause() -> None:
    assert type(translate("Code: 6. DB::Exception: Cannot parse. (CANNOT_PARSE_TEXT)", reading=False)) is BadQuery
    assert type(translate("Code: 60. DB::Exception: No table. (UNKNOWN_TABLE)", reading=False)) is StoreFailed
    for full in (
        "Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE)",
        "Code: 1001. DB::Exception: std::filesystem::filesystem_error: in create_directories: No space left on device",
    ):
        assert type(translate(full, reading=False)) is Busy  # however often: the disk is at fault, never the data
    assert type(translate("Code: 183. DB::Exception: Odd. (UNEXPECTED_EXPRESSION)", reading=True)) is BadQuery


@pytest.mark.parametrize("bound", ["3", Param(3, "UInt64")], ids=["plain text", "with a bound parameter"])
def test_progress_and_cancel(store: Store, bound: str | Param) -> None:
    caught: list[ClickstackError] = []

    def work() -> None:
        try:
            text = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = "
            store.query(Sql.of(text, bound), query_id="slow-1")
        except ClickstackError as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    deadline = time.monotonic() + 10
    while (progress := store.progress("slow-1")) is None or not progress.rows_read:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert progress.rows_total == 1_000_000_000_000
    assert store.cancel("slow-1") is True
    joined(thread)
    assert [type(error) for error in caught] == [Cancelled]
    assert store.progress("slow-1") is None
    assert store.cancel("slow-1") is False


def test_nothing_waits_for_the_engine_on_an_event_loop(store: Store) -> None:
    async def ask() -> None:
        store.query(Sql.of("SELECT 1"))

    with pytest.raises(WouldBlock):
        asyncio.run(ask())


def test_a_connection_that_cannot_be_opened_is_opened_later(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine has none to spare for a while, after a failure that cost one."""

    def full(*_: object) -> Connection:
        raise RuntimeError("Too many open files")

    store.query(Sql.of("SELECT 1"))
    with monkeypatch.context() as broken:
        broken.setattr(connections, "connect", full)
        with pytest.raises(BadQuery):
            store.query(Sql.of("SELECT throwIf(number = 3) FROM numbers(10)"))
        with pytest.raises(StoreFailed, match="Too many open files"):
            store.query(Sql.of("SELECT 1"))
    for _ in range(5):
        assert store.query(Sql.of("SELECT 1")).rows == [[1]]

"""SQL that people write stays inside its brackets and inside the tables."""

# ruff: noqa: RUF001  (typographic quotes are quotes for the engine)

from __future__ import annotations

import pytest

from clickstack.core.chart import Filter
from clickstack.core.errors import BadQuery, Exposed, Forbidden
from clickstack.core.sql import Sql
from clickstack.query.draft import select, subquery
from clickstack.query.reader import Reader, reach_of
from clickstack.query.usersql import checked, split_alias, split_list
from query.cases import Cases
from query.seeds import source

BREAKOUTS = (
    "1) OR (1",
    "1)) UNION ALL SELECT name FROM system.tables --",
    "1 -- )",
    "1 /* )",
    "1 # )",
    "'a",
    "'a\\'",
    '"a',
    "`a",
    "$$ a",
    "$x$ a $y$",
    "[1",
    "(1]",
    "1; DROP TABLE otel_logs",
    "{p1:String} = 'x'",
    "/* unclosed",
    "1 // ' \n) UNION ALL SELECT 255 // '",
    "‘'’ ) UNION ALL SELECT 255 -- ('‘'",
    "x'\\') UNION ALL SELECT 255 -- '",
    "a$b$ ' $b$ ) UNION ALL SELECT 255 -- '",
    "1 /* /* */ ' */ ) UNION ALL SELECT 255 -- '",
    "1 \0 ) --",
    "“a",
    "\\G",
)
OUTSIDE = (
    "file('/etc/passwd') != ''",
    "file /* here */ ('/etc/passwd') != ''",
    "`file`('/etc/passwd') != ''",
    "\"file\"('/etc/passwd') != ''",
    "FILE('/etc/passwd') != ''",
    "arrayMap(file, ['/etc/passwd']) != []",
    "1 IN (SELECT * APPLY(file) FROM (SELECT '/etc/passwd'))",
    "dictGet('d', 'a', 1) = 1",
    "sleep(3) = 0",
    "hostName() = 'x'",
    "1 IN (SELECT 1 FROM url('http://127.0.0.1/'))",
    "1 IN (SELECT 1 FROM remote('127.0.0.1', system.one))",
    "aiGenerate('x') = ''",
    "getServerSetting('x') = ''",
    "1 IN (SELECT 1 FROM system.processes)",
    "1 IN (SELECT 1 FROM `system` . processes)",
    "1 IN (SELECT 1 FROM “system”.processes)",
    "1 IN (SELECT 1 FROM `sys\\x74em`.processes)",
    "1 IN system.one",
    "1 IN (SELECT 1 FROM information_schema.tables)",
    "1 IN (SELECT * FROM eval('SELECT 1'))",
    "1 IN (SELECT 1 FROM mergeTreeIndex(default, otel_logs))",
    "“file”('/etc/passwd') != ''",
    "`\\x66ile`('/etc/passwd') != ''",
)


@pytest.mark.parametrize(
    "text", ["1) OR (1", "'a", '"a', "`a", "$$ a", "[1", "(1]", "1; SELECT 2", "{p1:String}", "/* x"]
)
def test_what_does_not_close_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(BadQuery) as refused:
        checked(text, "where")
    assert refused.value.position is not None


@pytest.mark.parametrize("text", BREAKOUTS)
def test_nothing_breaks_out(cases: Cases, text: str) -> None:
    """Each is refused, or is an ordinary condition that cannot reach beyond its brackets: no row of id 255 exists."""
    conditions = cases.conditions()
    try:
        condition = conditions.read(Filter(f"id = 255 AND ({text})" if "/*" in text else text, "sql"))
        found = cases.ids(condition.sql)
    except Exposed:
        return
    assert found in ([], list(range(1, 10)))


@pytest.mark.parametrize("text", OUTSIDE)
def test_functions_that_reach_outside_are_refused(text: str) -> None:
    with pytest.raises(BadQuery, match=r"not allowed here|without a backslash"):
        checked(text, "where")


UNLISTED = (
    "getSetting('max_threads') = 1",
    "`getSetting`('max_threads') = 1",
    "displayName() = ''",
    "getOSKernelVersion() = ''",
    "authenticatedUser() = ''",
    "tid() = 1",
    "enabledProfiles() = []",
    "globalVariable('version') = ''",
    "__actionName('x') = ''",
    "arrayMap(filesystemCapacity, ['default']) = [1]",
    "arrayMap(formatQuery, ['select 1']) = ['x']",
    "formatRow('Protobuf', 1) = ''",
    "formatRowNoNewline('CapnProto', 1) = ''",
    "finalizeAggregation(countState(1)) = 1",
)


@pytest.mark.parametrize("text", UNLISTED)
def test_functions_that_nobody_allowed_are_refused(cases: Cases, text: str) -> None:
    """Nobody listed them as dangerous either: the list is of what is allowed."""
    condition = cases.conditions().read(Filter(text, "sql")).sql
    assert condition is not None
    asked = select([Sql.of("count()")], Sql.of("lucene_cases"), [condition], [])
    with pytest.raises(Forbidden, match="is not allowed in SQL"):
        Reader(cases.store).query(asked, source("log"))


@pytest.mark.parametrize(
    "text",
    [
        "id = 1 OR (id = 2) AND NOT (id IN (3))",
        "CASE WHEN (id = 1) THEN (1) ELSE (2) END = 1",
        "CAST(id AS Nullable(Decimal(10, 2))) > 0 AND id::Array(String) = []",
        "CAST(id, 'String') = '1' AND toString(id) = '1'",
        "CAST(id, 'Enum8(\\'a\\' = 1)') = 'a' AND accurateCastOrDefault(id, 'UInt8', toUInt8(id + 1)) > 0",
        "arrayExists(x -> (x = 1), [id]) AND arrayMap(toString, [id]) = ['1']",
        "quantileIf(0.5)(id, id > 1) > 0 AND sumMapIf(map(1, 2), 1) = map(1, 2)",
        "id BETWEEN (1) AND (2) AND INTERVAL (1) DAY > INTERVAL 1 HOUR",
    ],
)
def test_words_of_the_syntax_are_no_functions(cases: Cases, text: str) -> None:
    reach_of(cases.store).check_called(checked(text, "where").called)


@pytest.mark.parametrize(
    "text",
    [
        "countMerge(CAST(unhex('05') AS AggregateFunction(count)))",
        "countMerge(unhex('05')::AggregateFunction(count))",
        "countMerge(CAST(unhex('05'), 'AggregateFunction(count)'))",
        "countMerge(CAST(unhex('05'), concat('Aggregate', 'Function(count)')))",
        "countMerge(CAST(unhex('05'), 'Agg\\x72egateFunction(count)'))",
        "countMerge(accurateCast(unhex('05'), 'AggregateFunction(count)'))",
        "countMerge(accurateCastOrDefault(unhex('05'), 'AggregateFunction(count)', countState()))",
    ],
)
def test_bytes_are_no_states(text: str) -> None:
    with pytest.raises(BadQuery, match=r"not read as|CAST needs"):
        checked(text, "where")


def test_words_in_texts_are_only_words(cases: Cases) -> None:
    condition = cases.conditions().read(
        Filter("Body != 'file(1); -- {x} /*' AND ServiceName = 'api' -- a comment", "sql")
    )
    assert cases.ids(condition.sql) == [1, 4]


def test_comments_become_spaces() -> None:
    assert checked("a/* x */AND -- y\nb", "where") == Sql.of("a AND  \nb")
    assert checked("'-- kept /* kept */'", "where") == Sql.of("'-- kept /* kept */'")


def test_lists_split_at_outer_commas() -> None:
    assert split_list("a, f(b, [c, d]), m['x,y'] AS z", "select") == ["a", "f(b, [c, d])", "m['x,y'] AS z"]
    assert split_list("  ", "select") == []
    with pytest.raises(BadQuery, match="empty"):
        split_list("a,,b", "select")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("round(x) AS y", ("round(x)", "y")),
        ("x as `odd name`", ("x", "odd name")),
        ("CAST(x AS String)", ("CAST(x AS String)", None)),
        ("x", ("x", None)),
    ],
)
def test_aliases(text: str, parts: tuple[str, str | None]) -> None:
    assert split_alias(text, "select") == parts


def test_too_long_and_too_deep() -> None:
    with pytest.raises(BadQuery, match="longer than"):
        checked("1" * 40_000, "where")
    with pytest.raises(BadQuery, match="inside each other"):
        checked("(" * 200 + ")" * 200, "where")


def test_a_line_break_in_a_string_is_kept_through_layout(cases: Cases) -> None:
    condition = cases.conditions().read(Filter("'a\n    b' = concat('a', char(10), '    b') AND id < 3", "sql")).sql
    assert condition is not None
    laid_out = select(
        [Sql.of("count()")], subquery(select([Sql.of("id")], Sql.of("lucene_cases"), [condition], [])), [], []
    )
    assert cases.store.query(laid_out).scalar() == 2


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("a = 'select' AND b IN ('x', 'y', -1)", False),
        ("a NOT IN (1) OR has([1], b) AND any(x) > 1", False),
        ("`from` = 1", True),
        ("a IN (b)", True),
        ("a IN b", True),
        ("in(a, b)", True),
        ("in('a', b)", True),
        ("`globalNotIn`(a, b)", True),
        ("arrayMap(in, [1])", True),
        ("a IN ('x', lower('Y'))", True),
        ("(SELECT 1) = 1", True),
        ("exists(SELECT 1)", True),
        ("trim(BOTH 'x' FROM a)", True),
    ],
)
def test_what_may_name_a_table(text: str, may: bool) -> None:
    assert checked(text, "where").names_tables is may

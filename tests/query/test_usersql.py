"""SQL that people write stays inside its brackets and inside the tables."""

# ruff: noqa: RUF001  (typographic quotes are quotes for the engine)

from __future__ import annotations

import pytest

from clickstack.core.chart import Filter
from clickstack.core.errors import BadQuery, Exposed
from clickstack.core.sql import Sql
from clickstack.query.draft import select, subquery
from clickstack.query.usersql import checked, split_alias, split_list
from query.cases import Cases

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

"""Random queries: the engine agrees with a few lines of Python, and no text at all breaks anything."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clickstack.core.chart import Filter
from clickstack.core.errors import BadQuery
from clickstack.core.sql import Sql
from clickstack.query.lucene.nodes import And, Compare, Exists, FieldName, Match, Node, Not, Or, Phrase, Range, Words
from clickstack.query.lucene.parser import parse
from query.cases import Cases

ROWS_COLUMNS = ("id", "Body", "ServiceName", "SeverityNumber", "NS", "NN", "LogAttributes")

few = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

# --- A generator of queries over columns of several types ---------------------------------------------------------

words = st.sampled_from(["foo", "bar", "baz", "foobar", "api", "web", "x", "GET", "5"])
phrases = st.sampled_from(["foo bar", "Foo_Bar", "api", "x", "foo:bar", "v", ""])
numbers = st.sampled_from(["0", "5", "9", "13", "17", "-1", "8.5"])
texts = st.sampled_from(["Body", "ServiceName", "NS", "LogAttributes.k", "LogAttributes.http.method"])
numeric = st.sampled_from(["SeverityNumber", "NN", "LogAttributes.http.status"])


def _on(field: st.SearchStrategy[str], value: st.SearchStrategy[Any]) -> st.SearchStrategy[Node]:
    return st.builds(lambda name, what: Match(FieldName(name, 0), what, 0), field, value)


leaves: st.SearchStrategy[Node] = st.one_of(
    st.builds(lambda word: Match(None, Words((word,)), 0), words),
    st.builds(lambda text: Match(None, Phrase(text), 0), phrases.filter(bool)),
    _on(texts, st.builds(lambda word: Words((word,)), words)),
    _on(texts, st.builds(Phrase, phrases)),
    _on(texts, st.just(Exists())),
    _on(numeric, st.builds(Compare, st.sampled_from([">", ">=", "<", "<="]), numbers)),
    _on(numeric, st.builds(Range, numbers, numbers, st.booleans(), st.booleans())),
)
trees: st.SearchStrategy[Node] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(lambda items: And(tuple(items)), st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda items: Or(tuple(items)), st.lists(inner, min_size=2, max_size=3)),
    ),
    max_leaves=6,
)


def written(node: Node) -> str:
    """A tree as someone would type it."""
    match node:
        case Not(item):
            return f"NOT {_bracketed(item)}"
        case And(items):
            return " ".join(map(_bracketed, items))
        case Or(items):
            return " OR ".join(map(_bracketed, items))
        case Match(field, value, _):
            return (f"{field.name}:" if field else "") + _value(value)
    raise AssertionError(node)


def _bracketed(node: Node) -> str:
    return written(node) if isinstance(node, Match) else f"({written(node)})"


def _value(value: Any) -> str:
    match value:
        case Words():
            return value.text
        case Phrase(text):
            return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case Exists():
            return "*"
        case Compare(operator, text):
            return f"{operator}{text}"
        case Range(low, high, low_in, high_in):
            return f"{'[' if low_in else '{'}{low} TO {high}{']' if high_in else '}'}"
    raise AssertionError(value)


# --- The same meaning in plain Python ----------------------------------------------------------------------------


def holds(node: Node, row: dict[str, Any]) -> bool:
    match node:
        case Not(item):
            return not holds(item, row)
        case And(items):
            return all(holds(item, row) for item in items)
        case Or(items):
            return any(holds(item, row) for item in items)
        case Match(None, value, _):
            text = value.text
            body = row["Body"].lower()
            tokens = re.findall(r"[a-z0-9]+", text.lower())
            return set(tokens) <= set(re.findall(r"[a-z0-9]+", body)) and (
                tokens == [text.lower()] or text.lower() in body
            )
        case Match(FieldName(name, _), value, _):
            return _field_holds(row, name, value)
    raise AssertionError(node)


def _field_holds(row: dict[str, Any], name: str, value: Any) -> bool:
    column, _, key = name.partition(".")
    cell = row[column].get(key, "") if key else row[column]
    if isinstance(value, Phrase):
        return cell is not None and cell == value.text
    if isinstance(value, Exists):
        return bool(cell)
    if cell is None:
        return False
    if isinstance(value, Words):
        return value.text.lower() in cell.lower()
    try:
        number = float(cell)
    except ValueError:
        return False
    if isinstance(value, Compare):
        return _COMPARE[value.operator](number, float(value.text))
    above = number >= float(value.low) if value.low_included else number > float(value.low)
    return above and (number <= float(value.high) if value.high_included else number < float(value.high))


_COMPARE = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}


@few
@given(trees)
def test_the_engine_agrees_with_python(cases: Cases, tree: Node) -> None:
    query = written(tree)
    condition = cases.conditions().read(Filter(query))
    assert cases.ids(condition.sql) == [row["id"] for row in _rows(cases) if holds(tree, row)], query


@few
@given(trees)
def test_what_is_written_is_what_is_read(tree: Node) -> None:
    again = parse(written(tree))
    assert written(parse(written(again))) == written(again)


def _rows(cases: Cases) -> list[dict[str, Any]]:
    return list(cases.store.query(Sql.of(f"SELECT {', '.join(ROWS_COLUMNS)} FROM lucene_cases ORDER BY id")).dicts())


# --- Any text ---------------------------------------------------------------------------------------------------------

FIELDS = (
    "Body ServiceName SeverityNumber Big Price Day IsError NS NN Kind U IP LogAttributes LogAttributes.k NumMap.k J "
    "J.a.b Tags Nums Flags Ev Ev.k Events.Name Raw Raw.user odd-name Timestamp kept.host nope"
)
pieces = st.one_of(
    st.sampled_from([f"{name}:" for name in FIELDS.split()]),
    st.sampled_from(
        "AND OR NOT ( ) \" * ~ ^ [ ] { } TO : :> :<= - + ! \\ / ' ` , ; -- /* # $ % _ ? {p1:String} foo 5 1e999".split()
    ),
    st.sampled_from([" ", "true", "2024-01-01", "nan", "inf", "0x10", "日本", "\0", "\ufffd", "9" * 40]),
    st.text(max_size=6),
)
any_text = st.lists(pieces, max_size=10).map("".join)


@few
@given(any_text)
def test_any_text_is_a_result_or_a_bad_query(cases: Cases, text: str) -> None:
    position = 0
    try:
        cases.ids(cases.conditions().read(Filter(text)).sql)
    except BadQuery as error:
        position = error.position or 0
    assert 0 <= position <= len(text)


@few
@given(any_text)
def test_any_sql_is_a_result_or_a_bad_query(cases: Cases, text: str) -> None:
    try:
        cases.ids(cases.conditions().read(Filter(text, "sql")).sql)
    except BadQuery:
        return

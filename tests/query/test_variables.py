"""Dashboard variables: names, Lucene, and the SQL fields of charts built of fields."""

from __future__ import annotations

import time

import pytest

from clickstack.core.chart import Filter
from clickstack.core.errors import BadQuery, BadRequest
from clickstack.core.timerange import TimeRange
from clickstack.query.raw import (
    FilterSelection,
    MacroContext,
    Variable,
    expand_lucene,
    expand_text,
    filter_condition,
    variable_name,
)
from clickstack.query.run import readable_sql
from query.cases import Cases
from query.seeds import source

CONTEXT = MacroContext(TimeRange(0, 60_000), 60, source("log"), ())
API = Variable("service", ("api",), "ServiceName")
BOTH = Variable("service", ("api", 'we"b'), "ServiceName")
NONE = Variable("service", (), "ServiceName")


@pytest.mark.parametrize(
    ("display", "name"),
    [
        ("Service", "Service"),
        ("  Service   name ", "Service_name"),
        ("k8s / namespace", "k8s__namespace"),
        ("2nd", "v2nd"),
        ("_x", "v_x"),
        ("日本", ""),
    ],
)
def test_a_name_is_made_of_the_display_name(display: str, name: str) -> None:
    assert variable_name(display) == name


@pytest.mark.parametrize("name", ["", "2nd", "_x", "a-b", "x" * 65, "é"])
def test_a_wrong_name_is_refused(name: str) -> None:
    with pytest.raises(BadRequest, match="letter"):
        Variable(name)


def test_names_are_unique() -> None:
    with pytest.raises(BadRequest, match="unique"):
        expand_lucene("$service", (API, BOTH))
    expand_lucene("$service", (API, Variable("Service")))


@pytest.mark.parametrize(
    ("text", "variable", "expanded"),
    [
        ("ServiceName:$service", API, 'ServiceName:("api")'),
        ("ServiceName:${service} error", BOTH, r'ServiceName:("api" OR "we\"b") error'),
        ("ServiceName:${service:lucene}", NONE, 'ServiceName:("")'),
        ("${service:csv}", BOTH, r'"api,we\"b"'),
        ('"at $service now"', BOTH, r'"at api,we\"b now"'),
        (r"\" $service", API, r'\" ("api")'),
        ("# $service", API, '# ("api")'),
        ("$other ${other} $$ $1 ${service", API, "$other ${other} $$ $1 ${service"),
        ("$__filter($service)", API, '$__filter(("api"))'),
    ],
)
def test_lucene(text: str, variable: Variable, expanded: str) -> None:
    assert expand_lucene(text, [variable]) == expanded


@pytest.mark.parametrize(
    ("text", "says"), [("${service:sqlstring}", "is for SQL"), ("${service:x}", "no variable format")]
)
def test_lucene_refuses_what_makes_no_sense_there(text: str, says: str) -> None:
    with pytest.raises(BadQuery, match=says) as refused:
        expand_lucene("a " + text, [API])
    assert refused.value.position == 2


@pytest.mark.parametrize(
    ("values", "ids"),
    [(("api",), [1, 4]), (("api", "web"), [1, 2, 4, 5]), ((') OR id:* OR ("',), []), (("a*",), [])],
)
def test_values_find_their_rows_and_no_others(cases: Cases, values: tuple[str, ...], ids: list[int]) -> None:
    text = expand_lucene('ServiceName:${service} -Body:""', [Variable("service", values)])
    assert set(cases.ids(cases.conditions().read(Filter(text)).sql)) <= set(ids)


@pytest.mark.parametrize(
    ("text", "variable", "expanded"),
    [
        ("", API, ""),
        ("ServiceName IN ($service)", BOTH, "ServiceName IN ('api', 'we\"b')"),
        ("$__filter($service) AND x = 1", API, "(toString(ServiceName) IN ('api')) AND x = 1"),
        ("$__filter($service)", NONE, "(1=1)"),
        ("$__conditionalAll(a = $service, $service)", API, "(a = 'api')"),
        ("toStartOfInterval(t, toIntervalSecond($__interval_s))", API, "toStartOfInterval(t, toIntervalSecond(60))"),
    ],
)
def test_sql_fields(text: str, variable: Variable, expanded: str) -> None:
    assert expand_text(text, CONTEXT, [variable]) == expanded


def test_a_sql_field_stays_user_sql(cases: Cases) -> None:
    """Values become literals that the check of user SQL reads as literals."""
    for value in ("') OR 1=1 --", "\\", "‘", "a'b"):  # noqa: RUF001
        text = expand_text("ServiceName IN ($service)", CONTEXT, [Variable("service", (value,))])
        assert cases.ids(cases.conditions().read(Filter(text, "sql")).sql) == []


@pytest.mark.parametrize(
    ("selection", "ids"),
    [
        (FilterSelection("ServiceName", ("api", "web")), [1, 2, 4, 5]),
        (FilterSelection("ServiceName", excluded=("api", "web", "batch")), [3, 6, 9]),
        (FilterSelection("IsError", (True,)), [3, 4]),
        (FilterSelection("IsError", ("true",)), [3, 4]),
        (FilterSelection("SeverityNumber", (17, "13")), [3, 4, 5]),
        (FilterSelection("SeverityNumber", excluded=(17, "13", 9)), [7, 8, 9]),
        (FilterSelection("Duration", low=1, high=20), [6, 7]),
        (FilterSelection("Day", ("2024-01-02",)), [3, 4]),
        (FilterSelection("LogAttributes['k']", ("v", "b=c")), [1, 4]),
        (FilterSelection("lower(SeverityText)", ("info",), low=None), [1, 2, 6]),
    ],
)
def test_choices_in_filters(cases: Cases, selection: FilterSelection, ids: list[int]) -> None:
    assert cases.ids(filter_condition([selection], None)) == ids


def test_a_filter_applies_to_its_sources_only() -> None:
    mine, other = source("log"), source("trace")
    selection = FilterSelection("a", ("x",), applies_to_source_ids=(mine.id,))
    assert filter_condition([selection], mine) is not None
    assert filter_condition([selection], None) is None
    assert (filter_condition([selection], other) is None) == (other.id != mine.id)


def test_choices_are_joined_by_and() -> None:
    condition = filter_condition([FilterSelection("a", ("x",)), FilterSelection("b", excluded=("it's",))], None)
    assert condition is not None
    assert readable_sql(condition) == r"(toString(a) IN ('x') AND toString(b) NOT IN ('it\'s'))"


@pytest.mark.parametrize("expression", ["1) OR (1", "a; b", "(SELECT 1)", "file('x')", ""])
def test_a_filter_expression_is_checked(expression: str) -> None:
    with pytest.raises(BadQuery):
        filter_condition([FilterSelection(expression, ("x",))], None)


def test_too_many_values_are_refused() -> None:
    with pytest.raises(BadRequest, match="more than"):
        Variable("v", ("x",) * 1_001)
    with pytest.raises(BadRequest, match="more than"):
        FilterSelection("a", ("x",) * 1_001)


@pytest.mark.parametrize("after", [" " * 90_000, "b" + " " * 90_000 + "c", "b " * 45_000, "b{a:" * 20_000])
def test_a_parameter_that_never_ends_is_told_at_once(after: str) -> None:
    """Matching holds the interpreter: a text that takes long to read stops the whole server."""
    started_s = time.process_time()
    with pytest.raises(BadQuery):
        expand_text("SELECT {a:" + after, CONTEXT, ())
    assert time.process_time() - started_s < 2

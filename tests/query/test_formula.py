"""Formulas: arithmetic against Python's own, and the faults of §10.5 G79."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clickstack.core.chart import Formula
from clickstack.core.sql import Sql
from clickstack.query.formula import BadFormula, formula_sql, parse_formula
from clickstack.store import Store

VALUES = {"A": 7.0, "B": 2.5, "C": -3.0}

_leaves = st.sampled_from(["A", "B", "C", "2", "0.5", ".25"])
_formulas = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" + ", "-", " * ", "/"]), inner).map("".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"-({text})"),
    ),
    max_leaves=12,
)


@given(_formulas.filter(lambda text: any(letter in text for letter in VALUES)))
def test_every_formula_means_what_python_means(_engine: Store, text: str) -> None:  # noqa: PT019
    sql = formula_sql(Formula(text), [Sql.of(f"toFloat64({value})") for value in VALUES.values()], "formula")
    try:
        expected = eval(text, {}, VALUES)  # the strategy makes nothing but arithmetic
    except ZeroDivisionError:
        expected = None
    found = _engine.query(Sql.of("SELECT ", sql)).scalar()
    if expected is None or found is None:
        assert found is expected or expected == pytest.approx(0), text
    else:
        assert found == pytest.approx(expected), text


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("A + ", "syntax-error"),
        ("A B", "syntax-error"),
        ("(A", "syntax-error"),
        ("A)", "syntax-error"),
        ("+A", "syntax-error"),
        ("(" * 100 + "A" + ")" * 100, "syntax-error"),
        ("-" * 1000 + "A", "syntax-error"),
        ("A / Z", "unknown-series-ref"),
        ("1 + 2", "constant-only-expression"),
        ("", "empty-expression"),
        ("  ", "empty-expression"),
        ("A % B", "invalid-token"),
        ("a + B", "invalid-token"),
        ("AB", "invalid-token"),
        ("A + 1.2.3", "syntax-error"),
        ("A" + " + A" * 350, "expression-too-long"),
    ],
)
def test_faults(text: str, fault: str) -> None:
    with pytest.raises(BadFormula) as caught:
        parse_formula(text, 2)
    assert caught.value.fault == fault


def test_a_fault_tells_its_place() -> None:
    with pytest.raises(BadFormula) as caught:
        parse_formula("A + % B", 2, "formulas.0.expression")
    assert (caught.value.position, caught.value.message) == (
        4,
        "formulas.0.expression: '%' has no place in a formula (invalid-token)",
    )

"""Words without a field, where the text of an event is several columns or may be missing."""

from __future__ import annotations

import pytest

from clickstack.core.chart import Filter
from query.cases import Cases


@pytest.mark.parametrize(
    ("columns", "query", "rows"),
    [
        ("Body, NS", "foo", [1, 2, 3, 5, 8]),  # NS is NULL in 2, which hides nothing of its Body
        ("Body, NS", "-foo", [4, 6, 7, 9]),
        ("Body, NS", "x", [1, 5, 6, 8]),
        ("Body, NS", "foo*", [1, 2, 3, 4, 8]),
        ("Body, NS", "*", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("Body, NS", "-*", [9]),
        ("NN, NS", "42", [8]),
        ("NN, NS", "-*", [2, 4, 7, 9]),
        ("ServiceName, J.a.b", "12", [2]),
        ("ServiceName, LogAttributes", "GET", [1, 3]),
        ("NS", "-*", [2, 4, 6, 7, 9]),
    ],
)
def test_texts_of_several_columns(cases: Cases, columns: str, query: str, rows: list[int]) -> None:
    conditions = cases.conditions(implicit_column_expression=columns)
    assert cases.ids(conditions.read(Filter(query)).sql) == rows

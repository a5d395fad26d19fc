"""Plain words fit the types of the columns they speak of."""

from __future__ import annotations

import pytest

from clickstack.core.errors import BadQuery
from clickstack.query import explain
from clickstack.query.fields import Fields
from query.cases import Cases


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Duration:5", "Duration is 5"),
        ("ServiceName:5", 'ServiceName contains "5"'),
        ("IsError:true", "IsError is true"),
        ("Timestamp:2024-01-01", "Timestamp is 2024-01-01"),
        ("U:00000000-0000-0000-0000-000000000001", "U is 00000000-0000-0000-0000-000000000001"),
        ("Tags:prod", 'Tags has an item that contains "prod"'),
        ('Tags:"prod"', 'Tags has an item that is "prod"'),
        ("Nums:5", "Nums has an item that is 5"),
        ("Ev.k:foo", 'Ev.k has an item that contains "foo"'),
        ("Tags:*", "Tags has a value"),
        ("LogAttributes.k:x", 'LogAttributes.k contains "x"'),
        ("NumMap.k:7", "NumMap.k is 7"),
        ("-(Duration:5 OR NN:1)", "not: (Duration is 5 or NN is 1)"),
    ],
)
def test_words_fit_types(cases: Cases, text: str, said: str) -> None:
    assert explain(text, Fields(cases.schema, cases.source)) == said


def test_a_column_that_does_not_exist_is_named(cases: Cases) -> None:
    with pytest.raises(BadQuery, match="There is no column 'Durration'") as refusal:
        explain("Durration:5", Fields(cases.schema, cases.source))
    assert "Duration" in (refusal.value.hint or "")

"""tests/golden/lucene: query → condition → explanation → rows of the table of cases, on the engine."""

from __future__ import annotations

import pytest

from clickstack.core.chart import Filter
from clickstack.core.errors import BadQuery
from clickstack.query import explain
from clickstack.query.run import readable_sql
from query.cases import Cases
from query.golden import Case, check, read_cases


@pytest.mark.parametrize("case", read_cases("lucene"), ids=lambda case: case.id)
def test_lucene(case: Case, cases: Cases) -> None:
    def answer(query: str) -> dict[str, str]:
        try:
            condition = cases.conditions().read(Filter(query))
        except BadQuery as error:
            place = "" if error.position is None else f" at {error.position}"
            return {"error": f"{error.message}{place}" + (f"\n{error.hint}" if error.hint else "")}
        said = {
            "sql": readable_sql(condition.sql) if condition.sql else "",
            "explain": explain(query),
            "rows": " ".join(map(str, cases.ids(condition.sql))),
        }
        return {**said, "warnings": "\n".join(condition.warnings)} if condition.warnings else said

    check(case, answer)

"""tests/golden/chart and tests/golden/metrics: a chart in a few lines → SQL → points, on the engine."""

from __future__ import annotations

import pytest

from clickstack.core.errors import Exposed
from clickstack.query import Runner
from clickstack.query.shape import Point
from clickstack.store import Store
from query.chart_text import read_chart
from query.golden import Case, check, read_cases


@pytest.mark.parametrize("case", [*read_cases("chart"), *read_cases("metrics")], ids=lambda case: case.id)
def test_chart(case: Case, seeded: Store) -> None:
    def answer(request: str) -> dict[str, str]:
        try:
            chart, time_range = read_chart(request)
            result = Runner(seeded).run(chart, time_range)
        except Exposed as error:
            return {"error": f"{error.code}: {error.message}"}
        answers = {"sql": result.sql} if case.file.parent.name == "chart" or "show sql" in request else {}
        if "show names" in request:
            answers["names"] = " | ".join([*result.groups, *result.values])
        if result.previous is not None:
            answers["previous"] = "\n".join(map(_line, result.previous))
        answers["points"] = "\n".join(map(_line, result.points))
        return answers

    check(case, answer)


def _line(point: Point) -> str:
    minute = f"{point.bucket_ms // 1000 % 86400 // 60:>3}m"
    return " | ".join([minute, *map(str, point.group), *map(_number, point.values)])


def _number(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)

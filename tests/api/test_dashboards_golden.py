"""tests/golden/dashboards: a body (or one tile, or one config) → what is stored of it, or what is wrong with it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from api.dashboard_bodies import NAMES, named, stored, tile
from clickstack.core.errors import BadRequest
from clickstack.core.ids import SequentialIds
from query.golden import Case, check, read_cases


@pytest.mark.parametrize("case", read_cases("dashboards"), ids=lambda case: case.id)
def test_golden(case: Case) -> None:
    check(case, answer)


def answer(request: str) -> dict[str, str]:
    asked = named(request)
    try:
        if not isinstance(asked, dict) or "tiles" in asked or "name" in asked:
            return {"stored": readable(stored(asked, SequentialIds()))}
        wanted = tile(asked) if "displayType" in asked or "configType" in asked else tile(**asked)
        return {"stored": readable(stored({"name": "D", "tiles": [wanted]}, SequentialIds())["tiles"][0]["config"])}
    except BadRequest as error:
        return {"error": with_names(error.message).replace("; ", ";\n")}


def readable(wire: Any) -> str:
    return with_names(json.dumps(wire, indent=1, ensure_ascii=False, sort_keys=True))


def with_names(text: str) -> str:
    for real, name in NAMES.items():
        text = text.replace(real, name)
    return text

"""Patterns, deltas and heatmaps through the API."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import httpx
import pytest

from clickstack.api import Services
from clickstack.query import patterns as patterns_module
from clickstack.store import Store
from query.explore_seeds import seed_logs, seed_traces

NOON_MS = 1677931200000  # 2023-03-04 12:00 UTC
RANGE = {"startTime": NOON_MS, "endTime": NOON_MS + 7_200_000}
LATER = {"startTime": NOON_MS + 3 * 3_600_000, "endTime": NOON_MS + 3 * 3_600_000 + 60_000}


@pytest.fixture
def services(services: Services, store: Store) -> Services:
    seed_logs(store)
    seed_traces(store)
    return dataclasses.replace(services, store=store)


@pytest.fixture
def sources(person: httpx.Client) -> dict[str, str]:
    return {each["kind"]: each["id"] for each in person.get("/sources").json()}


def last(reply: httpx.Response) -> dict[str, Any]:
    assert reply.status_code == 200, reply.text
    return dict(json.loads(reply.text.splitlines()[-1]))


def test_patterns_find_their_events_again(person: httpx.Client, sources: dict[str, str]) -> None:
    found = last(person.post("/explore/patterns", json={"sourceId": sources["log"], **RANGE}))
    assert (found["total"], found["sampled"], found["estimated"]) == (120, 120, False)
    assert [(pattern["pattern"], pattern["count"]) for pattern in found["patterns"]] == [
        ("order <*> shipped for <*>", 90),
        ("order <*> failed for <*>", 30),
    ]
    for pattern in found["patterns"]:
        assert sum(pattern["trend"]) == pattern["count"]
        body = {"sourceId": sources["log"], "where": pattern["where"], "whereLanguage": "sql", **RANGE}
        assert last(person.post("/search/histogram", json=body))["total"] == pattern["count"]
        row_id = pattern["examples"][0]["rowId"]
        row = last(person.post("/search/row", json={"sourceId": sources["log"], "rowId": row_id}))["row"]
        assert row["Body"] == pattern["examples"][0]["text"]


def test_a_sample_stands_for_all_events(
    person: httpx.Client, sources: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns_module, "PATTERN_SAMPLE_ROWS", 40)
    body = {"sourceId": sources["log"], **RANGE}
    found = last(person.post("/explore/patterns", json=body))
    assert found["estimated"]
    assert 20 <= found["sampled"] <= 80
    assert found["weight"] == 120 / found["sampled"]
    assert sum(pattern["count"] for pattern in found["patterns"]) == pytest.approx(120, abs=2)
    again = last(person.post("/explore/patterns", json=body))
    assert again["patterns"] == found["patterns"]  # the sample is the same every time


def test_patterns_compared_with_an_earlier_time(person: httpx.Client, sources: dict[str, str]) -> None:
    body = {"sourceId": sources["log"], "baseline": RANGE, **LATER}
    found = last(person.post("/explore/patterns", json=body))["patterns"]
    assert [(each["pattern"], each["count"], each["before"], each["change"]) for each in found] == [
        ("card refused", 1, 0, None),
        ("done", 1, 0, None),
        ("order <*> failed for <*>", 0, 30, 0),
        ("order <*> shipped for <*>", 0, 90, 0),
    ]


def test_deltas(person: httpx.Client, sources: dict[str, str]) -> None:
    target = {"where": "SeverityText:error"}
    found = last(person.post("/explore/deltas", json={"sourceId": sources["log"], "target": target, **RANGE}))
    assert (found["target"], found["baseline"]) == ({"total": 30, "sampled": 30}, {"total": 90, "sampled": 90})
    first = found["deltas"][0]
    assert (first["name"], first["score"], first["significant"]) == ("LogAttributes.plan", 100, True)
    assert first["values"][0] == {"value": "Gold", "target": 100, "baseline": 0}


def test_cells_can_show_an_aggregate(person: httpx.Client, sources: dict[str, str]) -> None:
    body = {"sourceId": sources["trace"], "rows": 4, **LATER}
    counted = last(person.post("/explore/heatmap", json=body))["cells"]
    summed = last(person.post("/explore/heatmap", json={**body, "countExpression": "sum(Duration)"}))["cells"]
    assert [cell[:2] for cell in summed] == [cell[:2] for cell in counted]
    longest = last(person.post("/explore/heatmap", json={**body, "countExpression": "max(Duration)"}))["cells"]
    assert all(of_all >= of_one for (*_, of_all), (*_, of_one) in zip(summed, longest, strict=True))
    wrong = last(person.post("/explore/heatmap", json={**body, "countExpression": "sum(Nope)"}))
    assert wrong["code"] == "bad_query"


def test_a_rectangle_of_the_heatmap_is_a_target(person: httpx.Client, sources: dict[str, str]) -> None:
    body = {"sourceId": sources["trace"], "rows": 10, **LATER}
    map_ = last(person.post("/explore/heatmap", json=body))
    assert map_["total"] == sum(count for _, _, count in map_["cells"]) == 9
    assert len(map_["bounds"]) == 11
    slow = {"where": f"Duration >= {map_['bounds'][5]}", "whereLanguage": "sql", **LATER}
    found = last(person.post("/explore/deltas", json={"sourceId": sources["trace"], "target": slow, **LATER}))
    assert found["target"]["total"] == sum(count for _, row, count in map_["cells"] if row >= 5)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("patterns", {"limit": 0}, 400),
        ("deltas", {}, 400),
        ("deltas", {"target": {"startTime": 1}}, 400),
        ("heatmap", {"scale": "cubic"}, 400),
        ("heatmap", {"rows": 201}, 400),
    ],
)
def test_faults_of_the_body(
    person: httpx.Client, sources: dict[str, str], path: str, body: dict[str, Any], status: int
) -> None:
    reply = person.post(f"/explore/{path}", json={"sourceId": sources["log"], **body, **RANGE})
    assert reply.status_code == status

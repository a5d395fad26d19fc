"""The words for what is wrong with a request (reference/api-v2.md §2.2)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import pytest
from pydantic import AnyUrl, ConfigDict, Field, StringConstraints

from clickstack.api.validation import array_of, faults_of, issues_of, message_of
from clickstack.api.wire import WireModel


class Line(WireModel):
    kind: Literal["line"]
    name: str


class Pie(WireModel):
    kind: Literal["pie"]
    slices: Annotated[int, Field(ge=1, le=9)]


class Exact(WireModel):
    model_config = ConfigDict(extra="forbid")
    a: int = 0


class Board(WireModel):
    name: Annotated[str, StringConstraints(min_length=2, max_length=4)] = "name"
    tag: Annotated[str, StringConstraints(pattern=r"^[a-z]+$")] = "tag"
    color: Literal["red", "green"] = "red"
    version: Literal[2] = 2
    scale: Annotated[float, Field(gt=0, lt=10)] = 1.5
    shown: bool = True
    tags: Annotated[list[str], Field(max_length=2, default_factory=list)]
    some: Annotated[list[str], Field(min_length=1, default_factory=lambda: ["x"])]
    labels: Annotated[dict[str, str], Field(default_factory=dict)]
    link: Annotated[AnyUrl | None, Field(strict=False)] = None
    since: Annotated[datetime | None, Field(strict=False)] = None
    the_tile: Annotated[Line | Pie, Field(discriminator="kind")] | None = None
    tiles: Annotated[list[Annotated[Line | Pie, Field(discriminator="kind")]], Field(default_factory=list)]
    exact: Exact = Exact()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"name": 5}, "name: Expected string, received number"),
        ({"name": None}, "name: Expected string, received null"),
        ({"name": True}, "name: Expected string, received boolean"),
        ({"name": []}, "name: Expected string, received array"),
        ({"name": {}}, "name: Expected string, received object"),
        ({"name": "a"}, "name: String must contain at least 2 character(s)"),
        ({"name": "abcde"}, "name: String must contain at most 4 character(s)"),
        ({"tag": "A1"}, "tag: Invalid"),
        ({"color": "blue"}, "color: Invalid enum value. Expected 'red' | 'green', received 'blue'"),
        ({"color": None}, "color: Expected 'red' | 'green', received null"),
        ({"color": 3}, "color: Expected 'red' | 'green', received number"),
        ({"version": 3}, "version: Invalid literal value, expected 2"),
        ({"scale": 0}, "scale: Number must be greater than 0"),
        ({"scale": 10}, "scale: Number must be less than 10"),
        ({"scale": "1"}, "scale: Expected number, received string"),
        ({"scale": float("inf")}, "scale: Expected number, received nan"),
        ({"shown": 1}, "shown: Expected boolean, received number"),
        ({"tags": "a"}, "tags: Expected array, received string"),
        ({"tags": ["a", "b", "c"]}, "tags: Array must contain at most 2 element(s)"),
        ({"tags": ["a", 2]}, "tags.1: Expected string, received number"),
        ({"some": []}, "some: Array must contain at least 1 element(s)"),
        ({"labels": []}, "labels: Expected object, received array"),
        ({"labels": {"X@": 1}}, "labels.X@: Expected string, received number"),
        ({"link": "no url"}, "link: Invalid url"),
        ({"since": "yesterday"}, "since: Invalid datetime"),
        ({"theTile": {"kind": "bar"}}, "theTile.kind: Invalid discriminator value. Expected 'line' | 'pie'"),
        ({"theTile": {}}, "theTile.kind: Required"),
        ({"theTile": {"kind": "line"}}, "theTile.name: Required"),
        ({"theTile": 5}, "theTile: Expected object, received number"),
        (
            {"tiles": [{"kind": "line", "name": "a"}, {"kind": "pie", "slices": 0}]},
            "tiles.1.slices: Number must be greater than or equal to 1",
        ),
        ({"tiles": [{"kind": "pie", "slices": 10}]}, "tiles.0.slices: Number must be less than or equal to 9"),
        ({"tiles": [{"kind": "pie", "slices": 1.5}]}, "tiles.0.slices: Expected integer, received float"),
        ({"exact": {"a": 1, "b": 2, "c": 3}}, "exact: Unrecognized key(s) in object: 'b', 'c'"),
        ({"tags": 1, "name": 2}, "name: Expected string, received number; tags: Expected array, received number"),
    ],
)
def test_texts(body: dict[str, Any], message: str) -> None:
    issues = issues_of(faults_of(Board, body), body)
    assert message_of(issues) == f"Body validation failed: {message}"


def test_unknown_keys_are_dropped() -> None:
    assert faults_of(Board, {"id": "server's own", "createdAt": 5}) == []


def test_parts_are_told_in_order() -> None:
    faults: list[dict[str, Any]] = [
        {"type": "int_parsing", "loc": ("query", "limit"), "msg": "", "input": "x"},
        {
            "type": "value_error",
            "loc": ("path", "id"),
            "msg": "",
            "input": "x",
            "ctx": {"error": ValueError("Invalid ObjectId")},
        },
        {"type": "missing", "loc": ("body", "name"), "msg": "", "input": {}},
        {"type": "missing", "loc": ("body", "host"), "msg": "", "input": {}},
    ]
    issues = issues_of(faults, {})
    assert message_of(issues) == (
        "Body validation failed: name: Required; host: Required; Params validation failed: id: Invalid ObjectId; "
        "Query validation failed: limit: Expected number, received nan"
    )
    body, params, query = array_of(issues)
    assert [each["type"] for each in (body, params, query)] == ["Body", "Params", "Query"]
    assert body["errors"]["issues"][0] == {"code": "invalid_type", "path": ["name"], "message": "Required"}
    assert params["errors"]["issues"] == [{"code": "custom", "path": ["id"], "message": "Invalid ObjectId"}]


def test_what_the_table_does_not_know_still_says_something() -> None:
    faults: list[dict[str, Any]] = [{"type": "new_kind", "loc": ("body", "x"), "msg": "Not so", "input": 1}]
    assert message_of(issues_of(faults, {"x": 1})) == "Body validation failed: x: Not so"

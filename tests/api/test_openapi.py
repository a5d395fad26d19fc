"""The API's description: complete, consistent, and true of a running server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs
import pytest

from clickstack.api.app import V2_ROUTERS
from clickstack.api.description import describe
from clickstack.api.description.nouns import OPERATIONS
from clickstack.api.description.operation import (
    ALERT_ID,
    CONNECTION_ID,
    DASHBOARD_ID,
    INVITATION_ID,
    SAVED_SEARCH_ID,
    SOURCE_ID,
    USER_ID,
    WEBHOOK_ID,
)
from clickstack.api.description.words import TAGS
from published import published_document
from stocked import V2, Stocked, stocked_server

Key = tuple[str, str]
PLACE_OF_ID = {
    "/alerts/{id}": ALERT_ID,
    "/connections/{id}": CONNECTION_ID,
    "/dashboards/{id}": DASHBOARD_ID,
    "/saved-searches/{id}": SAVED_SEARCH_ID,
    "/sources/{id}": SOURCE_ID,
    "/team/invitation/{id}": INVITATION_ID,
    "/team/member/{id}": USER_ID,
    "/webhooks/{id}": WEBHOOK_ID,
}


@cache
def document() -> dict[str, Any]:
    return describe(V2_ROUTERS, "1.2.3")


def operations() -> dict[Key, dict[str, Any]]:
    return {
        (method.upper(), path.removeprefix(V2)): operation
        for path, item in document()["paths"].items()
        for method, operation in item.items()
    }


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stocked]:
    with stocked_server(tmp_path_factory.mktemp("described") / "data") as server:
        yield server


# --- the document -----------------------------------------------------------------------------------------------


def test_every_route_is_described() -> None:
    routes = {
        (method, route.path)
        for router in V2_ROUTERS
        for route in router.routes
        if getattr(route, "include_in_schema", False)
        for method in route.methods  # type: ignore[attr-defined]
    }
    assert routes - OPERATIONS.keys() == set(), "say what these do, in api/description"
    assert set(operations()) == routes == OPERATIONS.keys()


def test_the_published_operations_are_all_there_under_their_names() -> None:
    published = {
        (method.upper(), path.removeprefix(V2), operation["operationId"])
        for path, item in published_document()["paths"].items()
        for method, operation in item.items()
    }
    ours = {(*key, operation["operationId"]) for key, operation in operations().items()}
    assert published - ours == set()


def test_operations_have_names_and_words() -> None:
    ids = [operation["operationId"] for operation in operations().values()]
    assert len(ids) == len(set(ids))
    for key, operation in operations().items():
        assert operation["summary"], key
        assert set(operation["tags"]) <= TAGS.keys(), key
        assert {"200", "401", "429", "500"} <= operation["responses"].keys(), key


def test_every_reference_leads_somewhere_and_every_schema_is_used() -> None:
    text = json.dumps(document())
    schemas = document()["components"]["schemas"]
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named == set(schemas)


def test_every_field_is_explained() -> None:
    schemas = document()["components"]["schemas"]
    silent = {
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, value in schema.get("properties", {}).items()
        if "description" not in value
    }
    assert silent == set()


# --- the examples -----------------------------------------------------------------------------------------------


def examples() -> list[Any]:
    return [
        pytest.param(key, example["value"], id=f"{operation['operationId']}: {name}")
        for key, operation in operations().items()
        if "requestBody" in operation
        for name, example in operation["requestBody"]["content"]["application/json"].get("examples", {}).items()
    ]


@pytest.mark.parametrize(("key", "body"), examples())
def test_an_example_works_as_it_stands(stocked: Stocked, key: Key, body: Any) -> None:
    status, _, reply = stocked.call(key[0], path_of(key), body)
    assert status == 200, reply
    assert faults_of(key, reply) == []
    if key[1] == "/dashboards/validate":
        assert reply["valid"], reply


@pytest.mark.parametrize("key", sorted(key for key in operations() if key[0] == "GET"), ids=lambda key: key[1])
def test_replies_are_as_described(stocked: Stocked, key: Key) -> None:
    status, headers, reply = stocked.call(key[0], path_of(key))
    assert status == 200, reply
    assert faults_of(key, reply) == []
    assert headers["etag"]


@pytest.mark.parametrize("key", sorted(operations()), ids=lambda key: f"{key[0]} {key[1]}")
def test_refusals_are_as_described(stocked: Stocked, key: Key) -> None:
    url_id = "f" * 24 if key[0] == "GET" else "no-id"
    body = None if key[0] in ("GET", "DELETE") else []
    status, _, reply = stocked.call(key[0], key[1].replace("{id}", url_id), body)
    assert faults_of(key, reply, status) == []


def path_of(key: Key) -> str:
    return key[1].replace("{id}", PLACE_OF_ID.get(key[1], ""))


def faults_of(key: Key, reply: Any, status: int = 200) -> list[str]:
    """What the reply has that the description does not allow."""
    responses = operations()[key]["responses"]
    assert str(status) in responses, f"{key} answered {status}, which is not described: {reply}"
    schema = {
        **responses[str(status)]["content"]["application/json"]["schema"],
        "components": document()["components"],
    }
    validator = jsonschema_rs.Draft202012Validator(schema)
    return [f"{error.instance_path}: {error.message[:300]}" for error in validator.iter_errors(reply)]

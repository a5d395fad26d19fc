"""Clients that a generator makes of the published description, and of ours, work against a running server."""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from clickstack.api.description import alerts, dashboards, objects, queries, sources
from published import published_document
from stocked import Stocked, stocked_server

# tag, one, several, body to create with
RESOURCES = (
    ("sources", "source", "sources", sources.EXAMPLE),
    ("dashboards", "dashboard", "dashboards", dashboards.NEW),
    ("saved_searches", "saved_search", "saved_searches", objects.SEARCH),
    ("webhooks", "webhook", "webhooks", objects.HOOK),
    ("alerts", "alert", "alerts", alerts.ON_TILE),
    ("connections", "connection", "connections", objects.CONNECTION),
)


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stocked]:
    with stocked_server(tmp_path_factory.mktemp("clients") / "data") as server:
        yield server


class Client:
    """A generated client: its operations by name, as plain values in and out."""

    def __init__(self, package: ModuleType, stocked: Stocked) -> None:
        self._package = package
        self._stocked = stocked
        self._client = package.AuthenticatedClient(base_url=stocked.server.api_url, token=stocked.key)

    def close(self) -> None:
        self._client.get_httpx_client().close()

    def call(self, tag: str, operation: str, *place: str, body: Any = None) -> tuple[int, Any]:
        """The status, and what the client made of the reply, as JSON values."""
        function = importlib.import_module(f"{self._package.__name__}.api.{tag}.{operation}").sync_detailed
        arguments: dict[str, Any] = {"client": self._client}
        if body is not None:
            arguments["body"] = _model(function, json.loads(self._stocked.real(json.dumps(body))))
        reply = function(*place, **arguments)
        return int(reply.status_code), reply.parsed and reply.parsed.to_dict()


def _model(function: Any, body: Any) -> Any:
    """The body as the generated model; of several, the one that takes it."""
    wanted = typing.get_type_hints(function)["body"]
    for model in typing.get_args(wanted) or (wanted,):
        if inspect.isclass(model) and hasattr(model, "from_dict"):
            try:
                return model.from_dict(body)
            except (ValueError, TypeError, KeyError):
                continue
    raise AssertionError(f"no model of {wanted} takes {body}")


def _generated(document: Any, name: str, directory: Path) -> ModuleType:
    (directory / "openapi.json").write_text(json.dumps(_simplified(document)))
    (directory / "config.yml").write_text("post_hooks: []\n")
    command = [
        *(sys.executable, "-m", "openapi_python_client", "generate", "--path", "openapi.json", "--meta", "none"),
        *("--output-path", name, "--config", "config.yml", "--fail-on-warning"),
    ]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(directory))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(directory))


def _simplified(node: Any) -> Any:
    """What the generator does not read: enums of numbers, and `nullable` beside a reference."""
    if isinstance(node, list):
        return [_simplified(each) for each in node]
    if not isinstance(node, dict):
        return node
    if node.get("type") == "number":
        return {key: value for key, value in node.items() if key != "enum"}
    if "$ref" in node and node.get("nullable"):
        return {"allOf": [{"$ref": node["$ref"]}], "nullable": True}
    return {key: _simplified(value) for key, value in node.items()}


@pytest.fixture(scope="module", params=["published", "ours"])
def client(
    request: pytest.FixtureRequest, stocked: Stocked, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    document = published_document() if request.param == "published" else stocked.call("GET", "/openapi.json")[2]
    client = Client(_generated(document, f"{request.param}_client", tmp_path_factory.mktemp(request.param)), stocked)
    yield client
    client.close()


@pytest.mark.parametrize(("tag", "one", "several", "body"), RESOURCES, ids=[each[0] for each in RESOURCES])
def test_create_list_get_update_delete(
    client: Client, request: pytest.FixtureRequest, tag: str, one: str, several: str, body: Any
) -> None:
    name = f"{body['name']}, by {request.node.callspec.params['client']}"
    status, made = client.call(tag, f"create_{one}", body={**body, "name": name})
    assert (status, made["data"]["name"]) == (200, name)
    made_id = made["data"]["id"]

    status, listed = client.call(tag, f"list_{several}")
    assert status == 200
    assert made_id in [each["id"] for each in listed["data"]]

    status, changed = client.call(tag, f"update_{one}", made_id, body={**body, "name": name + " (renamed)"})
    assert (status, changed["data"]["name"]) == (200, name + " (renamed)")
    if one != "webhook":  # the published description has no such route
        status, seen = client.call(tag, f"get_{one}", made_id)
        assert (status, seen["data"]["name"]) == (200, name + " (renamed)")

    assert client.call(tag, f"delete_{one}", made_id)[0] == 200
    assert made_id not in [each["id"] for each in client.call(tag, f"list_{several}")[1]["data"]]


def test_questions(client: Client) -> None:
    for body in queries.CHARTS.values():
        status, rows = client.call("charts", "query_chart_series", body=body)
        assert (status, rows) == (200, {"data": []})
    status, found = client.call("search", "search_events", body=queries.SEARCHES["newest errors"])
    assert status == 200
    assert [row["Body"] for row in found["data"]] == ["order 17 failed"]


def test_the_team(client: Client) -> None:
    for operation in ("get_team", "list_team_members", "list_team_invitations"):
        assert client.call("team", operation)[0] == 200


def test_a_wrong_body_is_told(client: Client) -> None:
    broken = {**objects.SEARCH, "name": ""}
    status, _ = client.call("saved_searches", "create_saved_search", body=broken)
    assert status == 400

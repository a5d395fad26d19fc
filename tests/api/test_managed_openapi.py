"""The description of the managed API: complete, consistent; curl and a generated client work by it on a real server."""

from __future__ import annotations

import base64
import importlib
import json
import re
import subprocess
import sys
import typing
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from clickstack.api.app import V2_ROUTERS
from clickstack.api.description import alerts, dashboards, describe, describe_managed, objects, sources
from clickstack.api.description.managed import SERVICE
from clickstack.api.description.operation import CONNECTION_ID, DASHBOARD_ID, SOURCE_ID, TILE_ID, WEBHOOK_ID
from clickstack.api.managed import MANAGED_ROUTERS
from program import ACCOUNT, LiveServer, call, clean_environment, serve, sign_up

CONTRACT = {  # operations of the contract under …/clickstack
    *(
        f"clickStack{verb}{noun}{'s' if verb == 'List' else ''}".replace("SavedSearchs", "SavedSearches")
        for noun in ("Dashboard", "Alert", "Source", "Role", "SavedSearch", "Webhook")
        for verb in ("List", "Create", "Get", "Update", "Delete")
    ),
    "clickStackValidateDashboard",
} - {"clickStackGetWebhook"}


@cache
def document() -> dict[str, Any]:
    return describe_managed([each[:2] for each in MANAGED_ROUTERS], describe(V2_ROUTERS, "1.2.3"), "1.2.3")


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def test_the_contracts_operations_are_there_under_their_names() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(CONTRACT) == 30
    assert {name for name in names if name.startswith("clickStack")} == CONTRACT
    assert len(names) == len(set(names))


def test_every_route_is_described() -> None:
    routes = sum(
        len(route.methods)  # type: ignore[attr-defined]
        for router, prefix, _ in MANAGED_ROUTERS
        if prefix != "/v1" or router.prefix
        for route in router.routes
    )
    assert len(list(operations())) == routes


def test_every_reference_leads_somewhere_and_every_schema_is_used() -> None:
    named = {part.split('"')[0] for part in json.dumps(document()).split("#/components/schemas/")[1:]}
    assert named == set(document()["components"]["schemas"])


def test_parameters_of_paths_are_named_as_in_the_contract() -> None:
    for _, path, operation in operations():
        named = {part[1:-1] for part in path.split("/") if part.startswith("{")}
        assert named == {each["name"] for each in operation["parameters"] if each["in"] == "path"}
        if path.startswith(SERVICE) and path.endswith("}"):
            assert path.rpartition("{")[2].startswith("clickStack")


# --- on a real server ---------------------------------------------------------------------------------------------


class Service:
    """A running server, a key, and the paths of its service."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        cookie = sign_up(server)
        said = call("GET", f"{server.api_url}/team/api-keys", cookie=cookie)[2]
        self.organization_id, self.id = said["organizationId"], said["serviceId"]
        made = call("POST", f"{server.api_url}/team/api-keys", {"name": "CI", "roles": ["admin"]}, cookie=cookie)[2]
        self.key_id, self.secret = made["keyId"], made["keySecret"]
        self.ids: dict[str, str] = {}

    def real(self, body: Any) -> Any:
        text = json.dumps(body)
        for example, real in self.ids.items():
            text = text.replace(example, real)
        return json.loads(text)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    options = ("--self-telemetry", "false", "--managed-api-requests-per-10s", "1000")
    with serve(tmp_path_factory.mktemp("managed") / "data", *options) as server:
        yield Service(server)


@pytest.fixture(scope="module")
def package(service: Service, tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """A client that a generator makes of what the server says about itself."""
    directory = tmp_path_factory.mktemp("generated")
    status, _, said = call("GET", f"{service.server.api_url}/v1")
    assert status == 200
    (directory / "openapi.json").write_text(json.dumps(_simplified(said)))
    (directory / "config.yml").write_text("post_hooks: []\n")
    command = [
        *(sys.executable, "-m", "openapi_python_client", "generate", "--path", "openapi.json", "--meta", "none"),
        *("--output-path", "managed_client", "--config", "config.yml", "--fail-on-warning"),
    ]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(directory))
    try:
        return importlib.import_module("managed_client")
    finally:
        sys.path.remove(str(directory))


def _simplified(node: Any) -> Any:
    """Without what the generator does not read: enums of numbers."""
    if isinstance(node, list):
        return [_simplified(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {key: _simplified(value) for key, value in node.items() if (key, node.get("type")) != ("enum", "number")}


RESOURCES = (
    ("source", "sources", sources.EXAMPLE),
    ("dashboard", "dashboards", dashboards.NEW),
    ("saved_search", "saved_searches", objects.SEARCH),
    ("webhook", "webhooks", objects.HOOK),
    ("alert", "alerts", alerts.ON_TILE),
    ("role", "roles", {"name": "Drawers", "permissions": [{"action": "read", "subject": "all"}]}),
)


def test_a_generated_client_works(service: Service, package: ModuleType) -> None:
    client = GeneratedClient(package, service)
    logs = client.call("list_sources")[0]
    service.ids |= {SOURCE_ID: logs["id"], CONNECTION_ID: logs["connection"]}
    board = client.call("create_dashboard", body=dashboards.NEW)
    hook = client.call("create_webhook", body={**objects.HOOK, "name": "first"})
    service.ids |= {DASHBOARD_ID: board["id"], TILE_ID: board["tiles"][0]["id"], WEBHOOK_ID: hook["id"]}
    for one, several, body in RESOURCES:
        body = {**body, "name": "By a client"}
        made = client.call(f"create_{one}", body=body)
        assert made["name"] == "By a client"
        assert made["id"] in [each["id"] for each in client.call(f"list_{several}")]
        changed = client.call(f"update_{one}", made["id"], body={**body, "name": "Renamed"})
        assert changed["name"] == "Renamed"
        if one != "webhook":
            assert client.call(f"get_{one}", made["id"])["name"] == "Renamed"
        assert client.call(f"delete_{one}", made["id"]) is None
    client.close()


class GeneratedClient:
    def __init__(self, package: ModuleType, service: Service) -> None:
        token = base64.b64encode(f"{service.key_id}:{service.secret}".encode()).decode()
        self._package, self._service = package, service
        self._client = package.AuthenticatedClient(base_url=service.server.api_url, token=token, prefix="Basic")

    def close(self) -> None:
        self._client.get_httpx_client().close()

    def call(self, operation: str, *place: str, body: Any = None) -> Any:
        """What is under `result`."""
        name = f"{self._package.__name__}.api.click_stack.click_stack_{operation}"
        function = importlib.import_module(name).sync_detailed
        arguments: dict[str, Any] = {"client": self._client}
        if body is not None:
            arguments["body"] = _model(function, self._service.real(body))
        reply = function(self._service.organization_id, self._service.id, *place, **arguments)
        assert int(reply.status_code) == 200, reply.content
        return json.loads(reply.content).get("result") if reply.parsed is None else reply.parsed.to_dict().get("result")


def _model(function: Any, body: Any) -> Any:
    """The body as the generated model; of several, the one that takes it."""
    wanted = typing.get_type_hints(function)["body"]
    for model in typing.get_args(wanted) or (wanted,):
        try:
            return model.from_dict(body)
        except (AttributeError, ValueError, TypeError, KeyError):
            continue
    raise AssertionError(f"no model of {wanted} takes {body}")


# The two examples of the product's page, word for word but for the host.
EXAMPLES = """
export KEY_ID=<your_key_id>
export KEY_SECRET=<your_key_secret>

curl --user $KEY_ID:$KEY_SECRET \\
  https://api.clickhouse.cloud/v1/organizations/<ORG_ID>/services/<SERVICE_ID>/clickstack/dashboards

curl -X POST --user $KEY_ID:$KEY_SECRET \\
  -H "Content-Type: application/json" \\
  -d '{
    "dashboardId": "<DASHBOARD_ID>",
    "tileId": "<TILE_ID>",
    "threshold": 100,
    "interval": "1h",
    "source": "tile",
    "thresholdType": "above",
    "channel": {
      "type": "webhook",
      "webhookId": "<WEBHOOK_ID>"
    },
    "name": "Error Spike Alert",
    "message": "Error rate exceeded 100 in the last hour"
  }' \\
  https://api.clickhouse.cloud/v1/organizations/<ORG_ID>/services/<SERVICE_ID>/clickstack/alerts
"""


def test_the_examples_of_the_products_page(service: Service, package: ModuleType, tmp_path: Path) -> None:
    client = GeneratedClient(package, service)
    logs = client.call("list_sources")[0]
    service.ids |= {SOURCE_ID: logs["id"], CONNECTION_ID: logs["connection"]}
    board = client.call("create_dashboard", body=dashboards.NEW)
    hook = client.call("create_webhook", body={**objects.HOOK, "name": "second"})
    client.close()
    script = EXAMPLES.replace("https://api.clickhouse.cloud", service.server.api_url)
    for name, value in {
        "<your_key_id>": service.key_id,
        "<your_key_secret>": service.secret,
        "<ORG_ID>": service.organization_id,
        "<SERVICE_ID>": service.id,
        "<DASHBOARD_ID>": board["id"],
        "<TILE_ID>": board["tiles"][0]["id"],
        "<WEBHOOK_ID>": hook["id"],
    }.items():
        script = script.replace(name, value)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        capture_output=True, text=True, cwd=tmp_path, env=clean_environment(), timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, second = (json.loads(part) for part in done.stdout.replace('}{"status"', '}\n{"status"').splitlines())
    assert first["status"] == 200
    assert board["id"] in [each["id"] for each in first["result"]]
    assert (second["status"], second["result"]["name"]) == (200, "Error Spike Alert")


def test_the_guide(service: Service, tmp_path: Path) -> None:
    """The lines of docs/api/managed.md, as written."""
    page = (Path(__file__).parents[2] / "docs" / "api" / "managed.md").read_text()
    lines = "\n".join(re.findall(r"```bash\n(.*?)```", page, re.DOTALL))
    account = f"EMAIL={ACCOUNT['email']} PASSWORD={ACCOUNT['password']}\n"
    script = account + lines.replace("http://localhost:8000", service.server.api_url)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        capture_output=True, text=True, cwd=tmp_path, env=clean_environment(), timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count('"status":200') == 2
    assert '"name":"Terraform"' in done.stdout
    assert list(tmp_path.iterdir()) == []

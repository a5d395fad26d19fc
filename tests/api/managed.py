"""Programs that call the managed API in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

KeyedClient = Callable[..., httpx.Client]
UNLIMITED = 1_000_000


def service_path(person: httpx.Client) -> str:
    """Where the objects of the person's service are."""
    said = person.get("/team/api-keys").json()
    return f"/v1/organizations/{said['organizationId']}/services/{said['serviceId']}/clickstack"


def new_key(person: httpx.Client, **body: Any) -> tuple[str, str]:
    """Id and secret."""
    reply = person.post("/team/api-keys", json={"name": "deploys", "roles": ["admin"], **body})
    assert reply.status_code == 200, reply.text
    return reply.json()["keyId"], reply.json()["keySecret"]


class Managed:
    """The paths of one service, with a key."""

    def __init__(self, client: httpx.Client, path: str) -> None:
        self.client = client
        self.path = path

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return self.client.request(method, self.path + path, json=body, headers=headers)

    def result(self, method: str, path: str, body: Any = None) -> Any:
        reply = self(method, path, body)
        assert reply.status_code == 200, (method, path, reply.text)
        assert reply.json()["status"] == 200
        return reply.json()["result"]

    def error(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        reply = self(method, path, body)
        said = reply.json()
        assert sorted(said) == ["error", "requestId", "status"], said
        assert said["status"] == reply.status_code
        return reply.status_code, said["error"]

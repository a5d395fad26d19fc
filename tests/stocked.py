"""A running server that holds one of everything the REST API knows, for tests that call it by its description."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clickstack.api.description import alerts, dashboards, objects, operation
from program import LiveServer, call, send_one_log, serve, sign_up, wait_for_count

V2 = "/api/v2"


@dataclass(frozen=True)
class Stocked:
    """`ids` are the real ids in place of those of the examples."""

    server: LiveServer
    key: str
    ids: dict[str, str]

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], Any]:
        """A request of v2; ids of the examples in path and body are replaced."""
        real = None if body is None else json.loads(self.real(json.dumps(body)))
        url = f"{self.server.api_url}{V2}{self.real(path)}"
        return call(method, url, real, authorization=f"Bearer {self.key}", **headers)

    def log(self) -> str:
        """What the server has written so far."""
        return (self.server.data_dir.parent / f"{self.server.data_dir.name}.log").read_text(errors="replace")

    def made(self, path: str, body: Any) -> Any:
        status, _, reply = self.call("POST", path, body)
        assert status == 200, (path, reply)
        return reply["data"]

    def real(self, text: str) -> str:
        for example, real in self.ids.items():
            text = text.replace(example, real)
        return text


@contextlib.contextmanager
def stocked_server(directory: Path) -> Iterator[Stocked]:
    with serve(directory, "--self-telemetry", "false") as server:
        cookie = sign_up(server)
        me = call("GET", f"{server.api_url}/me", cookie=cookie)[2]
        stocked = Stocked(server, me["accessKey"], {})
        send_one_log(server, me["team"]["apiKey"], "order 17 failed")
        assert wait_for_count(server, stocked.key, 1) == 1
        _stock(stocked)
        yield stocked


def _stock(stocked: Stocked) -> None:
    ids = stocked.ids
    logs = stocked.call("GET", "/sources")[2]["data"][0]
    ids |= {operation.SOURCE_ID: logs["id"], operation.CONNECTION_ID: logs["connection"]}
    dashboard = stocked.made("/dashboards", {**dashboards.NEW, "name": "stocked"})
    ids |= {operation.DASHBOARD_ID: dashboard["id"], operation.TILE_ID: dashboard["tiles"][0]["id"]}
    ids[operation.SAVED_SEARCH_ID] = stocked.made("/saved-searches", {**objects.SEARCH, "name": "stocked"})["id"]
    ids[operation.WEBHOOK_ID] = stocked.made("/webhooks", {**objects.HOOK, "name": "stocked"})["id"]
    ids[operation.ALERT_ID] = stocked.made("/alerts", alerts.ON_TILE)["id"]
    ids[operation.USER_ID] = _colleague(stocked)
    ids[operation.INVITATION_ID] = stocked.made("/team/invitation", {"email": "late@example.com"})["invitationId"]


def _colleague(stocked: Stocked) -> str:
    """The id of somebody else on the team."""
    email = "grace@example.com"
    link = stocked.made("/team/invitation", {"email": email})["url"]
    call("POST", f"{stocked.server.api_url}/team/setup/{link.rpartition('token=')[2]}", {"password": "Correct-Horse-1"})
    members = stocked.call("GET", "/team/members")[2]["data"]
    return next(str(member["id"]) for member in members if member["email"] == email)

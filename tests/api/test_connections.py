"""Connections over v2 and for the UI: bodies, passwords, use, trying one (reference/api-v2.md §6)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from clickstack.core.address import AllowedHosts
from clickstack.core.clock import FixedClock
from clickstack.metadata import Metadata
from threads import joined

Connect = Callable[..., httpx.Client]
BODY = {"name": "C", "host": "https://clickhouse.example:8443", "username": "reader"}
NOBODY = "0" * 24


@pytest.fixture(autouse=True)
def _later(person: httpx.Client, clock: FixedClock) -> None:
    """What a test makes is younger than what the team began with."""
    clock.advance(1)


def made(reply: httpx.Response) -> dict[str, Any]:
    assert reply.status_code == 200, reply.text
    data: dict[str, Any] = reply.json()["data"]
    return data


def message(reply: httpx.Response, status: int = 400) -> str:
    assert reply.status_code == status, reply.text
    return str(reply.json()["message"])


def stored_password(metadata: Metadata, id: str) -> str:
    connection = metadata.connections.get(metadata.teams.api_keys()[0][0], id)
    assert connection is not None
    return connection.password


def test_the_password_is_never_shown(v2: httpx.Client, person: httpx.Client, metadata: Metadata) -> None:
    connection = made(v2.post("/api/v2/connections", json={**BODY, "password": "s3cret", "hyperdxSettingPrefix": None}))
    assert set(connection) == {"id", "name", "host", "username", "createdAt", "updatedAt"}
    assert stored_password(metadata, connection["id"]) == "s3cret"
    made(v2.put(f"/api/v2/connections/{connection['id']}", json={**BODY, "password": "s3cret-2"}))
    log = metadata.audit_log.list(metadata.teams.api_keys()[0][0], limit=9)
    assert log[0].before is not None
    assert log[0].before["password"] == "***"
    stored = metadata.connections.list(log[0].team_id)[-1]
    for shown in (repr(stored), v2.get("/api/v2/connections").text, person.get("/connections").text, repr(log)):
        assert "s3cret" not in shown


def test_what_a_put_leaves_out_stays(v2: httpx.Client, metadata: Metadata) -> None:
    whole = {**BODY, "password": "p", "hyperdxSettingPrefix": "hdx_1", "isPrometheusEndpoint": True}
    connection = made(v2.post("/api/v2/connections", json=whole))
    address = f"/api/v2/connections/{connection['id']}"
    kept = made(v2.put(address, json={**BODY, "password": ""}))
    assert (kept["hyperdxSettingPrefix"], kept["isPrometheusEndpoint"]) == ("hdx_1", True)
    assert stored_password(metadata, connection["id"]) == "p"
    assert "hyperdxSettingPrefix" not in made(v2.put(address, json={**BODY, "hyperdxSettingPrefix": ""}))
    assert made(v2.put(address, json={**BODY, "isPrometheusEndpoint": False}))["isPrometheusEndpoint"] is False
    assert made(v2.get(address))["id"] == connection["id"]


def test_a_kept_password_does_not_follow_to_another_host(v2: httpx.Client, metadata: Metadata) -> None:
    connection = made(v2.post("/api/v2/connections", json={**BODY, "password": "p"}))
    address = f"/api/v2/connections/{connection['id']}"
    assert message(v2.put(address, json={**BODY, "host": "https://elsewhere.example"})).startswith("password: ")
    assert (
        made(v2.put(address, json={**BODY, "host": "https://elsewhere.example", "password": "q"}))["id"]
        == connection["id"]
    )
    assert stored_password(metadata, connection["id"]) == "q"


def test_every_fault_is_named_at_once(v2: httpx.Client) -> None:
    body = {"name": 1, "username": None, "password": None, "hyperdxSettingPrefix": "a-b", "isPrometheusEndpoint": "yes"}
    rest = (
        "Body validation failed: name: Expected string, received number; host: Required; "
        "username: Expected string, received null; password: Expected string, received null; "
        "hyperdxSettingPrefix: Invalid; isPrometheusEndpoint: Expected boolean, received string"
    )
    assert message(v2.post("/api/v2/connections", json=body)) == rest
    assert message(v2.put("/api/v2/connections/nope", json=body)) == (
        f"{rest}; Params validation failed: id: Invalid ObjectId"
    )
    assert "hyperdxSettingPrefix: Invalid" in message(
        v2.post("/api/v2/connections", json={**BODY, "hyperdxSettingPrefix": ""})
    )


def test_what_is_not_there(v2: httpx.Client) -> None:
    for reply in (
        v2.get(f"/api/v2/connections/{NOBODY}"),
        v2.put(f"/api/v2/connections/{NOBODY}", json=BODY),
        v2.delete(f"/api/v2/connections/{NOBODY}"),
    ):
        assert message(reply, 404) == "Connection not found"


def test_a_connection_in_use_stays(v2: httpx.Client) -> None:
    first = v2.get("/api/v2/connections").json()["data"][0]
    assert first["host"] == "embedded://"
    assert message(v2.delete(f"/api/v2/connections/{first['id']}"), 409).startswith(
        "Cannot delete connection: 4 source(s) still use it, such as 'Logs'."
    )
    other = made(v2.post("/api/v2/connections", json=BODY))
    config = {"configType": "sql", "connectionId": other["id"], "displayType": "number", "sqlTemplate": "SELECT 1"}
    tile = {"name": "t", "x": 0, "y": 0, "w": 6, "h": 3, "config": config}
    dashboard = made(v2.post("/api/v2/dashboards", json={"name": "D", "tiles": [tile], "tags": []}))
    assert "1 dashboard(s) still use it" in message(v2.delete(f"/api/v2/connections/{other['id']}"), 409)
    assert v2.delete(f"/api/v2/dashboards/{dashboard['id']}").status_code == 200
    assert v2.delete(f"/api/v2/connections/{other['id']}").json() == {}


# --- trying one -------------------------------------------------------------------------------------------------


class ClickHouse(BaseHTTPRequestHandler):
    """Answers as ClickHouse does: to user reader with key p."""

    answer = b"1\n"

    def do_POST(self) -> None:
        good = (self.headers["X-ClickHouse-User"], self.headers["X-ClickHouse-Key"]) == ("reader", "p")
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        assert asked == b"SELECT 1"
        self.send_response(200 if good else 403)
        self.end_headers()
        self.wfile.write(self.answer if good else b"wrong password for secret-user")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def clickhouse() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), ClickHouse)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    joined(thread)
    server.server_close()


@pytest.fixture
def neighbour(person: httpx.Client, connect: Connect) -> httpx.Client:
    """The signed-in person at a server that may ask this machine."""
    client = connect(webhook_allowed_hosts=AllowedHosts.parse("localhost"))
    client.cookies.update(person.cookies)
    return client


def tried(client: httpx.Client, **body: str) -> dict[str, Any]:
    reply = client.post("/clickhouse-proxy/test", json=body).json()
    reply.pop("elapsedMs", None)
    return dict(reply)


def test_trying_what_is_typed_in(neighbour: httpx.Client, clickhouse: str) -> None:
    assert tried(neighbour, host=clickhouse, username="reader", password="p") == {"success": True}
    assert tried(neighbour, host=clickhouse, username="reader", password="wrong") == {
        "success": False,
        "error": "The user name or the password is wrong",
    }
    assert tried(neighbour, host="http://localhost:1", username="reader")["error"].startswith("No answer")
    assert tried(neighbour, host="http://nowhere.invalid")["error"] == "The name nowhere.invalid has no address"
    assert tried(neighbour, host="embedded://") == {"success": True}


def test_a_stranger_that_answers_is_no_clickhouse(
    neighbour: httpx.Client, clickhouse: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ClickHouse, "answer", b"<html>" * 1000)
    assert tried(neighbour, host=clickhouse, username="reader", password="p")["error"] == (
        "It answers, but not as ClickHouse does"
    )


def test_a_stored_connection_is_tried_with_its_password(neighbour: httpx.Client, clickhouse: str) -> None:
    body = {"name": "C", "host": clickhouse, "username": "reader", "password": "p"}
    made_id = neighbour.post("/connections", json=body).json()["id"]
    assert neighbour.post(f"/connections/{made_id}/test").json()["success"] is True
    assert neighbour.put(f"/connections/{made_id}", json={**body, "id": made_id, "name": "D"}).content == b""
    assert neighbour.get("/connections").json()[-1]["name"] == "D"
    assert (
        neighbour.delete(f"/connections/{made_id}").status_code
        == neighbour.delete(f"/connections/{made_id}").status_code
    )
    assert neighbour.post(f"/connections/{made_id}/test").status_code == 404


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("http://127.0.0.1:8123", "private or reserved"),
        ("http://169.254.169.254/latest", "private or reserved"),
        ("ftp://example.com", "must use HTTP or HTTPS"),
        ("example.com:8123", "HTTP"),
        ("http://u:p@93.184.216.34/", "in their own fields"),
    ],
)
def test_addresses_that_are_not_asked(person: httpx.Client, host: str, reason: str) -> None:
    reply = person.post("/clickhouse-proxy/test", json={"host": host})
    assert reply.status_code == 400
    assert reason in reply.json()["error"]

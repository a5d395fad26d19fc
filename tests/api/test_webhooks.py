"""Webhooks over v2: bodies, addresses, secrets (reference/api-v2.md §12)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from clickstack.api.operations import outside
from clickstack.core.address import AllowedHosts
from clickstack.metadata import Metadata

Connect = Callable[..., httpx.Client]

GENERIC = {"name": "G", "service": "generic", "url": "https://example.com/w"}
NAMES = {"example.com": ["93.184.216.34"], "rebound.example": ["93.184.216.34", "10.0.0.7"]}


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server for these tests."""
    monkeypatch.setattr(outside, "addresses_of", lambda host: NAMES.get(host, []))


def create(v2: httpx.Client, **fields: Any) -> dict[str, Any]:
    reply = v2.post("/api/v2/webhooks", json={**GENERIC, **fields})
    assert reply.status_code == 200, reply.text
    data: dict[str, Any] = reply.json()["data"]
    return data


def message(reply: httpx.Response, status: int = 400) -> str:
    assert reply.status_code == status, reply.text
    return str(reply.json()["message"])


def test_secrets_are_never_shown(v2: httpx.Client, metadata: Metadata) -> None:
    secret = {"headers": {"Authorization": "Bearer s3cret"}, "queryParams": {"token": "s3cret"}}
    webhook = create(v2, **secret, body="{{title}}", description="d")
    assert set(webhook) == {"id", "name", "service", "url", "description", "body", "createdAt", "updatedAt"}
    stored = metadata.webhooks.get(metadata.teams.api_keys()[0][0], webhook["id"])
    assert stored is not None
    assert (stored.headers, stored.query_params) == (secret["headers"], secret["queryParams"])
    v2.put(f"/api/v2/webhooks/{webhook['id']}", json={**GENERIC, "headers": {"A": "s3cret-2"}})
    for text in (v2.get("/api/v2/webhooks").text, repr(metadata.audit_log.list(stored.team_id, limit=9)), repr(stored)):
        assert "s3cret" not in text


def test_the_body_of_incident_io_is_write_only(v2: httpx.Client) -> None:
    assert "body" not in create(v2, service="incidentio", body="{}")
    assert "body" not in create(v2)


def test_secrets_stay_until_the_destination_changes(v2: httpx.Client, metadata: Metadata) -> None:
    webhook = create(v2, headers={"A": "1"}, queryParams={"q": "2"}, body="b", description="d")
    team = metadata.teams.api_keys()[0][0]

    def put(**fields: Any) -> tuple[Any, Any, Any, Any]:
        assert v2.put(f"/api/v2/webhooks/{webhook['id']}", json={**GENERIC, **fields}).status_code == 200
        stored = metadata.webhooks.get(team, webhook["id"])
        assert stored is not None
        return stored.headers, stored.query_params, stored.body, stored.description

    assert put() == ({"A": "1"}, {"q": "2"}, None, None)
    assert put(headers={}, body="c") == ({}, {"q": "2"}, "c", None)
    assert put(url="https://example.com/other", headers={"B": "1"}) == ({"B": "1"}, None, None, None)
    assert put(url="https://example.com/other", service="incidentio") == (None, None, None, None)


def test_every_fault_is_named_at_once(v2: httpx.Client) -> None:
    body = {
        "name": "x" * 1025,
        "service": "generic",
        "url": "nonsense",
        "queryParams": {"": "a\n"},
        "headers": {"": "v", "2x": "ok", "X@": "a\x00"},
        "body": "x" * 16385,
    }
    assert message(v2.post("/api/v2/webhooks", json=body)) == (
        "Body validation failed: name: String must contain at most 1024 character(s); url: Invalid url; "
        "queryParams.: Query parameter name cannot be empty; "
        "queryParams.: Query parameter values cannot contain control characters; "
        "headers.: Header name cannot be empty; headers.: Invalid header name; "
        "headers.2x: Header name cannot start with a number; headers.X@: Invalid header name; "
        "headers.X@: Header values cannot contain control characters; "
        "body: String must contain at most 16384 character(s)"
    )
    many = {f"H{n}": "v" for n in range(101)}
    assert message(v2.post("/api/v2/webhooks", json={**GENERIC, "headers": many})) == (
        "Body validation failed: headers: A webhook cannot have more than 100 headers"
    )


def test_slack_takes_no_request_of_ones_own(v2: httpx.Client) -> None:
    slack = {"name": "S", "service": "slack", "url": "https://hooks.slack.com/services/T/B/x"}
    assert v2.post("/api/v2/webhooks", json=slack).status_code == 200
    assert message(v2.post("/api/v2/webhooks", json={**slack, "body": "", "headers": {}, "queryParams": {}})) == (
        "Body validation failed: headers: headers is not supported for the slack webhook service; "
        "queryParams: queryParams is not supported for the slack webhook service; "
        "body: body is not supported for the slack webhook service"
    )
    elsewhere = {**slack, "name": "T", "url": "https://hooks.slack.com.example.com/x"}
    assert "slack.com" in message(v2.post("/api/v2/webhooks", json=elsewhere))


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://example.com/w", "must use HTTP or HTTPS"),
        ("http://169.254.169.254/latest/meta-data", "private or reserved"),
        ("http://localhost:8123/", "private or reserved"),
        ("http://0x7f000001/", "private or reserved"),
        ("http://[::ffff:10.0.0.1]/", "private or reserved"),
        ("https://rebound.example/", "private or reserved"),
        ("http://db.example:5432/", "disallowed route"),
    ],
)
def test_addresses_that_only_this_machine_reaches_are_refused(
    v2: httpx.Client, connect: Connect, url: str, reason: str
) -> None:
    client = connect(metadata_url="postgresql://u:p@db.example/clickstack")
    client.headers.update(v2.headers)
    assert reason in message(client.post("/api/v2/webhooks", json={**GENERIC, "url": url}))


def test_a_setting_allows_private_hosts(v2: httpx.Client, connect: Connect) -> None:
    client = connect(webhook_allowed_hosts=AllowedHosts.parse("rebound.example, 10.1.0.0/16"))
    client.headers.update(v2.headers)
    for name, url in (("a", "https://rebound.example/"), ("b", "http://10.1.2.3/"), ("c", "http://10.2.2.3/")):
        reply = client.post("/api/v2/webhooks", json={**GENERIC, "name": name, "url": url})
        assert reply.status_code == (400 if name == "c" else 200)


def test_one_name_for_each_service(v2: httpx.Client) -> None:
    first, other = create(v2), create(v2, name="H")
    taken = "A webhook with this service and name already exists"
    assert message(v2.post("/api/v2/webhooks", json=GENERIC)) == taken
    assert create(v2, service="incidentio")["name"] == first["name"]
    assert message(v2.put(f"/api/v2/webhooks/{other['id']}", json=GENERIC)) == taken
    assert v2.put(f"/api/v2/webhooks/{first['id']}", json=GENERIC).status_code == 200


def test_the_order_of_checks_on_put(v2: httpx.Client) -> None:
    bad = {**GENERIC, "url": "http://127.0.0.1/"}
    assert message(v2.put("/api/v2/webhooks/nope", json={})).endswith("Params validation failed: id: Invalid ObjectId")
    assert message(v2.put(f"/api/v2/webhooks/{'0' * 24}", json=bad), 404) == "Webhook not found"
    assert "private" in message(v2.put(f"/api/v2/webhooks/{create(v2)['id']}", json=bad))


def test_read_delete_read(v2: httpx.Client) -> None:
    webhook = create(v2)
    address = f"/api/v2/webhooks/{webhook['id']}"
    assert v2.get(address).json() == {"data": webhook}
    assert v2.get("/api/v2/webhooks").json() == {"data": [webhook], "meta": {"total": 1, "limit": 1000, "offset": 0}}
    assert v2.delete(address).json() == {}
    assert message(v2.delete(address), 404) == message(v2.get(address), 404) == "Webhook not found"


def test_a_viewer_reads_where_a_webhook_leads_no_secret(v2: httpx.Client, colleague: Any, connect: Connect) -> None:
    body = {"name": "V", "service": "generic", "url": "https://93.184.216.34:8443/secret?key=1"}
    made = v2.post("/api/v2/webhooks", json=body).json()["data"]
    assert made["url"] == body["url"]
    for role, url in (("viewer", "https://93.184.216.34:8443/****"), ("editor", body["url"])):
        program = connect()
        program.headers["Authorization"] = f"Bearer {colleague(role).get('/me').json()['accessKey']}"
        (listed,) = program.get("/api/v2/webhooks").json()["data"]
        assert listed["url"] == program.get(f"/api/v2/webhooks/{made['id']}").json()["data"]["url"] == url

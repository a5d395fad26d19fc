"""What every v2 request meets: keys, budgets, headers; and the sources."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from clickstack.api import Services, create_api_app
from clickstack.core.clock import FixedClock

from .conftest import ClientOf

REFUSED = {"message": "Unauthorized access. API key is missing or invalid."}

LOG_FIELDS = {
    "id", "name", "kind", "connection", "from", "disabled", "querySettings", "timestampValueExpression",
    "defaultTableSelectExpression", "displayedTimestampValueExpression", "implicitColumnExpression",
    "serviceNameExpression", "severityTextExpression", "bodyExpression", "eventAttributesExpression",
    "resourceAttributesExpression", "traceIdExpression", "spanIdExpression", "traceSourceId", "metricSourceId",
    "highlightedTraceAttributeExpressions", "highlightedRowAttributeExpressions", "materializedViews",
    "metadataMaterializedViews",
}  # fmt: skip


# --- keys -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Bearer {key}", 200),
        ("bearer {key}", 200),  # the scheme is case-insensitive (RFC 9110 §11.1)
        ("BEARER {key}", 200),
        ("Bearer  {key}", 401),
        ("Bearer{key}", 401),
        ("{key}", 401),
        ("Token Bearer {key}", 401),
        ("Basic {key}", 401),
        ("Bearer {key}x", 401),
        ("Bearer {key} x", 401),
        ("Bearer ", 401),
        ("Bearer", 401),
        ("Bearer 00000000-0000-4000-8000-000000000000", 401),
    ],
)
@pytest.mark.parametrize("path", ["/api/v2", "/api/v2/sources"])
def test_keys(api: httpx.Client, access_key: str, path: str, header: str, status: int) -> None:
    reply = api.get(path, headers={"Authorization": header.format(key=access_key)})
    assert reply.status_code == status
    if status == 401:
        assert reply.json() == REFUSED
        assert reply.headers["www-authenticate"] == "Bearer"


def test_without_a_key_there_is_nothing(api: httpx.Client) -> None:
    for path in ("/api/v2", "/api/v2/sources", "/api/v2/nope", "/api/v2/sources/xyz"):
        reply = api.get(path)
        assert (reply.status_code, reply.json()) == (401, REFUSED)


def test_a_session_is_no_key(person: httpx.Client) -> None:
    assert person.get("/me").status_code == 200
    assert person.get("/api/v2/sources").status_code == 401


def test_the_ingestion_key_is_no_access_key(person: httpx.Client) -> None:
    key = person.get("/team").json()["apiKey"]
    assert person.get("/api/v2/sources", headers={"Authorization": f"Bearer {key}"}).status_code == 401


def test_the_root_tells_whose_key_it_is_but_not_the_key(v2: httpx.Client, access_key: str) -> None:
    reply = v2.get("/api/v2")
    assert reply.json()["version"] == "v2"
    assert set(reply.json()["user"]) == {"_id", "email", "name", "team", "createdAt", "updatedAt"}
    assert access_key not in reply.text


# --- budget -----------------------------------------------------------------------------------------------------


def budget(reply: httpx.Response) -> tuple[str, str, str]:
    return tuple(reply.headers[f"ratelimit-{name}"] for name in ("limit", "remaining", "reset"))  # type: ignore[return-value]


def test_a_hundred_requests_a_minute(v2: httpx.Client, clock: FixedClock) -> None:
    assert budget(v2.get("/api/v2/sources")) == ("100", "99", "60")
    clock.advance(18)
    assert budget(v2.get("/api/v2/sources/nope")) == ("100", "98", "42")
    for _ in range(98):
        v2.get("/api/v2/sources")

    reply = v2.get("/api/v2/sources")
    assert (reply.status_code, budget(reply)) == (429, ("100", "0", "42"))
    assert reply.headers["retry-after"] == "42"
    assert reply.json() == {"message": "Too many requests, please try again later."}
    root = v2.get("/api/v2")
    assert root.status_code == 200, "the root has no budget"
    assert "ratelimit-limit" not in root.headers

    clock.advance(42)
    assert budget(v2.get("/api/v2/sources")) == ("100", "99", "60")


def test_wrong_keys_share_the_budget_of_their_address(v2: httpx.Client, connect: Any) -> None:
    guesser = connect(address="198.51.100.7")
    statuses = [
        guesser.get("/api/v2/sources", headers={"Authorization": f"Bearer guess-{n}"}).status_code for n in range(101)
    ]
    assert statuses == [401] * 100 + [429]
    assert v2.get("/api/v2/sources").status_code == 200


def test_an_ipv6_network_is_one_stranger(services: Services, client_of: ClientOf) -> None:
    app = create_api_app(services)
    neighbours = ("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1")
    left = [client_of(app, address=each).get("/api/v2/sources").headers["ratelimit-remaining"] for each in neighbours]
    assert left == ["99", "98", "99"]


# --- headers and paths ------------------------------------------------------------------------------------------


def test_every_reply_lets_the_ui_in_and_nobody_else(connect: Any) -> None:
    api = connect(frontend_url="https://obs.example/")
    for reply in (api.get("/health"), api.get("/api/v2/sources"), api.get("/nope"), api.post("/register/password")):
        assert reply.headers["access-control-allow-origin"] == "https://obs.example"
        assert reply.headers["access-control-allow-credentials"] == "true"
        assert reply.headers["timing-allow-origin"] == "https://obs.example"
        assert "Origin" in reply.headers["vary"]


def test_a_preflight_is_answered_without_a_key(api: httpx.Client) -> None:
    headers = {
        "origin": "http://localhost:8080",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, content-type",
    }
    reply = api.options("/api/v2/charts/series", headers=headers)
    assert (reply.status_code, reply.content) == (204, b"")
    assert reply.headers["access-control-allow-methods"] == "GET,HEAD,PUT,PATCH,POST,DELETE"
    assert reply.headers["access-control-allow-headers"] == "authorization, content-type"
    assert reply.headers["access-control-allow-origin"] == "http://localhost:8080"


def test_v2_is_also_behind_the_app_port(connect: Any, access_key: str) -> None:
    app = connect(app_port=True)
    reply = app.get("/api/api/v2/sources", headers={"Authorization": f"Bearer {access_key}"})
    assert [source["name"] for source in reply.json()["data"]] == ["Logs", "Traces", "Metrics", "Sessions"]
    assert app.get("/api/api/v2").json() == REFUSED


def test_a_trailing_slash_and_head_are_forgiven(v2: httpx.Client) -> None:
    plain = v2.get("/api/v2/sources")
    assert v2.get("/api/v2/sources/").json() == plain.json()
    head = v2.head("/api/v2/sources")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == "application/json; charset=utf-8"


def test_large_replies_are_packed_small_ones_not(v2: httpx.Client) -> None:
    assert v2.get("/api/v2/sources", headers={"accept-encoding": "gzip"}).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in v2.get("/api/v2/sources", headers={"accept-encoding": "identity"}).headers
    assert "content-encoding" not in v2.get("/api/v2", headers={"accept-encoding": "gzip"}).headers


def test_what_has_not_changed_is_not_sent_again(v2: httpx.Client, person: httpx.Client) -> None:
    tag = v2.get("/api/v2/sources").headers["etag"]
    assert tag.startswith('W/"')
    same = v2.get("/api/v2/sources", headers={"if-none-match": f'"other", {tag}'})
    assert (same.status_code, same.content) == (304, b"")
    assert budget(same)[0] == "100"
    assert v2.get("/api/v2/sources", headers={"if-none-match": 'W/"other"'}).status_code == 200
    assert "etag" not in v2.get("/api/v2/nope").headers
    assert "etag" not in person.get("/me").headers


# --- sources ----------------------------------------------------------------------------------------------------


def test_sources_show_the_fields_of_their_kind(v2: httpx.Client) -> None:
    reply = v2.get("/api/v2/sources").json()
    assert set(reply) == {"data"}
    logs, traces, metrics, sessions = reply["data"]
    assert set(logs) == LOG_FIELDS
    assert logs["from"] == {"databaseName": "default", "tableName": "otel_logs"}
    assert (logs["disabled"], logs["querySettings"], logs["materializedViews"]) == (False, [], [])
    assert logs["metadataMaterializedViews"] == {"kvRollupTable": "otel_logs_kv_rollup_15m", "granularity": "15m"}
    assert (logs["traceSourceId"], logs["metricSourceId"]) == (traces["id"], metrics["id"])
    assert traces["durationPrecision"] == 9
    assert (traces["logSourceId"], traces["sessionSourceId"]) == (logs["id"], sessions["id"])
    assert metrics["from"]["tableName"] == ""
    assert set(metrics["metricTables"]) == {"gauge", "sum", "histogram", "summary", "exponential histogram"}
    assert set(sessions) == {
        *("id", "name", "kind", "connection", "from", "disabled", "querySettings", "timestampValueExpression"),
        *("traceSourceId", "resourceAttributesExpression"),
    }


def test_one_source(v2: httpx.Client) -> None:
    listed = v2.get("/api/v2/sources").json()["data"][1]
    assert v2.get(f"/api/v2/sources/{listed['id']}").json() == {"data": listed}
    assert v2.get(f"/api/v2/sources/{listed['id'].upper()}").json() == {"data": listed}


@pytest.mark.parametrize(
    ("id", "status", "message"),
    [
        ("f" * 24, 404, "Source not found"),
        ("f" * 23, 400, "Params validation failed: id: Invalid ObjectId"),
        ("f" * 25, 400, "Params validation failed: id: Invalid ObjectId"),
        ("g" * 24, 400, "Params validation failed: id: Invalid ObjectId"),
        ("123456789012", 400, "Params validation failed: id: Invalid ObjectId"),
    ],
)
def test_no_such_source(v2: httpx.Client, id: str, status: int, message: str) -> None:
    reply = v2.get(f"/api/v2/sources/{id}")
    assert (reply.status_code, reply.json()) == (status, {"message": message})


def test_the_ui_sees_sources_whole(person: httpx.Client) -> None:
    logs, *_rest = person.get("/sources").json()
    assert logs["_id"] == logs["id"]
    assert logs["team"] == person.get("/team").json()["id"]
    assert logs["metadataMaterializedViews"]["granularity"] == "15 minute"
    assert logs["sessionSourceId"]

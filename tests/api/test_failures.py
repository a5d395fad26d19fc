"""Every way to fail is one JSON reply, with a request id; faults of ours are masked, and logged."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import StreamingResponse

from clickstack.api.wire import Json, WireModel
from clickstack.core.errors import BadQuery, Busy, Cancelled, Conflict, Exposed, QueryTimeout, StoreFailed, TooLarge
from clickstack.core.limits import API_BODY_BYTES_MAX, LOGIN_BODY_BYTES_MAX
from clickstack.core.log import configure_logging

V2 = "/api/v2/probe"


Probe = tuple[FastAPI, httpx.Client]


class Note(WireModel):
    title: str
    stars: int = 0


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """The log, one JSON object a line."""
    stream = io.StringIO()
    configure_logging("debug", "json", stream)
    yield stream
    configure_logging("info", "json", io.StringIO())


def logged(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


# --- errors for the caller --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status", "more", "headers"),
    [
        (Conflict("taken"), 409, {}, {}),
        (TooLarge("too much"), 413, {}, {}),
        (Cancelled("stopped"), 499, {}, {}),
        (Busy("full", retry_after_s=7), 503, {}, {"retry-after": "7"}),
        (QueryTimeout("too slow"), 504, {}, {}),
        (BadQuery("no such word"), 400, {}, {}),
        (BadQuery("no such word", position=0, hint="quote it"), 400, {"position": 0, "hint": "quote it"}, {}),
    ],
)
def test_an_error_for_the_caller(
    probe: Probe, error: Exposed, status: int, more: dict[str, Any], headers: dict[str, str]
) -> None:
    app, client = probe

    def fail() -> None:
        raise error

    for path in ("/probe", V2):
        app.add_api_route(path, fail)
    inside, outside = client.get("/probe"), client.get(V2)
    assert inside.status_code == outside.status_code == status
    assert inside.json() == {"message": error.message, "code": error.code, **more}
    assert outside.json() == {"message": error.message, **more}
    for name, value in headers.items():
        assert inside.headers[name] == outside.headers[name] == value


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/nope", "/api/v2/nope", "/api/v2/sources/x/y", "/%ff", "/me/../../etc"])
def test_an_unknown_route(probe: Probe, method: str, path: str) -> None:
    _app, client = probe
    reply = client.request(method, path)
    assert reply.status_code == 404
    assert reply.json()["message"].startswith(f"Cannot {method} /")


def test_an_unsupported_method_is_an_unknown_route(probe: Probe) -> None:
    _app, client = probe
    reply = client.patch("/api/v2/sources")
    assert (reply.status_code, reply.json()) == (404, {"message": "Cannot PATCH /api/v2/sources"})


# --- bodies -----------------------------------------------------------------------------------------------------


def save(note: Note) -> dict[str, Any]:
    return note.model_dump()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "Invalid JSON payload"),
        (b'{"title": "a",}', "Invalid JSON payload"),
        (b"\xff\xfe", "Invalid JSON payload"),
        (b"[" * 100_000, "Invalid JSON payload"),
        (b"1" * 5000, "Invalid JSON payload"),
        (b'"text"', "Invalid JSON payload"),
        (b"5", "Invalid JSON payload"),
        (b"true", "Invalid JSON payload"),
        (b"[]", "Body validation failed: Expected object, received array"),
        (b"{}", "Body validation failed: title: Required"),
        (b'{"title": 5}', "Body validation failed: title: Expected string, received number"),
        (b'{"title": "a", "stars": 1.5}', "Body validation failed: stars: Expected integer, received float"),
        (b'{"title": "a", "stars": "1"}', "Body validation failed: stars: Expected number, received string"),
    ],
)
def test_bodies_that_are_wrong(probe: Probe, content: bytes, message: str) -> None:
    app, client = probe
    for path in ("/probe", V2):
        app.add_api_route(path, save, methods=["POST"])
    reply = client.post(V2, content=content, headers={"content-type": "application/json"})
    assert (reply.status_code, reply.json()) == (400, {"message": message})
    inside = client.post("/probe", content=content, headers={"content-type": "application/json"})
    assert inside.status_code == 400
    if message == "Invalid JSON payload":
        assert inside.json() == {"message": message, "code": "bad_request"}
    else:
        assert inside.json()[0]["type"] == "Body"


def test_a_body_that_is_no_json(probe: Probe) -> None:
    app, client = probe
    app.add_api_route(V2, save, methods=["POST"])
    reply = client.post(V2, content=b"hello", headers={"content-type": "text/plain"})
    assert reply.json() == {"message": "Body validation failed: Expected object, received string"}


@pytest.mark.parametrize(
    ("path", "limit"),
    [("/login/password", LOGIN_BODY_BYTES_MAX), (V2, API_BODY_BYTES_MAX), ("/nope", API_BODY_BYTES_MAX)],
)
def test_a_body_that_says_it_is_too_large(probe: Probe, path: str, limit: int) -> None:
    app, client = probe
    app.add_api_route(V2, save, methods=["POST"])
    reply = client.post(path, content=b" " * (limit + 1), headers={"content-type": "application/json"})
    assert reply.status_code == 413
    assert reply.json()["message"] == f"The request body is larger than {limit // 1024} KiB."
    assert reply.headers["access-control-allow-origin"]


@pytest.mark.parametrize("path", ["/register/password", V2])
def test_a_body_that_turns_out_too_large(probe: Probe, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clickstack.api.body_limit.Headers", lambda scope: {})  # as when it comes in chunks
    monkeypatch.setattr("clickstack.api.body_limit.API_BODY_BYTES_MAX", 2048)
    app, client = probe
    app.add_api_route(V2, save, methods=["POST"])
    reply = client.post(path, content=b" " * (LOGIN_BODY_BYTES_MAX + 1), headers={"content-type": "application/json"})
    assert reply.status_code == 413
    assert reply.json()["message"].startswith("The request body is larger than ")


LARGE = b"[]" * LOGIN_BODY_BYTES_MAX  # no JSON: whoever parses it says so
AS_JSON = {"content-type": "application/json"}


@pytest.mark.parametrize("path", ["/alerts", "/dashboards", "/search", "/team/api-keys", "/me/access-keys"])
@pytest.mark.parametrize("chunked", [False, True])
def test_large_bodies_of_strangers_are_not_read(api: httpx.Client, path: str, chunked: bool) -> None:
    headers = {**AS_JSON, "transfer-encoding": "chunked"} if chunked else AS_JSON
    reply = api.post(path, content=LARGE, headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (401, "unauthorized")


@pytest.mark.parametrize("path", ["/login/password", "/register/password", "/team/setup/x", "/logout"])
def test_where_anybody_may_call_bodies_are_small(api: httpx.Client, path: str) -> None:
    assert api.post(path, content=LARGE, headers=AS_JSON).status_code == 413


def test_large_bodies_are_read_only_for_who_may_send_them(person: httpx.Client, colleague: Any) -> None:
    assert colleague("viewer").post("/dashboards", content=LARGE, headers=AS_JSON).status_code == 403
    assert person.post("/dashboards", content=LARGE, headers=AS_JSON).status_code == 400


def test_a_body_of_too_many_parts_is_not_parsed(person: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clickstack.api.json_bodies.API_JSON_PARTS_MAX", 100)
    reply = person.post("/dashboards", json=[[]] * 60)
    assert reply.status_code == 413
    assert "100 objects" in reply.json()["message"]


@pytest.mark.parametrize(
    ("content", "status", "message"),
    [
        (b'{"sourceId": "\\ud800"}', 400, "sourceId: Not Unicode"),
        (b'{"a": [1, {"b": "\\udc00"}]}', 400, "a.1.b: Not Unicode"),
        (b'{"\\ud800": 1}', 400, "Not Unicode"),
        (b'{"a": "\xed\xa0\x80"}', 400, "a: Not Unicode"),
        (b'{"a": "\\ud800", ', 400, "Invalid JSON payload"),
    ],
)
@pytest.mark.parametrize("path", ["/search", "/explore/keys", "/trace", "/alerts"])
def test_half_characters_are_told(person: httpx.Client, path: str, content: bytes, status: int, message: str) -> None:
    reply = person.post(path, content=content, headers=AS_JSON)
    assert reply.status_code == status
    assert reply.json()["message"].startswith(message)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/explore/heatmap", {"sourceId": "0" * 24, "startTime": 0, "endTime": 10**30}, "endTime"),
        ("/search", {"sourceId": "0" * 24, "startTime": 10**30, "endTime": 0}, "startTime"),
        ("/silences", {"startsAt": "0001-01-01T00:00:00+14:00"}, "startsAt"),
        ("/silences", {"endsAt": "9999-12-31T23:59:59-14:00"}, "endsAt"),
        ("/silences", {"endsAt": "1969-12-31T23:59:59Z"}, "endsAt"),
    ],
)
def test_moments_outside_of_all_calendars(person: httpx.Client, path: str, body: dict[str, Any], field: str) -> None:
    reply = person.post(path, json=body)
    assert reply.status_code == 400, reply.text
    assert [field] in [issue["path"] for part in reply.json() for issue in part["errors"]["issues"]]


@pytest.mark.parametrize("value", [b"NaN", b"Infinity", b"-Infinity"])
def test_what_javascript_calls_numbers_and_json_does_not(person: httpx.Client, value: bytes) -> None:
    reply = person.post("/dashboards", content=b'{"name": "x", "tiles": [{"x": %s}]}' % value, headers=AS_JSON)
    assert (reply.status_code, reply.json()["message"]) == (400, "Invalid JSON payload")
    named = person.patch("/team/name", content=b'\xef\xbb\xbf{"name": "%s"}' % value, headers=AS_JSON)
    assert named.json() == {"name": value.decode()}


def test_whole_characters_pass(person: httpx.Client) -> None:
    whole = b'{"name": "\\ud83d\\ude00 \\\\ud800"}'
    assert person.patch("/team/name", content=whole, headers=AS_JSON).json() == {"name": "😀 \\ud800"}


def test_unauthenticated_bodies_are_not_read(connect: Any) -> None:
    reply = connect().post("/api/v2/sources", content=b"{", headers={"content-type": "application/json"})
    assert reply.status_code == 401


# --- faults of ours ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [RuntimeError("the secret cause"), StoreFailed("the secret cause")])
@pytest.mark.parametrize("path", ["/probe", V2])
def test_a_fault_of_ours_is_masked_and_logged(probe: Probe, error: Exception, path: str, lines: io.StringIO) -> None:
    app, client = probe

    def fail() -> None:
        raise error

    app.add_api_route(path, fail)
    reply = client.get(path)
    assert reply.status_code == 500
    request_id = reply.headers["x-request-id"]
    assert reply.json() == {"message": "Something went wrong :(", "requestId": request_id}
    assert reply.headers["access-control-allow-origin"] == "http://localhost:8080"
    failure, line = logged(lines)
    assert (failure["level"], failure["message"], failure["request_id"]) == ("error", "request failed", request_id)
    assert "the secret cause" in failure["exception"]
    assert (line["status"], line["request_id"]) == (500, request_id)


def test_a_reply_that_breaks_off_is_not_mended(probe: Probe, lines: io.StringIO) -> None:
    app, client = probe

    async def broken_stream() -> Any:
        yield b"one\n"
        raise RuntimeError("halfway")

    app.add_api_route("/probe", lambda: StreamingResponse(broken_stream(), media_type="application/x-ndjson"))
    reply = client.get("/probe")
    assert reply.text == "one\n"
    assert [line["message"] for line in logged(lines)] == ["request failed", "GET /probe 200"]


def test_streams_of_lines_are_never_packed(probe: Probe) -> None:
    app, client = probe

    async def stream() -> Any:
        yield b"x" * 5000 + b"\n"

    app.add_api_route("/probe", lambda: StreamingResponse(stream(), media_type="application/x-ndjson"))
    assert "content-encoding" not in client.get("/probe", headers={"accept-encoding": "gzip"}).headers


# --- request ids and log lines ----------------------------------------------------------------------------------


def test_every_reply_has_a_request_id(probe: Probe) -> None:
    _app, client = probe
    ids = [client.get(path).headers["x-request-id"] for path in ("/health", "/nope", "/me", "/api/v2/sources")]
    assert len(set(ids)) == 4
    assert client.get("/health", headers={"x-request-id": "trace-42"}).headers["x-request-id"] == "trace-42"
    assert client.get("/health", headers={"x-request-id": "a b\tc"}).headers["x-request-id"] != "a b\tc"


def test_one_line_a_request(probe: Probe, lines: io.StringIO) -> None:
    _app, client = probe
    replies = [
        client.get("/api/v2/sources/" + "f" * 24 + "?secret=1"),
        client.head("/api/v2/sources"),
        client.get("/nope?secret=1"),
        client.get("/health"),
    ]
    seen = [(each["level"], each["method"], each["path"], each["status"]) for each in logged(lines)]
    assert seen == [
        ("info", "GET", "/api/v2/sources/{id}", 404),
        ("info", "HEAD", "/api/v2/sources", 200),
        ("info", "GET", "-", 404),
        ("debug", "GET", "/health", 200),
    ]
    assert [line["request_id"] for line in logged(lines)] == [reply.headers["x-request-id"] for reply in replies]
    assert all(line["ms"] >= 0 for line in logged(lines))


def test_a_layer_outside_learns_the_route(probe: Probe, client_of: Any) -> None:
    app, _client = probe
    note: dict[str, str] = {}

    async def outside(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "clickstack.route_note": note}, receive, send)

    client = client_of(outside)
    client.get("/nope")
    assert note == {}
    client.get("/team/members/")
    assert note == {"route": "/team/members"}


def test_no_secret_is_logged(connect: Any, lines: io.StringIO) -> None:
    browser = connect()
    secret = "Correct-horse-1"
    browser.post("/register/password", json={"email": "ada@example.com", "password": secret})
    browser.post("/register/password", json={"email": "ada@example.com", "password": secret, "confirmPassword": secret})
    browser.post(f"/login/password?password={secret}", data={"email": "ada@example.com", "password": secret})
    me = browser.get("/me").json()
    browser.get("/api/v2", headers={"Authorization": f"Bearer {me['accessKey']}"})
    browser.get("/api/v2/sources", headers={"Authorization": f"Bearer {me['accessKey']}x"})
    assert len(logged(lines)) == 6
    for hidden in (secret, me["accessKey"], me["team"]["apiKey"], browser.cookies["connect.sid"]):
        assert hidden not in lines.getvalue()


def test_json_keeps_large_integers_and_has_no_nan() -> None:
    assert Json({"n": 2**64 - 1, "x": float("nan")}).body == b'{"n":18446744073709551615,"x":null}'

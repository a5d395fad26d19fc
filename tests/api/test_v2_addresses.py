"""How forgiving v2 is: addresses in any case, bodies that are not JSON, numbers as JavaScript reads them."""

from __future__ import annotations

import gzip
import zlib
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import Field

from clickstack.api.conditional import is_known
from clickstack.api.paging import BIGGEST, PageLimit, PageOffset, page_reply
from clickstack.api.wire import Json, WireModel
from clickstack.core.limits import API_BODY_BYTES_MAX, FORM_FIELDS_MAX, LIST_PAGE_MAX

Probe = tuple[FastAPI, httpx.Client]


class Thing(WireModel):
    name: str
    host: Annotated[str, Field(min_length=2)] = "xx"


@pytest.fixture
def things(probe: Probe) -> httpx.Client:
    """A route that tells what it was sent, and one with pages."""
    app, client = probe

    @app.post("/api/v2/things")
    def post(body: Thing) -> Json:
        return Json(body.model_dump())

    @app.get("/api/v2/things")
    def page(limit: PageLimit = LIST_PAGE_MAX, offset: PageOffset = 0) -> Json:
        return page_reply([], total=7, limit=limit, offset=offset)

    @app.get("/api/v2/tagged")
    def tagged() -> Json:
        return Json({"data": 1}, headers={"ETag": '"r17"'})

    @app.get("/api/v2/broken")
    def broken() -> Json:
        raise RuntimeError("broken")

    return client


# --- addresses --------------------------------------------------------------------------------------------------


def test_addresses_have_no_case(v2: httpx.Client) -> None:
    plain = v2.get("/api/v2/sources").json()
    assert v2.get("/API/V2/Sources/").json() == plain
    first = plain["data"][0]
    assert v2.get(f"/Api/v2/SOURCES/{first['id'].upper()}").json() == {"data": first}


def test_addresses_of_any_case_want_a_key(api: httpx.Client) -> None:
    for path in ("/API/V2", "/Api/V2/sources", "/api/V2/x"):
        assert api.get(path).status_code == 401


@pytest.mark.parametrize("path", ["%", "%zz", "%ff", "a%e4b", "%c3%28"])
def test_a_broken_address_is_told(v2: httpx.Client, path: str) -> None:
    reply = v2.send(
        httpx.Request("GET", httpx.URL("http://localhost:8000/", raw_path=b"/api/v2/sources/" + path.encode()))
    )
    assert reply.status_code == 400
    assert reply.json() == {
        "message": "The path of the address is not valid: write % as %25, and percent-encode UTF-8."
    }


def test_a_wrong_method_is_told_the_right_ones(v2: httpx.Client) -> None:
    reply = v2.patch("/api/v2/charts/series")
    assert (reply.status_code, reply.json()) == (404, {"message": "Cannot PATCH /api/v2/charts/series"})
    assert reply.headers["allow"] == "POST"
    unknown = v2.get("/api/v2/nothing")
    assert (unknown.status_code, unknown.json()) == (404, {"message": "Cannot GET /api/v2/nothing"})
    assert "allow" not in unknown.headers


# --- bodies -----------------------------------------------------------------------------------------------------

JSON = "application/json"


@pytest.mark.parametrize(
    ("media_type", "body", "status", "reply"),
    [
        (JSON, '{"name": "a"}', 200, {"name": "a", "host": "xx"}),
        ("application/JSON; charset=utf-8", '{"name": "a"}', 200, {"name": "a", "host": "xx"}),
        ("application/merge-patch+json", '{"name": "a"}', 200, {"name": "a", "host": "xx"}),
        ("application/x-www-form-urlencoded", "name=a+b&host=%C3%A4%20c", 200, {"name": "a b", "host": "ä c"}),
        ("application/x-www-form-urlencoded", "name=a&host=", 400,
         "Body validation failed: host: String must contain at least 2 character(s)"),
        ("application/x-www-form-urlencoded", "&a=1" * (FORM_FIELDS_MAX + 1), 400,
         "The form has more than 1000 fields."),
        ("text/plain", '{"name": "a"}', 400, "Body validation failed: Expected object, received string"),
        ("text/plain", "", 400, "Body validation failed: name: Required"),
        ("application/xml", "<name/>", 400, "Body validation failed: name: Required"),
        (None, '{"name": "a"}', 400, "Body validation failed: name: Required"),
        (None, "", 400, "Body validation failed: name: Required"),
        (JSON, "", 400, "Body validation failed: name: Required"),
        (JSON, "[]", 400, "Body validation failed: Expected object, received array"),
        (JSON, '"text"', 400, "Invalid JSON payload"),
        (JSON, "5", 400, "Invalid JSON payload"),
        (JSON, "null", 400, "Invalid JSON payload"),
        (JSON, "{", 400, "Invalid JSON payload"),
        (JSON, "\ud800".encode("utf-16", "surrogatepass"), 400, "Invalid JSON payload"),
    ],
)  # fmt: skip
def test_bodies(things: httpx.Client, media_type: str | None, body: str | bytes, status: int, reply: Any) -> None:
    headers = {} if media_type is None else {"content-type": media_type}
    answer = things.post("/api/v2/things", content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (status, reply if status == 200 else {"message": reply})


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("GZIP", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)],
)
def test_packed_bodies(things: httpx.Client, encoding: str, pack: Any) -> None:
    for sent, type_ in ((b'{"name": "a"}', "application/json"), (b"name=a", "application/x-www-form-urlencoded")):
        headers = {"Content-Type": type_, "Content-Encoding": encoding}
        assert things.post("/api/v2/things", content=pack(sent), headers=headers).json() == {"name": "a", "host": "xx"}


@pytest.mark.parametrize(
    ("body", "encoding", "status", "text"),
    [
        (b"{}", "gzip", 400, "The body is not valid gzip."),
        (b"{}", "br", 415, "Content-Encoding 'br' is not one of identity, gzip"),
        (b"{}", "gzip, gzip", 415, "Content-Encoding 'gzip, gzip' is not one of"),
        (gzip.compress(b" " * (API_BODY_BYTES_MAX + 1)), "gzip", 413, "The body is larger than 4194304 bytes"),
    ],
)
def test_packed_bodies_that_are_wrong(things: httpx.Client, body: bytes, encoding: str, status: int, text: str) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    reply = things.post("/api/v2/things", content=body, headers=headers)
    assert (reply.status_code, reply.json()["message"][: len(text)]) == (status, text)
    assert "ratelimit-remaining" in reply.headers


def test_packed_bodies_of_strangers_are_not_unpacked(api: httpx.Client, person: httpx.Client, connect: Any) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    for path in ("/dashboards", "/api/v2/dashboards", "/v1/organizations/x/keys"):
        assert connect().post(path, content=b"no gzip", headers=headers).status_code == 401
    assert connect().post("/login/password", content=gzip.compress(b" " * 65_537), headers=headers).status_code == 413
    assert person.post("/dashboards", content=b"no gzip", headers=headers).status_code == 400


def test_what_fails_before_the_handler_still_tells_the_budget(things: httpx.Client) -> None:
    too_large = things.post("/api/v2/things", headers={"content-length": str(2**26)})
    assert too_large.status_code == 413
    masked = things.get("/api/v2/broken")
    assert masked.status_code == 500
    malformed = things.post("/api/v2/things", content="{", headers={"content-type": JSON})
    for reply in (too_large, masked, malformed):
        assert set(reply.json()) <= {"message", "requestId"}
        assert reply.headers["ratelimit-limit"] == "100"
        assert reply.headers["x-request-id"]
        assert reply.headers["access-control-allow-origin"]


# --- pages ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "limit", "offset"),
    [
        ("", 1000, 0),
        ("limit=5&offset=2", 5, 2),
        ("limit=1e2", 100, 0),
        ("limit=0x10&offset=0b11", 16, 3),
        ("limit=%205%20&offset=", 5, 0),
        ("limit=5.0&offset=%2B1", 5, 1),
        ("offset=1e300", 1000, BIGGEST),
        ("limit=7&unknown=1&unknown=2", 7, 0),
    ],
)
def test_numbers_of_the_query_are_javascript(things: httpx.Client, query: str, limit: int, offset: int) -> None:
    reply = things.get(f"/api/v2/things?{query}")
    assert reply.json()["meta"] == {"total": 7, "limit": limit, "offset": offset}
    assert reply.headers["x-total-count"] == "7"


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("limit=", "limit: Number must be greater than or equal to 1"),
        ("limit=0", "limit: Number must be greater than or equal to 1"),
        ("limit=1001", "limit: Number must be less than or equal to 1000"),
        ("limit=1.5", "limit: Expected integer, received float"),
        ("limit=Infinity", "limit: Expected integer, received float"),
        ("limit=ten", "limit: Expected number, received nan"),
        ("limit=1_0", "limit: Expected number, received nan"),
        ("limit=-0x1", "limit: Expected number, received nan"),
        ("limit=1&limit=2", "limit: Expected number, received nan"),
        ("offset=-1", "offset: Number must be greater than or equal to 0"),
        ("limit=x&offset=y", "limit: Expected number, received nan; offset: Expected number, received nan"),
    ],
)
def test_what_is_no_page(things: httpx.Client, query: str, fault: str) -> None:
    reply = things.get(f"/api/v2/things?{query}")
    assert (reply.status_code, reply.json()) == (400, {"message": f"Query validation failed: {fault}"})


# --- tags -------------------------------------------------------------------------------------------------------


def test_a_tag_of_the_handler_stands(things: httpx.Client) -> None:
    assert things.get("/api/v2/tagged").headers["etag"] == '"r17"'
    same = things.get("/api/v2/tagged", headers={"if-none-match": '"r16", "r17"'})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", '"r17"')


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ('"r17"', True), ('W/"r17"', True), ('"a","r17"', True), ("*", True), (" * ", True),
        ("", False), ("r17", False), ('"r1"', False), ('"r170"', False), ('"xr17"', False), ('"*"', False),
    ],
)  # fmt: skip
def test_lists_of_tags(header: str, known: bool) -> None:
    assert is_known('"r17"', header) is known
    assert is_known('W/"r17"', header) is known

"""Saved searches over v2: bodies, rules, revisions, cascades (reference/api-v2.md §8)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from clickstack.api.operations.sidebar_filter import is_sidebar_filter
from clickstack.metadata import Metadata


@pytest.fixture
def source(v2: httpx.Client) -> str:
    return str(v2.get("/api/v2/sources").json()["data"][0]["id"])


@pytest.fixture
def search(v2: httpx.Client, source: str) -> dict[str, Any]:
    reply = v2.post("/api/v2/saved-searches", json={"name": "  Errors ", "sourceId": source})
    assert reply.status_code == 200, reply.text
    data: dict[str, Any] = reply.json()["data"]
    return data


def message(reply: httpx.Response, status: int = 400) -> str:
    assert reply.status_code == status, reply.text
    return str(reply.json()["message"])


def test_a_minimal_search_gets_every_default(search: dict[str, Any], source: str) -> None:
    moments = {search.pop("createdAt"), search.pop("updatedAt")}
    assert moments == {"2026-01-01T00:00:00.000Z"}
    assert search.pop("id")
    assert search.pop("teamId")
    assert search == {
        "name": "Errors",
        "select": "",
        "where": "",
        "whereLanguage": "lucene",
        "orderBy": "",
        "sourceId": source,
        "tags": [],
        "filters": [],
    }


def test_put_replaces_what_it_leaves_out(v2: httpx.Client, search: dict[str, Any], source: str) -> None:
    address = f"/api/v2/saved-searches/{search['id']}"
    whole = {
        "name": "Slow",
        "sourceId": source.upper(),
        "select": "Body",
        "where": "level:error",
        "whereLanguage": "sql",
        "orderBy": "Timestamp DESC",
        "tags": ["a", "a"],
        "filters": [{"condition": "ServiceName IN ('api')", "extra": 1}],
    }
    assert v2.put(address, json=whole).json()["data"]["filters"] == [
        {"type": "sql", "condition": "ServiceName IN ('api')"}
    ]
    assert v2.get(address).json()["data"]["sourceId"] == source
    after = v2.put(address, json={"name": "Slow", "sourceId": source}).json()["data"]
    assert (after["select"], after["where"], after["whereLanguage"], after["tags"], after["filters"]) == (
        *("", "", "lucene", [], []),
    )
    assert v2.put(address, json=after).json()["data"] == after


def test_every_fault_is_named_at_once(v2: httpx.Client) -> None:
    body = {"name": " ", "where": None, "whereLanguage": "promql", "tags": ["x" * 33], "filters": [{"type": "sql_ast"}]}
    assert message(v2.put("/api/v2/saved-searches/nope", json=body)) == (
        "Body validation failed: name: String must contain at least 1 character(s); sourceId: Required; "
        "where: Expected string, received null; "
        "whereLanguage: Invalid enum value. Expected 'lucene' | 'sql', received 'promql'; "
        "tags.0: String must contain at most 32 character(s); filters.0: Invalid input; "
        "Params validation failed: id: Invalid ObjectId"
    )


def test_the_order_of_checks(v2: httpx.Client, source: str) -> None:
    unknown = f"/api/v2/saved-searches/{'0' * 24}"
    drawn_badly = {"name": "x", "sourceId": source, "filters": [{"condition": "a = 1"}]}
    assert message(v2.put(unknown, json={**drawn_badly, "sourceId": "f" * 24})) == (
        "sourceId must be an existing source id"
    )
    assert message(v2.put(unknown, json=drawn_badly), 404) == "Saved search not found"
    reply = v2.post("/api/v2/saved-searches", json=drawn_badly)
    assert message(reply).startswith("filters[0] must be a sidebar-renderable SQL predicate")


@pytest.mark.parametrize(
    "condition",
    [
        "ServiceName IN ('api', 'it''s', 'a\\'b')",
        "LogAttributes['http.status'] not in ('500')",
        "toString(`odd name`) IN (1, -2.5e3, true)",
        "Duration BETWEEN 1 AND 2.5",
        "if(a = 1, b, c) in ('x')",
    ],
)
def test_what_the_sidebar_can_draw(condition: str) -> None:
    assert is_sidebar_filter(condition)


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "a = 1",
        "a IS NULL",
        "a NOT BETWEEN 1 AND 2",
        "a IN ()",
        "(a IN (1))",
        "a IN (1) AND b IN (2)",
        "b = 2 AND a IN (1)",
        "a BETWEEN 'x' AND 'y'",
        "a IN (SELECT 1)",
        "a IN ('x'",
        "IN ('x')",
        "a, b IN (1)",
        "a IN (1); DROP TABLE x",
    ],
)
def test_what_the_sidebar_cannot_draw(condition: str) -> None:
    assert not is_sidebar_filter(condition)


def test_a_condition_of_many_digits_is_read_at_once() -> None:
    """Begun again at each digit it would take a minute."""
    digits = "1" * 30_000
    assert is_sidebar_filter(f"a IN ({digits})")
    assert not is_sidebar_filter(f"a IN ({digits}x)")


def test_a_filter_that_is_stored_may_stay(
    v2: httpx.Client, person: httpx.Client, search: dict[str, Any], source: str
) -> None:
    legacy = [{"type": "lucene", "condition": "level:error"}]
    assert person.patch(f"/saved-search/{search['id']}", json={"filters": legacy}).status_code == 200
    address = f"/api/v2/saved-searches/{search['id']}"
    body = v2.get(address).json()["data"]
    assert body["filters"] == legacy
    assert v2.put(address, json=body).status_code == 200
    changed = {**body, "filters": [{"type": "lucene", "condition": "level:warn"}]}
    assert message(v2.put(address, json=changed)).startswith("filters[0]")


def test_two_editors_do_not_overwrite_each_other_unseen(v2: httpx.Client, search: dict[str, Any], source: str) -> None:
    address, body = f"/api/v2/saved-searches/{search['id']}", {"name": "A", "sourceId": source}
    first = v2.get(address)
    assert first.headers["etag"].startswith('"r1-')
    assert v2.get(address, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    second = v2.put(address, json=body, headers={"If-Match": first.headers["etag"]})
    assert second.headers["etag"].startswith('"r2-')
    late = v2.put(address, json=body, headers={"If-Match": first.headers["etag"]})
    assert "it is at revision 2, not 1" in message(late, 412)
    assert message(v2.delete(address, headers={"If-Match": first.headers["etag"]}), 412)
    assert "ETag" in message(v2.put(address, json=body, headers={"If-Match": '"other"'}), 412)
    assert v2.put(address, json=body, headers={"If-Match": "*"}).status_code == 200
    assert v2.put(address, json=body).status_code == 200  # who does not ask overwrites


def test_pages_are_in_order_of_creation(v2: httpx.Client, source: str) -> None:
    for name in ("c", "a", "b"):
        assert v2.post("/api/v2/saved-searches", json={"name": name, "sourceId": source}).status_code == 200
    page = v2.get("/api/v2/saved-searches", params={"limit": "2", "offset": "1"})
    assert [each["name"] for each in page.json()["data"]] == ["a", "b"]
    assert page.json()["meta"] == {"total": 3, "limit": 2, "offset": 1}
    assert page.headers["x-total-count"] == "3"


def test_deleting_is_final_and_written_down(
    v2: httpx.Client, person: httpx.Client, search: dict[str, Any], metadata: Metadata
) -> None:
    address = f"/api/v2/saved-searches/{search['id']}"
    assert v2.delete(address, headers={"X-Request-Id": "request-7"}).json() == {}
    assert message(v2.get(address), 404) == message(v2.delete(address), 404) == "Saved search not found"
    deletion, creation = metadata.audit_log.list(search["teamId"], limit=10, object_id=search["id"])
    assert (creation.action, deletion.action, deletion.object_kind) == ("create", "delete", "saved_search")
    assert (deletion.object_name, deletion.author.name, deletion.request_id) == (
        *("Errors", "ada@example.com", "request-7"),
    )
    assert deletion.before == creation.after
    assert deletion.after is None

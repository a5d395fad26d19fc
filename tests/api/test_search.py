"""Search through the whole API: /api/v2/search, and the streams the search page reads."""

# ruff: noqa: E501  (one case of a table, one line)

from __future__ import annotations

import dataclasses
import json
from typing import Any

import httpx
import pytest

from clickstack.api import Services
from clickstack.metadata import Metadata
from clickstack.store import Store
from query.foreign import foreign_source

START_MS = 1647014400000  # 2022-03-11 16:00 UTC
RANGE = {"startTime": START_MS, "endTime": START_MS + 2 * 3_600_000}
ISO_RANGE = {"startTime": "2022-03-11T16:00:00Z", "endTime": "2022-03-11T18:00:00Z"}


@pytest.fixture
def services(services: Services, store: Store) -> Services:
    return dataclasses.replace(services, store=store)


@pytest.fixture
def events(store: Store) -> None:
    """One log a minute for two hours; three of them at the very same moment, 17:00."""
    minute = "toDateTime64('2022-03-11 16:00:00', 9) + toIntervalMinute(number)"
    columns = "INSERT INTO otel_logs (Timestamp, SeverityText, ServiceName, Body, LogAttributes)"
    store.command(
        f"{columns} SELECT {minute}, ['error', 'info'][1 + number % 2], 'api', concat('request ', toString(number)), "
        "map('n', toString(number)) FROM numbers(120)"
    )
    store.command(f"{columns} SELECT '2022-03-11 17:00:00', 'warn', 'api', 'twin', map() FROM numbers(2)")


@pytest.fixture
def sources(person: httpx.Client) -> dict[str, str]:
    return {each["kind"]: each["id"] for each in person.get("/sources").json()}


def frames(reply: httpx.Response) -> list[dict[str, Any]]:
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in reply.text.splitlines()]
    assert lines[0]["type"] == "started"
    assert lines[0]["queryId"]
    assert [line["type"] for line in lines[1:-1]] == ["progress"] * len(lines[1:-1])
    return lines


def result(reply: httpx.Response) -> dict[str, Any]:
    last = frames(reply)[-1]
    assert last["type"] == "result", last
    return last


# --- The search page ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("events")
def test_rows_come_newest_first(person: httpx.Client, sources: dict[str, str]) -> None:
    page = result(person.post("/search", json={"sourceId": sources["log"], "limit": 2, **RANGE}))
    assert [column["name"] for column in page["columns"]] == ["Timestamp", "ServiceName", "SeverityText", "Body"]
    assert page["rows"] == [
        ["2022-03-11 17:59:00.000000000", "api", "info", "request 119"],
        ["2022-03-11 17:58:00.000000000", "api", "error", "request 118"],
    ]
    assert len(page["rowIds"]) == 2
    assert page["statistics"]["rowsRead"] > 0
    assert page["sql"].startswith("SELECT")


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize("limit", [1, 2, 7, 61, 122])
def test_pages_neither_repeat_nor_skip_rows(person: httpx.Client, sources: dict[str, str], limit: int) -> None:
    seen: list[str] = []
    cursor = None
    while True:
        body = {"sourceId": sources["log"], "limit": limit, "cursor": cursor, **RANGE}
        page = result(person.post("/search", json=body))
        seen += page["rowIds"]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 122


@pytest.mark.usefixtures("events")
def test_new_rows_do_not_shift_pages(person: httpx.Client, sources: dict[str, str], store: Store) -> None:
    body = {"sourceId": sources["log"], "limit": 1, **RANGE}
    first = result(person.post("/search", json=body))
    store.command("INSERT INTO otel_logs (Timestamp, Body) VALUES ('2022-03-11 17:59:30', 'late')")
    second = result(person.post("/search", json={**body, "cursor": first["nextCursor"]}))
    assert second["rows"][0][3] == "request 118"


@pytest.mark.usefixtures("events")
def test_a_list_is_kept_up_to_date(person: httpx.Client, sources: dict[str, str], store: Store) -> None:
    """Live tail: what is newer than the newest row shown, also of the same moment; page by page when it is much."""
    body = {"sourceId": sources["log"], "limit": 2, **RANGE}
    newest = result(person.post("/search", json=body))["rowIds"][0]
    assert result(person.post("/search", json={**body, "newerThan": newest}))["rows"] == []
    columns = "INSERT INTO otel_logs (Timestamp, Body)"
    store.command(f"{columns} SELECT '2022-03-11 17:59:00', concat('same moment ', toString(number)) FROM numbers(2)")
    store.command(f"{columns} VALUES ('2022-03-11 17:59:30', 'later'), ('2022-03-11 16:00:00', 'late')")
    seen, cursor = [], None
    while True:
        page = result(person.post("/search", json={**body, "newerThan": newest, "cursor": cursor}))
        seen += [row[3] for row in page["rows"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert seen[0] == "later"
    assert sorted(seen[1:]) == ["same moment 0", "same moment 1"]
    error = frames(person.post("/search", json={**body, "newerThan": "nonsense"}))[-1]
    assert (error["type"], error["code"]) == ("error", "bad_request")


@pytest.mark.usefixtures("events")
def test_a_row_opens_by_its_id(person: httpx.Client, sources: dict[str, str], store: Store) -> None:
    body = {"sourceId": sources["log"], "where": "Body:twin OR LogAttributes.n:60", **RANGE}
    page = result(person.post("/search", json=body))
    store.command("OPTIMIZE TABLE otel_logs FINAL")  # ids outlive merges
    rows = [
        result(person.post("/search/row", json={"sourceId": sources["log"], "rowId": row_id}))["row"]
        for row_id in page["rowIds"]
    ]
    assert sorted(row["Body"] for row in rows) == ["request 60", "twin", "twin"]
    assert next(row for row in rows if row["Body"] == "request 60")["LogAttributes"] == {"n": "60"}


def test_a_row_that_is_gone(person: httpx.Client, sources: dict[str, str]) -> None:
    row_id = "MTY0NzEwMDc0MDAwMDAwMDAwMC4xLjk1OQ"
    error = frames(person.post("/search/row", json={"sourceId": sources["log"], "rowId": row_id}))[-1]
    assert (error["type"], error["code"]) == ("error", "not_found")


@pytest.mark.parametrize(
    "row_id",
    ["", "AAAA", "éé", "MS4yLjMuNA", "LTEuMS4x", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5Ljk5OTk5OTk5OTk5OTk5OTk5OTk5OS4x"],
)
def test_row_ids_are_checked(person: httpx.Client, sources: dict[str, str], row_id: str) -> None:
    error = frames(person.post("/search/row", json={"sourceId": sources["log"], "rowId": row_id}))[-1]
    assert (error["type"], error["code"]) == ("error", "bad_request")


@pytest.mark.usefixtures("events")
def test_the_histogram_fills_gaps_and_orders_severities(person: httpx.Client, sources: dict[str, str]) -> None:
    body = {"sourceId": sources["log"], **RANGE, "endTime": RANGE["endTime"] + 3_600_000, "granularity": "1h"}
    bars = result(person.post("/search/histogram", json=body))
    assert bars["buckets"] == [START_MS, START_MS + 3_600_000, START_MS + 7_200_000]
    assert bars["groups"] == [
        {"name": "error", "counts": [30, 30, 0]},
        {"name": "warn", "counts": [0, 2, 0]},
        {"name": "info", "counts": [30, 30, 0]},
    ]
    assert (bars["total"], bars["granularityS"]) == (122, 3600)


@pytest.mark.usefixtures("events")
def test_an_empty_range_still_names_its_columns(person: httpx.Client, sources: dict[str, str]) -> None:
    page = result(person.post("/search", json={"sourceId": sources["log"], "startTime": 5, "endTime": 5}))
    assert (page["rows"], page["nextCursor"], len(page["columns"])) == ([], None, 4)


def test_a_wrong_query_points_at_its_fault(person: httpx.Client, sources: dict[str, str]) -> None:
    error = frames(person.post("/search", json={"sourceId": sources["log"], "where": "foo servicename:x", **RANGE}))[-1]
    assert error == {
        "type": "error",
        "code": "bad_query",
        "message": "There is no column 'servicename'.",
        "position": 4,
        "hint": "Did you mean ServiceName? For an attribute write LogAttributes.servicename",
    }


def test_what_can_never_match_is_said(person: httpx.Client, sources: dict[str, str]) -> None:
    page = result(person.post("/search", json={"sourceId": sources["log"], "where": "SeverityNumber:abc", **RANGE}))
    assert page["warnings"] == ["SeverityNumber is a number, never 'abc'."]


@pytest.mark.parametrize("kind", ["trace", "session"])
def test_other_sources_search_too(person: httpx.Client, sources: dict[str, str], kind: str) -> None:
    body = {"sourceId": sources[kind], "where": "word", **RANGE}
    assert result(person.post("/search", json=body))["rows"] == []
    assert result(person.post("/search/histogram", json=body))["total"] == 0


def test_before_the_stream_errors_are_plain(
    api: httpx.Client, connect: Any, person: httpx.Client, sources: dict[str, str], metadata: Metadata
) -> None:
    body = {"sourceId": sources["log"], **RANGE}
    assert connect().post("/search", json=body).status_code == 401
    assert person.post("/search", json={**body, "sourceId": "f" * 24}).status_code == 404
    assert person.post("/search", json={**body, "sourceId": foreign_source(metadata)}).status_code == 404
    assert person.post("/search", json={**body, "startTime": "x"}).status_code == 400
    assert person.post("/search", json={**body, "limit": 100_000}).status_code == 400
    assert person.post("/search/histogram", json={**body, "granularity": "x"}).status_code == 400


# --- /api/v2/search ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("events")
def test_v2_rows(v2: httpx.Client, sources: dict[str, str]) -> None:
    body = {"sourceId": sources["log"], **ISO_RANGE, "where": "SeverityText:ERROR", "maxResults": 1}
    reply = v2.post("/api/v2/search", json=body)
    assert reply.json() == {
        "data": [
            {
                "Timestamp": "2022-03-11T17:58:00.000000000Z",
                "ServiceName": "api",
                "SeverityText": "error",
                "Body": "request 118",
            }
        ],
        "rows": 1,
    }


@pytest.mark.usefixtures("events")
def test_v2_select_order_and_offset(v2: httpx.Client, sources: dict[str, str]) -> None:
    body = {
        "sourceId": sources["log"],
        **ISO_RANGE,
        "select": "LogAttributes['n'], Body AS text",
        "orderBy": "Timestamp ASC",
        "maxResults": 2,
        "offset": 1,
    }
    assert v2.post("/api/v2/search", json=body).json()["data"] == [
        {"arrayElement(LogAttributes, 'n')": "1", "text": "request 1"},
        {"arrayElement(LogAttributes, 'n')": "2", "text": "request 2"},
    ]


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize(
    "order_by",
    [
        "Timestamp DESC NULLS LAST",
        "Timestamp\tdesc",
        "nullIf(Body, '')\n IS NULL NULLS  FIRST, `Timestamp` DESC nulls first",
    ],
)
def test_v2_orders_as_clickhouse_does(v2: httpx.Client, sources: dict[str, str], order_by: str) -> None:
    body = {"sourceId": sources["log"], **ISO_RANGE, "select": "Body", "orderBy": order_by, "maxResults": 1}
    newest = v2.post("/api/v2/search", json={**body, "orderBy": ""}).json()
    assert v2.post("/api/v2/search", json=body).json() == newest


def test_v2_defaults_to_the_last_quarter_of_an_hour(v2: httpx.Client, sources: dict[str, str], store: Store) -> None:
    store.command(
        "INSERT INTO otel_logs (Timestamp, Body) VALUES "
        "('2025-12-31 23:44:59', 'old'), ('2025-12-31 23:45:00', 'new'), ('2026-01-01 00:00:00', 'future')"
    )
    rows = v2.post("/api/v2/search", json={"sourceId": sources["log"], "select": "Body"}).json()["data"]
    assert rows == [{"Body": "new"}]


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"sourceId": ""}, 400, "Body validation failed: sourceId: sourceId is required"),
        ({"sourceId": "x"}, 400, "Body validation failed: sourceId: sourceId must be a valid ObjectId"),
        ({"sourceId": "f" * 24}, 404, f"Source not found: {'f' * 24}"),
        ({"select": "(select 1)"}, 400, "Body validation failed: select: select must not contain semicolons or SELECT subqueries"),
        ({"startTime": "yesterday"}, 400, "Invalid startTime or endTime: must be valid ISO 8601 strings"),
        ({"startTime": "2022-03-11T18:00:00Z"}, 400, "endTime must be greater than startTime"),
        ({"maxResults": 2001}, 400, "Body validation failed: maxResults: Number must be less than or equal to 2000"),
        ({"where": "foo ("}, 400, "A closing ) is missing."),
        ({"where": "Body IN (SELECT 'a')", "whereLanguage": "sql"}, 400, "where must not contain subqueries"),
        ({"orderBy": "(SELECT 1)"}, 400, "orderBy must not contain subqueries"),
        ({"select": "file('/etc/passwd')"}, 400, "select: file is not allowed here"),
    ],
)  # fmt: skip
def test_v2_errors(
    v2: httpx.Client, sources: dict[str, str], change: dict[str, Any], status: int, message: str
) -> None:
    reply = v2.post("/api/v2/search", json={"sourceId": sources["log"], **ISO_RANGE, **change})
    assert (reply.status_code, reply.json()["message"]) == (status, message)


def test_v2_does_not_see_another_team_s_source(v2: httpx.Client, metadata: Metadata) -> None:
    assert v2.post("/api/v2/search", json={"sourceId": foreign_source(metadata)}).status_code == 404


@pytest.mark.usefixtures("events")
def test_v2_search_tells_times_of_other_zones_in_utc(v2: httpx.Client, sources: dict[str, str]) -> None:
    """The clock of another zone with a `Z` behind it would be another moment."""
    there = "toTimeZone(Timestamp, 'Asia/Tokyo') AS there, [toTimeZone(Timestamp, 'America/New_York')] AS list"
    body = {"sourceId": sources["log"], "select": f"Timestamp, {there}", "maxResults": 3, **ISO_RANGE}
    rows = v2.post("/api/v2/search", json=body).json()["data"]
    assert len(rows) == 3
    assert all(row["there"] == row["Timestamp"] == row["list"][0] for row in rows)

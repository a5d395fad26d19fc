"""A session of the reference's command line tool, request by request, against the real program (mcp-and-cli.md §5)."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from program import ACCOUNT, LiveServer, call, send_one_log, serve, sign_up, wait_for_count

# As the tool's ClickHouse library sends them with every statement.
SENT = {
    "allow_experimental_analyzer": "1",
    "date_time_output_format": "iso",
    "wait_end_of_query": "0",
    "cancel_http_readonly_queries_on_client_close": "1",
    "output_format_json_quote_64bit_integers": "1",
    "query_plan_optimize_lazy_materialization": "1",
    "query_plan_max_limit_for_lazy_materialization": "100000",
    "use_skip_indexes_for_top_k": "1",
    "query_plan_max_limit_for_top_k_optimization": "100000",
    "use_skip_indexes_on_data_read": "1",
    "use_skip_indexes_for_disjunctions": "1",
    "enable_full_text_index": "1",
}
# How the tool's library takes an error apart.
ERROR = re.compile(
    r"(Code|Error): (?P<code>\d+).*Exception: (?P<message>.+)\((?P<type>(?=.+[A-Z]{3})[A-Z0-9_]+?)\)", re.DOTALL
)
ENDLESS = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serve(tmp_path_factory.mktemp("cli"), "--self-telemetry", "false") as server:
        cookie = sign_up(server)
        me = call("GET", f"{server.api_url}/me", cookie=cookie)[2]
        for number in range(3):
            send_one_log(server, me["team"]["apiKey"], f"order {number} failed")
        assert wait_for_count(server, me["accessKey"], 3) == 3
        yield server


@pytest.fixture(scope="module")
def tool(server: LiveServer) -> Iterator[httpx.Client]:
    """Signed in as the tool does it: the cookies of the login, the team it remembers, nothing else."""
    login = {"email": ACCOUNT["email"], "password": ACCOUNT["password"]}
    with httpx.Client(base_url=f"{server.app_url}/api", timeout=30) as client:
        reply = client.post("/login/password", json=login)
        assert reply.status_code == 303
        cookie = "; ".join(each.split(";")[0] for each in reply.headers.get_list("set-cookie"))
    headers = {"cookie": cookie, "user-agent": "hyperdx-tui/0.6.3"}
    with httpx.Client(base_url=f"{server.app_url}/api", timeout=30, headers=headers) as client:
        client.headers["x-hdx-team"] = client.get("/me").json()["team"]["id"]
        yield client


@pytest.fixture(scope="module")
def connection(tool: httpx.Client) -> str:
    return str(tool.get("/connections").json()[0]["id"])


def ask(tool: httpx.Client, connection: str, text: str, method: str = "POST", **sent: str) -> httpx.Response:
    headers = {"x-hyperdx-connection-id": connection, "content-type": "text/plain"}
    params = {"query_id": "c1", "default_format": "JSONEachRow", **SENT, **sent}
    content = text if method == "POST" else None
    return tool.request(method, "/clickhouse-proxy/", params=params, headers=headers, content=content)


def test_a_wrong_password_is_noticed_by_who_one_is(server: LiveServer) -> None:
    with httpx.Client(base_url=f"{server.app_url}/api") as client:
        reply = client.post("/login/password", json={"email": ACCOUNT["email"], "password": "Wrong-Horse-1"})
        assert (reply.status_code, reply.headers["location"]) == (303, "/login?err=authFail")
        assert client.get("/me").status_code == 401


@pytest.mark.parametrize(
    "path", ["me", "sources", "connections", "dashboards", "alerts", "saved-searches", "iac/import-manifest"]
)
def test_without_a_session_everything_is_401_and_no_redirect(server: LiveServer, path: str) -> None:
    assert call("GET", f"{server.app_url}/api/{path}")[0] == 401
    assert call("POST", f"{server.app_url}/api/clickhouse-proxy/?query=SELECT%201")[0] == 401


def test_who_one_is_and_what_there_is(tool: httpx.Client) -> None:
    me = tool.get("/me").json()
    assert me["teams"] == [{"id": me["team"]["id"], "name": me["team"]["name"]}]
    sources = tool.get("/sources").json()
    assert {each["kind"] for each in sources} == {"log", "trace", "metric", "session"}
    for each in sources:
        assert each["_id"] == each["id"]
        assert each["connection"] == tool.get("/connections").json()[0]["_id"]
        assert set(each["from"]) == {"databaseName", "tableName"}
    assert tool.get("/alerts").json() == {"data": []}
    assert tool.get("/saved-searches").json() == tool.get("/saved-search").json() == []
    assert tool.get("/dashboards").json() == []


def test_a_source_is_opened(tool: httpx.Client, connection: str) -> None:
    """What the library asks before the first search, and the search."""
    named = {"param_HYPERDX_PARAM_1": "default", "param_HYPERDX_PARAM_2": "otel_logs"}
    table = "{HYPERDX_PARAM_1:Identifier}.{HYPERDX_PARAM_2:Identifier}"
    created = ask(tool, connection, "SHOW CREATE TABLE default.otel_logs").json()
    assert created["statement"].startswith("CREATE TABLE default.otel_logs")
    columns = ask(tool, connection, f"DESCRIBE {table} FORMAT JSON", **named).json()
    assert columns["data"][0]["name"] == "Timestamp"
    known = ask(tool, connection, "SELECT name, value FROM system.settings WHERE name IN ({n:Array(String)})",
                param_n="['max_threads','readonly']")  # fmt: skip
    assert len(known.text.splitlines()) == 2
    where = "WHERE database = {HYPERDX_PARAM_1:String} AND name = {HYPERDX_PARAM_2:String}"
    about = ask(tool, connection, f"SELECT engine, sorting_key FROM system.tables {where} FORMAT JSON", **named).json()
    assert about["data"][0]["engine"] == "MergeTree"
    searched = "SELECT Timestamp, Body FROM default.otel_logs ORDER BY Body"
    tail = "SETTINGS optimize_read_in_order = 0, max_execution_time = 10 FORMAT JSONCompactEachRowWithNamesAndTypes"
    rows = ask(tool, connection, f"{searched} {tail}")
    names, _, first, *_ = map(json.loads, rows.text.splitlines())
    assert names == ["Timestamp", "Body"]
    assert (first[0][-1], first[1]) == ("Z", "order 0 failed")


def test_a_chart_is_drawn(tool: httpx.Client, connection: str) -> None:
    text = (
        "SELECT count() AS n, toStartOfInterval(toDateTime(Timestamp), INTERVAL 1 hour) AS t FROM default.otel_logs "
        "WHERE Timestamp >= fromUnixTimestamp64Milli({since:Int64}) AND lower(SeverityText) = {level:String} "
        "GROUP BY t ORDER BY t FORMAT JSON"
    )
    reply = ask(tool, connection, text, param_since="0", param_level="error")
    assert reply.status_code == 200, reply.text
    assert sum(int(row["n"]) for row in reply.json()["data"]) == 3
    assert isinstance(reply.json()["data"][0]["n"], str)


def test_the_answer_is_labelled_as_clickhouse_labels_it(tool: httpx.Client, connection: str) -> None:
    reply = ask(tool, connection, "SELECT 1 AS a")
    assert (reply.text, reply.headers["content-type"]) == ('{"a":1}\n', "application/x-ndjson; charset=UTF-8")
    assert reply.headers["x-clickhouse-query-id"] == "c1"
    assert reply.headers["x-clickhouse-format"] == "JSONEachRow"
    assert json.loads(reply.headers["x-clickhouse-summary"])["read_rows"] == "1"
    counted = ask(tool, connection, "SELECT count() AS n FROM numbers(1000)")
    summary = json.loads(counted.headers["x-clickhouse-summary"])
    assert (counted.json(), summary["read_rows"], summary["read_bytes"]) == ({"n": "1000"}, "1000", "8000")
    assert ask(tool, connection, "", method="GET", query="SELECT 1 AS a").json() == {"a": 1}
    assert ask(tool, connection, "SELECT 1", default_format="").text == "1\n"
    assert tool.get("/clickhouse-proxy/ping").text == "Ok.\n"


@pytest.mark.parametrize(
    ("text", "status", "code", "kind"),
    [
        ("SELECT nothing FROM otel_logs", 404, 47, "UNKNOWN_IDENTIFIER"),
        ("SELECT * FROM nowhere", 404, 60, "UNKNOWN_TABLE"),
        ("SELEC 1", 400, 62, "SYNTAX_ERROR"),
        ("SELECT throwIf(1)", 403, 497, "ACCESS_DENIED"),
        ("SELECT * FROM system.processes", 403, 497, "ACCESS_DENIED"),
        ("SELECT * FROM clickstack_migrations", 403, 497, "ACCESS_DENIED"),
        ("INSERT INTO otel_logs (Body) VALUES ('x')", 403, 497, "ACCESS_DENIED"),
        ("SELECT 1 FORMAT Protobuf", 400, 36, "BAD_ARGUMENTS"),
        ("SELECT {missing:String}", 400, 456, "UNKNOWN_QUERY_PARAMETER"),
        ("", 400, 62, "SYNTAX_ERROR"),
    ],
)
def test_errors_read_as_the_engines(
    tool: httpx.Client, connection: str, text: str, status: int, code: int, kind: str
) -> None:
    reply = ask(tool, connection, text)
    found = ERROR.search(reply.text)
    assert found, reply.text
    assert (reply.status_code, int(found["code"]), found["type"]) == (status, code, kind)
    assert reply.headers["x-clickhouse-exception-code"] == str(code)


@pytest.mark.parametrize(
    "sent", [{"additional_table_filters": "{}"}, {"compress": "1"}, {"database": "system"}, {"format_schema": "x:y"}]
)
def test_what_may_not_be_set_is_said(tool: httpx.Client, connection: str, sent: dict[str, str]) -> None:
    reply = ask(tool, connection, "SELECT 1", **sent)
    assert (reply.status_code, next(iter(sent)) in reply.text) == (400, True)


def test_the_connection_is_named_in_a_header(tool: httpx.Client) -> None:
    reply = tool.post("/clickhouse-proxy/", content="SELECT 1")
    assert (reply.status_code, reply.json()["type"]) == (400, "Headers")
    assert reply.json()["errors"]["issues"][0]["path"] == ["x-hyperdx-connection-id"]
    reply = ask(tool, "0" * 24, "SELECT 1")
    assert (reply.status_code, reply.text) == (404, "Connection not found")
    made = {"name": "Away", "host": "https://93.184.216.34:8443", "username": "default"}
    away = tool.post("/connections", json=made).json()["id"]
    assert "leads to another server" in ask(tool, away, "SELECT 1").text
    tool.delete(f"/connections/{away}")


def test_a_statement_nobody_waits_for_is_stopped(tool: httpx.Client, connection: str) -> None:
    """More of them than there are places: were they left running, the last would not get one."""
    for _ in range(3):
        with pytest.raises(httpx.ReadTimeout):
            tool.post(
                "/clickhouse-proxy/",
                params={"default_format": "TSV"},
                headers={"x-hyperdx-connection-id": connection},
                content=ENDLESS,
                timeout=0.5,
            )
    began_s = time.monotonic()
    assert ask(tool, connection, "SELECT 1 AS a").json() == {"a": 1}
    assert time.monotonic() - began_s < 20


def test_the_time_a_team_gives_its_queries_holds(tool: httpx.Client, connection: str) -> None:
    assert tool.patch("/team/clickhouse-settings", json={"queryTimeout": 1}).json() == {"queryTimeout": 1}
    reply = ask(tool, connection, ENDLESS)
    found = ERROR.search(reply.text)
    assert found, reply.text
    assert (reply.status_code, found["type"]) == (504, "TIMEOUT_EXCEEDED")
    logs = next(each["id"] for each in tool.get("/sources").json() if each["kind"] == "log")
    body: dict[str, Any] = {"sourceId": logs, "where": f"0 = ({ENDLESS})", "whereLanguage": "sql"}
    frames = tool.post("/search", json={**body, "startTime": 0, "endTime": 4_000_000_000_000}).text.splitlines()
    assert json.loads(frames[-1])["code"] == "query_timeout"
    assert tool.patch("/team/clickhouse-settings", json={"queryTimeout": None}).json() == {"queryTimeout": None}


def test_the_rows_a_team_wants_to_see_are_shown(tool: httpx.Client) -> None:
    logs = next(each["id"] for each in tool.get("/sources").json() if each["kind"] == "log")
    body = {"sourceId": logs, "startTime": 0, "endTime": 4_000_000_000_000}

    def shown() -> int:
        return len(json.loads(tool.post("/search", json=body).text.splitlines()[-1])["rows"])

    assert shown() == 3
    assert tool.patch("/team/clickhouse-settings", json={"searchRowLimit": 2}).status_code == 200
    assert shown() == 2
    assert tool.get("/me").json()["team"]["searchRowLimit"] == 2
    assert tool.patch("/team/clickhouse-settings", json={"searchRowLimit": None}).status_code == 200

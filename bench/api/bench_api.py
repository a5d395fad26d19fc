"""How long the real server takes over large dashboards, and over many.

    python bench/api/bench_api.py [--dashboards 10000] [--repeats 30]

Requests go over one kept connection from this process, so the socket and this process' reading are in the figures; the
processor time of the server stands beside them, for machines that have other things to do. The large dashboard has 500
tiles of several displays, a fifth of them raw SQL with macros; the many have three tiles each.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from program import LiveServer, call, serve, sign_up

PATH = "/api/v2/dashboards"
TILES = 500
SQL = """SELECT $__timeInterval(Timestamp) AS ts, ServiceName, countIf(SeverityText = 'error') / count() AS errors
FROM $__sourceTable WHERE $__timeFilter(Timestamp) AND $__filters AND $__filter(env, $env)
GROUP BY ts, ServiceName ORDER BY ts"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dashboards", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder) / "data", "--self-telemetry", "false") as server:
        client = Client(server)
        sources = {each["kind"]: each for each in client.ask("GET", "/api/v2/sources")["data"]}
        large = body_of(sources, TILES)
        print(f"{'request':46}{'p50 ms':>9}{'p95 ms':>9}{'CPU ms':>9}{'KiB':>9}")
        shown = client.ask("POST", PATH, large)["data"]
        one = f"{PATH}/{shown['id']}"
        client.measure("POST validate, 500 tiles", options.repeats, "POST", f"{PATH}/validate", large)
        client.measure("POST, 500 tiles", options.repeats, "POST", PATH, large)
        client.measure("GET one, 500 tiles", options.repeats, "GET", one)
        client.measure("PUT one unchanged, 500 tiles", options.repeats, "PUT", one, shown)
        for each in client.ask("GET", PATH)["data"]:
            client.ask("DELETE", f"{PATH}/{each['id']}")
        client.ask("POST", PATH, body_of(sources, 3))
        multiply(server, options.dashboards)
        some = client.ask("GET", PATH)["data"][options.dashboards // 2]
        one, many = f"{PATH}/{some['id']}", f"{options.dashboards:,} stored"
        client.measure(f"GET list, {many}", options.repeats, "GET", PATH)
        client.measure(f"GET list gzipped, {many}", options.repeats, "GET", PATH, **{"accept-encoding": "gzip"})
        client.measure(f"GET one, 3 tiles, {many}", options.repeats, "GET", one)
        client.measure(f"PUT one, 3 tiles, {many}", options.repeats, "PUT", one, some)


class Client:
    def __init__(self, server: LiveServer) -> None:
        key = call("GET", f"{server.api_url}/me", cookie=sign_up(server))[2]["accessKey"]
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        self._process_id = server.process.pid
        self._connection = http.client.HTTPConnection("127.0.0.1", server.api_port)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        status, reply = self._exchange(method, path, None if body is None else json.dumps(body).encode(), {})
        assert status == 200, (status, reply[:300])
        return json.loads(reply)

    def measure(self, name: str, repeats: int, method: str, path: str, body: Any = None, **headers: str) -> None:
        sent = None if body is None else json.dumps(body).encode()
        taken_ms, size, cpu_s = [], 0, self._cpu_s()
        for _ in range(repeats):
            started = time.perf_counter()
            status, reply = self._exchange(method, path, sent, headers)
            taken_ms.append((time.perf_counter() - started) * 1000)
            assert status == 200, (status, reply[:300])
            size = max(len(reply), len(sent or b""))
        cpu_ms = (self._cpu_s() - cpu_s) * 1000 / repeats
        p95 = sorted(taken_ms)[int(len(taken_ms) * 0.95)]
        print(f"{name:46}{statistics.median(taken_ms):9.1f}{p95:9.1f}{cpu_ms:9.1f}{size / 1024:9,.0f}", flush=True)

    def _cpu_s(self) -> float:
        fields = Path(f"/proc/{self._process_id}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        self._connection.request(method, path, body, {**self._headers, **headers})
        reply = self._connection.getresponse()
        return reply.status, reply.read()


def body_of(sources: dict[str, Any], tiles: int) -> dict[str, Any]:
    env = {"type": "QUERY_EXPRESSION", "name": "env", "expression": "env", "isVariableEnabled": True}
    return {
        "name": "Large",
        "tags": ["bench"],
        "containers": [{"id": "c", "title": "Health", "collapsed": False}],
        "filters": [{**env, "sourceId": sources["log"]["id"]}],
        "tiles": [_tile(sources, number) for number in range(tiles)],
    }


def _tile(sources: dict[str, Any], number: int) -> dict[str, Any]:
    logs = sources["log"]
    count = {"aggFn": "count", "where": "SeverityText:error", "whereLanguage": "lucene", "alias": "errors"}
    average = {"aggFn": "avg", "valueExpression": "Duration", "numberFormat": {"output": "duration", "mantissa": 2}}
    built = {"sourceId": logs["id"], "select": [count, average]}
    configs: list[dict[str, Any]] = [
        {"displayType": "line", **built, "groupBy": "ServiceName", "formulas": [{"expression": "A / B * 100"}]},
        {"displayType": "table", **built, "groupBy": "ServiceName", "orderBy": "errors DESC"},
        {"displayType": "search", "sourceId": logs["id"], "select": "Timestamp, Body", "where": "level:error"},
        {"displayType": "number", **built, "formulas": [{"expression": "A / B"}], "color": "chart-red"},
        {
            "configType": "sql",
            "displayType": "line",
            "connectionId": logs["connection"],
            "sourceId": logs["id"],
            "sqlTemplate": SQL,
        },
    ]
    place = {"x": number % 2 * 12, "y": number // 2 * 4, "w": 12, "h": 4}
    return {"name": f"Tile {number}", **place, "containerId": "c", "config": configs[number % len(configs)]}


def multiply(server: LiveServer, dashboards: int) -> None:
    """Copies of the only dashboard, made in the database: storing them one by one is not what is measured."""
    with sqlite3.connect(server.data_dir / "metadata.sqlite", timeout=30) as database:
        database.execute(
            "INSERT INTO dashboards (id, team_id, name, created_by, spec, revision, created_ms, updated_ms) "
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?) "
            "SELECT printf('%024x', n), team_id, printf('Dashboard %05d', (n * 7919) % 10007), created_by, spec, 1, "
            "created_ms, updated_ms FROM dashboards, n",
            (dashboards - 1,),
        )
    database.close()


if __name__ == "__main__":
    main()

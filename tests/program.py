"""The real program for tests: start it, ask it, send to it, as a person's own programs would."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STOP_S_MAX = 30.0  # a server stops in one or two seconds on a machine that has time for it
READY_S_MAX = 60.0  # and starts in three
ACCOUNT = {"email": "Ada@Example.com", "password": "Correct-Horse-1", "confirmPassword": "Correct-Horse-1"}


def call(method: str, url: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], Any]:
    """Status, headers and the decoded body of a request; redirects are not followed."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        url,
        data,
        {"content-type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}},
        method=method,
    )

    class NoRedirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    try:
        with urllib.request.build_opener(NoRedirect).open(request, timeout=20) as reply:
            status, fields, text = reply.status, dict(reply.headers), reply.read()
    except urllib.error.HTTPError as error:
        with error:
            status, fields, text = error.code, dict(error.headers), error.read()
    try:
        return status, fields, json.loads(text)
    except ValueError:
        return status, fields, text.decode(errors="replace")


def sign_up(server: LiveServer) -> str:
    """Create the first account; returns its session cookie."""
    status, fields, body = call("POST", f"{server.api_url}/register/password", ACCOUNT)
    assert (status, body) == (200, {"status": "success"})
    return fields["set-cookie"].split(";")[0]


@dataclass(frozen=True)
class LiveServer:
    """A running `clickstack serve` of its own, with an empty data directory."""

    app_url: str
    api_url: str
    otlp_http_url: str
    otlp_grpc_target: str
    data_dir: Path
    process: subprocess.Popen[bytes]

    @property
    def api_port(self) -> int:
        return int(self.api_url.rsplit(":", 1)[1])


@contextlib.contextmanager
def serve(data_dir: Path, *extra: str, ports: tuple[int, ...] | None = None) -> Iterator[LiveServer]:
    """Run the real program until the block ends; it must be ready in time and stop on SIGTERM."""
    app, api, http, grpc = ports or free_ports(4)
    command = [
        *(sys.executable, "-m", "clickstack", "serve", "--data-dir", str(data_dir), "--app-port", str(app)),
        *("--api-requests-per-minute", "100000"),  # tests ask until they see; an option given later wins
        *("--api-port", str(api), "--otlp-http-port", str(http), "--otlp-grpc-port", str(grpc), *extra),
    ]
    log = data_dir.parent / f"{data_dir.name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=clean_environment())
    server = LiveServer(
        f"http://127.0.0.1:{app}",
        f"http://127.0.0.1:{api}",
        f"http://127.0.0.1:{http}",
        f"127.0.0.1:{grpc}",
        data_dir,
        process,
    )
    try:
        _wait_until_ready(server, log)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(STOP_S_MAX)
        finally:
            process.kill()
            process.wait(STOP_S_MAX)


def killed_after(limit_s: float, *processes: subprocess.Popen[Any]) -> contextlib.AbstractContextManager[None]:
    """Whoever waits for the processes in the block waits no longer than this: then they are killed."""
    return unless_done_after(limit_s, lambda: [process.kill() for process in processes])


@contextlib.contextmanager
def unless_done_after(limit_s: float, act: Callable[[], object]) -> Iterator[None]:
    """A block, and what is done beside it when it takes longer than this."""
    timer = threading.Timer(limit_s, act)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def clean_environment() -> dict[str, str]:
    """The environment without settings of the person who runs the tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("CLICKSTACK_", "OTEL_"))}


def free_ports(count: int) -> tuple[int, ...]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = tuple(each.getsockname()[1] for each in sockets)
    for each in sockets:
        each.close()
    return ports


def _wait_until_ready(server: LiveServer, log: Path) -> None:
    deadline = time.monotonic() + READY_S_MAX
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{server.api_url}/ready", timeout=5) as reply:
            if reply.status == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"the server did not become ready:\n{log.read_text(errors='replace')[-4000:]}")


def send_one_log(server: LiveServer, ingestion_key: str, body: str, severity: str = "error") -> None:
    record = {"timeUnixNano": str(time.time_ns()), "severityText": severity, "body": {"stringValue": body}}
    request = {"resourceLogs": [{"resource": {"attributes": []}, "scopeLogs": [{"logRecords": [record]}]}]}
    status, _, reply = call("POST", f"{server.otlp_http_url}/v1/logs", request, authorization=ingestion_key)
    assert status == 200, reply


def count_logs(server: LiveServer, access_key: str, where: str = "") -> int:
    """Logs of the last hour, asked like any API client would."""
    bearer = f"Bearer {access_key}"
    sources = call("GET", f"{server.api_url}/api/v2/sources", authorization=bearer)[2]["data"]
    logs = next(source["id"] for source in sources if source["name"] == "Logs")
    now_ms = time.time_ns() // 1_000_000
    status, _, reply = call(
        "POST", f"{server.api_url}/api/v2/charts/series",
        {"startTime": now_ms - 3_600_000, "endTime": now_ms + 60_000, "granularity": "1h",
         "series": [{"sourceId": logs, "aggFn": "count", "where": where, "groupBy": []}]},
        authorization=bearer,
    )  # fmt: skip
    assert status == 200, reply
    return sum(row["series_0.data"] for row in reply["data"])


def wait_for_count(server: LiveServer, access_key: str, count: int, where: str = "") -> int:
    deadline = time.monotonic() + 60
    while (found := count_logs(server, access_key, where)) < count and time.monotonic() < deadline:
        time.sleep(0.1)
    return found

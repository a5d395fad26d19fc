"""The program as a person starts it: what stops it from starting, how it stops, and what a restart keeps."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from clickstack.server.data_directory import locked_data_directory
from program import (
    STOP_S_MAX,
    LiveServer,
    call,
    clean_environment,
    free_ports,
    send_one_log,
    serve,
    sign_up,
    wait_for_count,
)


def run_to_the_end(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "clickstack", *arguments],
        capture_output=True, text=True, timeout=120, check=False, env={**clean_environment(), **environ},
    )  # fmt: skip


def start_on_free_ports(data_dir: Path, *extra: str) -> subprocess.CompletedProcess[str]:
    options = [
        f"--{name}-port={port}"
        for name, port in zip(("app", "api", "otlp-http", "otlp-grpc"), free_ports(4), strict=True)
    ]
    return run_to_the_end("serve", f"--data-dir={data_dir}", *options, *extra)


def assert_one_line_refusal(done: subprocess.CompletedProcess[str], *says: str) -> None:
    assert done.returncode == 1
    refusals = [line for line in done.stderr.splitlines() if line.startswith("clickstack: ")]
    assert len(refusals) == 1, done.stderr
    assert "Traceback" not in done.stderr
    for text in says:
        assert text in refusals[0]


@contextlib.contextmanager
def occupied_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


@pytest.mark.parametrize("option", ["--app-port", "--api-port", "--otlp-http-port", "--otlp-grpc-port"])
def test_a_port_in_use_is_named_with_its_option(tmp_path: Path, option: str) -> None:
    with occupied_port() as port:
        assert_one_line_refusal(start_on_free_ports(tmp_path, f"{option}={port}"), f"Port {port}", option)


def test_a_data_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert_one_line_refusal(start_on_free_ports(tmp_path / "file" / "data"), "cannot be written")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a file that is always full")
def test_a_full_disk_is_not_met_at_the_lock(tmp_path: Path) -> None:
    """Who needs room says so in one line; the number of the process is only a courtesy."""
    (tmp_path / "lock").symlink_to("/dev/full")
    with locked_data_directory(tmp_path) as held:
        assert held == tmp_path.resolve()


def test_an_unknown_setting_refuses_to_start() -> None:
    assert_one_line_refusal(
        run_to_the_end("serve", CLICKSTACK_APP_PROT="1"), "CLICKSTACK_APP_PROT", "CLICKSTACK_APP_PORT"
    )


def test_an_unreadable_metadata_database(tmp_path: Path) -> None:
    (tmp_path / "metadata.sqlite").write_bytes(b"this is not a database at all" * 100)
    assert_one_line_refusal(start_on_free_ports(tmp_path), "metadata")


def test_an_engine_that_cannot_open(tmp_path: Path) -> None:
    (tmp_path / "engine").write_text("a file where a directory should be")
    assert_one_line_refusal(start_on_free_ports(tmp_path), "engine")


@pytest.mark.parametrize("name", ["{a,b}", "a?b", "a&b", "a:b", "a\\b", "a*b"])
def test_a_data_directory_that_the_engine_would_take_for_another(tmp_path: Path, name: str) -> None:
    """As a pattern it fits no file, so that every load would succeed and store nothing."""
    assert_one_line_refusal(start_on_free_ports(tmp_path / name), "takes no path", name)


def test_a_spool_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "spool" / "logs" / "6a.segment").mkdir(parents=True)
    assert_one_line_refusal(start_on_free_ports(tmp_path), "spool", "6a.segment")


def test_an_unreachable_host_to_listen_on(tmp_path: Path) -> None:
    assert_one_line_refusal(start_on_free_ports(tmp_path, "--host=203.0.113.1"), "203.0.113.1")


def test_two_servers_on_one_directory(live_server: LiveServer) -> None:
    refusal = start_on_free_ports(live_server.data_dir)
    assert_one_line_refusal(refusal, "in use by another ClickStack", str(live_server.process.pid), "--data-dir")
    assert call("GET", f"{live_server.api_url}/ready")[0] == 200


def test_health_and_readiness(live_server: LiveServer) -> None:
    assert call("GET", f"{live_server.api_url}/health")[2]["data"] == "OK"
    assert call("GET", f"{live_server.api_url}/ready")[2]["data"] == "OK"


@pytest.mark.parametrize("key", [None, "Bearer no-such-key-17", "no-such-key-17"])
def test_a_missing_or_wrong_key_is_401_on_every_port(live_server: LiveServer, key: str | None) -> None:
    headers = {"authorization": key} if key else {}
    for url in (
        f"{live_server.api_url}/api/v2/sources",
        f"{live_server.app_url}/api/me",
        f"{live_server.app_url}/api/api/v2/sources",
    ):
        status, fields, body = call("GET", url, **headers)
        assert (status, "message" in body) == (401, True), url
    status, fields, body = call("POST", f"{live_server.otlp_http_url}/v1/logs", {}, **headers)
    assert (status, body["code"], "www-authenticate" in {name.lower() for name in fields}) == (401, 16, True)
    assert "no-such-key-17" not in json.dumps(body)
    with grpc.insecure_channel(live_server.otlp_grpc_target) as channel:
        export = channel.unary_unary("/opentelemetry.proto.collector.logs.v1.LogsService/Export")
        with pytest.raises(grpc.RpcError) as refused:
            export(b"", timeout=5, metadata=[("authorization", key)] if key else [])
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    """Within a few seconds: an idle client, who may stay for a minute, is not waited for."""
    with serve(tmp_path / "data") as server, socket.create_connection(("127.0.0.1", server.api_port)):
        server.process.send_signal(number)
        assert server.process.wait(STOP_S_MAX) == 0
    log = (tmp_path / "data.log").read_text()
    assert "Traceback" not in log
    assert '"stopped"' in log


def test_a_restart_keeps_accounts_keys_and_telemetry(tmp_path: Path) -> None:
    ports = free_ports(4)
    with serve(tmp_path / "data", "--self-telemetry", "false", ports=ports) as server:
        cookie = sign_up(server)
        me = call("GET", f"{server.api_url}/me", cookie=cookie)[2]
        send_one_log(server, me["team"]["apiKey"], "before the restart")
        server.process.send_signal(signal.SIGKILL)  # an acknowledged log survives even this
        server.process.wait(STOP_S_MAX)
    with serve(tmp_path / "data", "--self-telemetry", "false", ports=ports) as server:
        assert call("GET", f"{server.api_url}/me", cookie=cookie)[2]["accessKey"] == me["accessKey"]
        assert call("GET", f"{server.api_url}/team", cookie=cookie)[2]["apiKey"] == me["team"]["apiKey"]
        assert wait_for_count(server, me["accessKey"], 1) == 1


def test_the_data_directory_is_private(fresh_server: LiveServer) -> None:
    assert fresh_server.data_dir.stat().st_mode & 0o077 == 0


def test_fluent_forward_listens_when_it_is_enabled(tmp_path: Path) -> None:
    """The server's greeting, with the options a client answers to (docs/protocols.md)."""
    (port,) = free_ports(1)
    with serve(tmp_path / "data", "--fluent-port", str(port), "--fluent-shared-key", "shared-secret"):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            assert b"HELO" in client.recv(4096)
        assert_one_line_refusal(
            start_on_free_ports(tmp_path / "other", f"--fluent-port={port}"), str(port), "--fluent-port"
        )

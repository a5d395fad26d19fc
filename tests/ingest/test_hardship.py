"""The real server when its disk is full or read-only, when its engine refuses, and when it is killed.

Nothing acknowledged is lost or stored twice, refusals say when to come back, and no hand is needed afterwards.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import httpx
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from ingest.requests import logs
from program import LiveServer, free_ports, serve
from threads import joined

KEY = "key-of-the-settings"
OPTIONS = ("--ingestion-api-key", KEY, "--self-telemetry", "false", "--engine-memory-mb", "1024")
PROTOBUF = {"authorization": KEY, "content-type": "application/x-protobuf"}
LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
COUNT = Path(__file__).with_name("crash_child.py")
PATIENCE_S = 60.0  # a load is tried again after at most half of it


def test_what_the_killed_server_acknowledged_is_stored_once(tmp_path: Path, cycles: int) -> None:
    """kill -9 of the whole program under load over both transports; the next start picks up what was left."""
    ports = free_ports(4)
    acknowledged: list[str] = []
    for cycle in range(max(1, cycles // 3)):  # a whole server takes longer to start than its ingest room alone
        with contextlib.suppress(AssertionError), serve(tmp_path / "data", *OPTIONS, ports=ports) as server:
            senders = [
                threading.Thread(target=send_until_refused, args=(send, server, f"{cycle}-{name}", acknowledged))
                for name, send in (("http", send_http), ("grpc", send_grpc), ("http2", send_http))
            ]
            for sender in senders:
                sender.start()
            time.sleep(1.5 + cycle % 3)  # amid loads, with a backlog
            server.process.send_signal(signal.SIGKILL)
            joined(*senders)
    assert len(acknowledged) > 50
    assert_stored_once(tmp_path / "data", acknowledged)


def test_a_disk_that_takes_no_byte_more(tmp_path: Path) -> None:
    """No file of the process may grow, as on a full disk: senders are told to come back, and then are served."""
    with serve(tmp_path / "data", *OPTIONS) as server:
        assert send_http(server, "before") == 200
        wait_until(lambda: metric(server, "queued_records") == 0)
        pid = server.process.pid
        limit = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, limit[1]))
        assert_told_to_come_back(server)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)
        wait_until(lambda: send_http(server, "after") == 200)
        wait_until(lambda: metric(server, "queued_records") == 0)
    assert_stored_once(tmp_path / "data", ["before", "after"])


@pytest.fixture
def mounted() -> Iterator[Callable[[Path, str], None]]:
    """Mounts small disks of memory, or mounts them anew with other options."""
    disks: list[Path] = []

    def mount(path: Path, options: str) -> None:
        path.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "none", str(path)],
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
        if done.returncode:
            pytest.skip(f"mounting needs root, and the right to: {done.stderr.strip()}")
        if path not in disks:
            disks.append(path)

    yield mount
    for path in disks:
        subprocess.run(["umount", "-l", str(path)], check=True, timeout=30)


def test_a_full_disk(tmp_path: Path, mounted: Callable[[Path, str], None]) -> None:
    """Everything on one disk of which nothing is left: engine, spool and metadata fail together, and recover."""
    data_dir = tmp_path / "data"
    mounted(data_dir, "size=400m")
    with serve(data_dir, *OPTIONS) as server:
        assert send_http(server, "before") == 200
        fill(data_dir / "ballast")
        acknowledged = [name for name in (f"during-{number}" for number in range(40)) if send_http(server, name) == 200]
        assert_told_to_come_back(server)
        (data_dir / "ballast").unlink()
        wait_until(lambda: send_http(server, "after") == 200)
        wait_until(lambda: metric(server, "queued_records") == 0)
    assert_stored_once(data_dir, ["before", *acknowledged, "after"])


def test_a_spool_that_can_only_be_read(tmp_path: Path, mounted: Callable[[Path, str], None]) -> None:
    data_dir = tmp_path / "data"
    mounted(data_dir / "spool", "size=64m")
    with serve(data_dir, *OPTIONS) as server:
        assert send_http(server, "before") == 200
        wait_until(lambda: metric(server, "queued_records") == 0)
        wait_until(lambda: not list((data_dir / "spool" / "logs").iterdir()))
        mounted(data_dir / "spool", "remount,ro")
        assert_told_to_come_back(server)
        mounted(data_dir / "spool", "remount,rw")
        wait_until(lambda: send_http(server, "after") == 200)
        wait_until(lambda: metric(server, "queued_records") == 0)
    assert_stored_once(data_dir, ["before", "after"])


def test_an_engine_that_refuses_for_a_while(tmp_path: Path, mounted: Callable[[Path, str], None]) -> None:
    """The engine's disk is full, the spool's is not: everything is acknowledged, waits, and is loaded in the end."""
    data_dir = tmp_path / "data"
    mounted(data_dir / "engine", "size=300m")
    with serve(data_dir, *OPTIONS) as server:
        assert send_http(server, "before") == 200
        wait_until(lambda: metric(server, "queued_records") == 0)
        fill(data_dir / "engine" / "ballast")
        names = [f"during-{number}" for number in range(30)]
        assert [send_http(server, name) for name in names] == [200] * len(names)
        wait_until(lambda: metric(server, "failed_loads_total") > 0)
        assert metric(server, "queued_records") > 0
        (data_dir / "engine" / "ballast").unlink()
        wait_until(lambda: metric(server, "queued_records") == 0)
        assert metric(server, "dead_letter_records_total") == 0
    assert_stored_once(data_dir, ["before", *names])


def body_of(name: str) -> bytes:
    """As the counting child knows them: twenty records and a replay."""
    now_ns = time.time_ns()
    records = logs([f"{name}/{index}" for index in range(20)], days=3, start_ns=now_ns)
    return records + logs([f"{name}/replay"], session=True, start_ns=now_ns)


def send_http(server: LiveServer, name: str) -> int:
    reply = httpx.post(f"{server.otlp_http_url}/v1/logs", content=body_of(name), headers=PROTOBUF, timeout=20)
    return reply.status_code


def send_grpc(server: LiveServer, name: str) -> int:
    with grpc.insecure_channel(server.otlp_grpc_target) as channel:
        channel.unary_unary(LOGS)(body_of(name), metadata=(("authorization", KEY),), timeout=20)
    return 200


def send_until_refused(
    send: Callable[[LiveServer, str], int], server: LiveServer, sender: str, acknowledged: list[str]
) -> None:
    number = 0
    with contextlib.suppress(httpx.HTTPError, grpc.RpcError):
        while send(server, name := f"{sender}-{number}") == 200:
            acknowledged.append(name)
            number += 1


def assert_told_to_come_back(server: LiveServer) -> None:
    reply = httpx.post(f"{server.otlp_http_url}/v1/logs", content=body_of("refused"), headers=PROTOBUF, timeout=20)
    assert (reply.status_code, Status.FromString(reply.content).code) == (503, 14)
    assert int(reply.headers["retry-after"]) > 0
    with pytest.raises(grpc.RpcError) as refusal:
        send_grpc(server, "refused")
    assert refusal.value.code() is grpc.StatusCode.UNAVAILABLE
    (details,) = [value for key, value in refusal.value.trailing_metadata() if key == "grpc-status-details-bin"]
    retry = RetryInfo()
    assert Status.FromString(details).details[0].Unpack(retry)
    assert retry.retry_delay.seconds > 0


def assert_stored_once(data_dir: Path, acknowledged: list[str]) -> None:
    """Opened once more, by another process: what is left in the spool is loaded first."""
    environment = {**os.environ, "PYTHONPATH": str(COUNT.parent.parent)}
    done = subprocess.run(
        [sys.executable, str(COUNT), "count", str(data_dir)],
        capture_output=True, text=True, check=False, env=environment, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    stored = json.loads(done.stdout)["stored"]
    lost = [name for name in acknowledged for part in (*range(20), "replay") if f"{name}/{part}" not in stored]
    doubled = {body: count for body, count in stored.items() if count != 1}
    assert (lost, doubled) == ([], {})


def metric(server: LiveServer, name: str) -> float:
    with urllib.request.urlopen(f"{server.api_url}/metrics", timeout=10) as reply:
        text = reply.read().decode()
    wanted = f'clickstack_ingest_{name}{{signal="logs"}} '
    return next(float(line.removeprefix(wanted)) for line in text.splitlines() if line.startswith(wanted))


def wait_until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def fill(path: Path) -> None:
    """Write until the disk is full, to the last byte."""
    with path.open("wb", buffering=0) as file:
        for size in (1_000_000, 1_000, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))

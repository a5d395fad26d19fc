"""The whole program with its metadata on PostgreSQL: it works, it outlives the database, and another takes its work."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from alerts.receiver import receiver
from clickstack.core.clock import SystemClock
from clickstack.core.ids import RandomIds
from clickstack.core.limits import ALERT_LEASE_MS, ALERT_ROUND_EVERY_S, DELIVERY_ROUND_EVERY_S
from clickstack.core.records import Author
from clickstack.core.webhook import Webhook
from clickstack.metadata import Metadata, Notification, open_metadata
from postgres import PostgreSQL
from program import LiveServer, call, killed_after, send_one_log, serve, sign_up, wait_for_count

on_postgresql = pytest.mark.parametrize("metadata_url", ["postgresql"], indirect=True)


LEASE_MS = 2_000  # instead of ALERT_LEASE_MS, which nobody wants to wait for


def wait_until(done: Callable[[], bool], within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while not done():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.1)


def listed(server: LiveServer, key: str) -> tuple[int, dict[str, str], object]:
    return call("GET", f"{server.api_url}/api/v2/webhooks", authorization=f"Bearer {key}")


@on_postgresql
def test_the_program_outlives_its_database(metadata_url: str, postgres: PostgreSQL, tmp_path: Path) -> None:
    with serve(tmp_path / "data", "--metadata-url", metadata_url, "--self-telemetry", "false") as server:
        me = call("GET", f"{server.api_url}/me", cookie=sign_up(server))[2]
        key, ingestion_key = me["accessKey"], me["team"]["apiKey"]
        hook = {"name": "W", "service": "generic", "url": "https://hooks.example/1"}
        made = call("POST", f"{server.api_url}/api/v2/webhooks", hook, authorization=f"Bearer {key}")
        assert made[0] == 200, made
        send_one_log(server, ingestion_key, "before")
        assert not (tmp_path / "data" / "metadata.sqlite").exists()

        postgres.stop()
        try:
            status, fields, body = listed(server, key)
            assert (status, set(body)) == (503, {"message"})  # type: ignore[call-overload]
            assert int(fields["retry-after"]) > 0
            assert call("GET", f"{server.api_url}/ready")[0] == 503
            assert call("POST", f"{server.api_url}/login/password", {"email": "a@b.c", "password": "x"})[0] == 503
            send_one_log(server, ingestion_key, "while it is away")
        finally:
            postgres.start()
        wait_until(lambda: listed(server, key)[0] == 200)
        assert [each["name"] for each in listed(server, key)[2]["data"]] == ["W"]  # type: ignore[index]
        assert wait_for_count(server, key, 2) == 2

        postgres.stop()  # and it can be stopped while it is away
        try:
            server.process.terminate()
            assert server.process.wait(20) == 0
        finally:
            postgres.start()
    log = (tmp_path / "data.log").read_text()
    assert log.count("the metadata database does not answer") <= 3  # each time once, not for each request
    assert "Traceback" not in log, log


# --- two of them on one database ------------------------------------------------------------------------------------


@pytest.fixture
def metadata(metadata_url: str) -> Iterator[Metadata]:
    clock = SystemClock()
    opened = open_metadata(metadata_url, clock, RandomIds(clock))
    yield opened
    opened.close()


@contextmanager
def watching(url: str) -> Iterator[subprocess.Popen[str]]:
    """A process that delivers, unless another does."""
    child = subprocess.Popen(
        [sys.executable, "-m", "metadata.watch_child", url, str(LEASE_MS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    try:
        assert child.stdout is not None
        with killed_after(60, child):
            assert child.stdout.readline() == "started\n"
        yield child
    finally:
        child.kill()
        child.communicate(timeout=30)


class Outbox:
    """Queues messages to a receiver."""

    def __init__(self, metadata: Metadata, url: str) -> None:
        self._metadata = metadata
        self._ids = RandomIds(SystemClock())
        self._team = metadata.installation.found("ada@example.com", "hash")[0].id
        hook = Webhook(self._ids.object_id(), self._team, "W", "generic", url)
        self._hook = metadata.webhooks.insert(hook, Author("system", "", ""), None).id
        self.queued: list[str] = []

    def add(self, count: int) -> None:
        for _ in range(count):
            name = f"message {len(self.queued)}"
            words = {
                "title": name,
                "body": "b",
                "link": "l",
                "state": "ALERT",
                "event_id": "e",
                "idempotency_key": name,
            }
            self.queued.append(name)
            self._metadata.notifications.add(
                Notification(
                    id=self._ids.object_id(),
                    team_id=self._team,
                    alert_id="a" * 24,
                    group="",
                    lane=name,
                    target={"type": "webhook", "webhookId": self._hook},
                    target_key="hook",
                    kind="fire",
                    words={**words, "start_ms": 0, "end_ms": 0, "values": {}},
                    created_ms=SystemClock().now_ns() // 1_000_000,
                )
            )


def test_another_goes_on_within_half_a_minute() -> None:
    assert ALERT_LEASE_MS / 1000 + DELIVERY_ROUND_EVERY_S + ALERT_ROUND_EVERY_S < 30


@on_postgresql
def test_one_delivers_and_when_it_is_killed_another_goes_on(metadata: Metadata, metadata_url: str) -> None:
    def done() -> bool:
        return metadata.notifications.waiting() == 0

    with receiver() as there, watching(metadata_url) as first:
        outbox = Outbox(metadata, there.url)
        outbox.add(5)
        wait_until(done)
        with watching(metadata_url):
            outbox.add(5)
            wait_until(done)
            first.kill()
            first.wait(30)
            outbox.add(5)
            wait_until(done)
    assert Counter(each.headers["idempotency-key"] for each in there.received) == Counter(outbox.queued)

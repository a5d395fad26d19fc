"""The demo account: created on an empty server of this machine, used again later, never forced on anybody."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from clickstack.core.clock import FixedClock
from clickstack.core.errors import StartupError
from clickstack.demo import account, demo_ingestion_key


class Api:
    """The few routes of a server that the demo asks, with accounts as e-mail → password."""

    def __init__(self) -> None:
        self.accounts: dict[str, str] = {}
        self.starting = 0  # answers 503 this many times
        self.url = ""

    def answer(self, method: str, path: str, body: Any, cookie: str | None) -> tuple[int, Any, str]:
        if path == "/installation":
            self.starting -= 1
            return (503, {}, "") if self.starting >= 0 else (200, {"isTeamExisting": bool(self.accounts)}, "")
        if path == "/register/password":
            assert body["password"] == body["confirmPassword"]
            self.accounts[body["email"]] = body["password"]
            return 200, {"status": "success"}, "session=" + body["email"]
        if path == "/login/password":
            right = self.accounts.get(body["email"]) == body["password"]
            return 303, {}, "session=" + body["email"] if right else ""
        assert (method, path) == ("GET", "/me")
        return (200, {"team": {"apiKey": "the-key"}}, "") if cookie else (401, {}, "")


@pytest.fixture
def api() -> Iterator[Api]:
    fake = Api()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length) or b"null")
            status, reply, cookie = fake.answer(self.command, self.path, body, self.headers.get("cookie"))
            text = json.dumps(reply).encode()
            self.send_response(status)
            if cookie:
                self.send_header("set-cookie", f"{cookie}; path=/")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_GET  # noqa: N815  (the name http.server looks for)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    fake.url = f"http://127.0.0.1:{server.server_port}"
    yield fake
    server.shutdown()
    server.server_close()


def test_an_empty_server_gets_the_demo_account(api: Api, clock: FixedClock) -> None:
    said: list[str] = []
    assert demo_ingestion_key(api.url, said.append, clock) == "the-key"
    assert list(api.accounts) == [account.EMAIL]
    assert account.EMAIL in said[0]
    assert "the-key" not in said[0]


def test_the_demo_account_is_used_again(api: Api, clock: FixedClock) -> None:
    for _ in range(2):
        assert demo_ingestion_key(api.url, lambda _: None, clock) == "the-key"
    assert len(api.accounts) == 1


def test_a_server_of_somebody_else_is_left_alone(api: Api, clock: FixedClock) -> None:
    api.accounts["ada@example.com"] = "secret"
    with pytest.raises(StartupError, match="--key"):
        demo_ingestion_key(api.url, lambda _: None, clock)
    assert list(api.accounts) == ["ada@example.com"]


def test_a_server_that_starts_is_waited_for(api: Api, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "_RETRY_S", 0.01)
    api.starting = 3
    assert demo_ingestion_key(api.url, lambda _: None, clock) == "the-key"


def test_waiting_ends(monkeypatch: pytest.MonkeyPatch, clock: FixedClock) -> None:
    monkeypatch.setattr(account, "_WAIT_S", 0.0)
    with pytest.raises(StartupError, match="does not answer"):
        demo_ingestion_key("http://127.0.0.1:9", lambda _: None, clock)


def test_no_known_password_on_another_machine(clock: FixedClock) -> None:
    with pytest.raises(StartupError, match="not on this machine"):
        demo_ingestion_key("https://obs.example.com", lambda _: None, clock)

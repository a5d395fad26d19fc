"""The API in this process: a client that speaks ASGI, over a fresh metadata database."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI

from clickstack.api import Services, create_api_app, create_app_app
from clickstack.auth import Auth, Passwords
from clickstack.core.clock import FixedClock
from clickstack.core.ids import RandomIds
from clickstack.core.settings import Settings
from clickstack.ingest import BOUNDS_S, DurationCounts, Ingest, KeyCounters, SignalCounters, SignalName
from clickstack.metadata import Metadata, open_metadata
from clickstack.store import IndexProfiles, Retention, Store

EMAIL, PASSWORD = "ada@example.com", "Correct-horse-1"
REGISTRATION = {"email": EMAIL, "password": PASSWORD, "confirmPassword": PASSWORD}

# Tests of what is kept in metadata: they run on SQLite and on PostgreSQL.
ON_BOTH_DATABASES = {
    "test_access_keys",
    "test_alerts",
    "test_audit",
    "test_dashboards",
    "test_dashboards_list",
    "test_idempotency",
    "test_saved_searches",
    "test_sources",
    "test_team",
    "test_ui_team",
    "test_webhooks",
}

ClientOf = Callable[..., httpx.Client]
Connect = Callable[..., httpx.Client]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "metadata_url" in metafunc.fixturenames and metafunc.module.__name__.rpartition(".")[2] in ON_BOTH_DATABASES:
        metafunc.parametrize("metadata_url", ["sqlite", "postgresql"], indirect=True)


class InProcess(httpx.BaseTransport):
    """Carries a blocking client's requests to an ASGI application. Redirects are not followed, errors not raised."""

    def __init__(self, app: Any, address: str) -> None:
        self._asgi = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(address, 12345))
        self._loop = asyncio.Runner()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._loop.run(self._exchange(request))

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        copy = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
        reply = await self._asgi.handle_async_request(copy)
        body = b"".join([piece async for piece in cast(httpx.AsyncByteStream, reply.stream)])
        return httpx.Response(reply.status_code, headers=reply.headers, stream=httpx.ByteStream(body))

    def close(self) -> None:
        self._loop.close()


class StandInStore:
    """As much of a Store as accounts need: whether it answers."""

    def __init__(self) -> None:
        self.up = True

    def ping(self) -> bool:
        return self.up


class StandInIngest:
    """As much of an Ingest as a reader of its counters needs."""

    def counters(self) -> dict[SignalName, SignalCounters]:
        nothing = DurationCounts((0,) * (len(BOUNDS_S) + 1), 0.0)
        idle = SignalCounters(0, 0, 0, 0, 0, 0, 0, 0, nothing, nothing)
        acks = DurationCounts((3, 0, 2, *nothing.counts[3:-1], 1), 31.5)  # up to 1 ms, up to 5 ms, longer than all
        return {
            "logs": SignalCounters(30, 4_500, 1, 6, 7, 20, 3, 2, acks, nothing),
            "traces": dataclasses.replace(idle, accepted=5, loaded=5),
            "metrics": idle,
        }

    def key_counters(self) -> list[KeyCounters]:
        named = KeyCounters("6900", "logs", accepted=12, bytes=1_800, rejected=1, rejected_records=6)
        return [named, KeyCounters("team", "logs", accepted=18, bytes=2_700, rejected=0)]

    def stray_requests(self) -> int:
        return 9

    def spool_bytes(self) -> int:
        return 4096


@pytest.fixture
def metadata(metadata_url: str, clock: FixedClock) -> Iterator[Metadata]:
    opened = open_metadata(metadata_url, clock, RandomIds(clock))
    yield opened
    opened.close()


@pytest.fixture
def services(metadata: Metadata, clock: FixedClock, tmp_path: Path) -> Services:
    ids = RandomIds(clock)
    auth = Auth(metadata, clock, ids, Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)))
    store, ingest = cast(Store, StandInStore()), cast(Ingest, StandInIngest())
    settings = Settings(data_dir=tmp_path)
    retention, profiles = Retention(store, settings), IndexProfiles(store, settings)
    return Services(settings, clock, ids, store, metadata, auth, ingest, retention, profiles, "1.2.3")


@pytest.fixture
def client_of() -> Iterator[ClientOf]:
    """Opens clients of any ASGI application: `client_of(app, port=8000, address="192.0.2.1")`."""
    clients: list[httpx.Client] = []

    def open_client(app: Any, port: int = 8000, address: str = "192.0.2.1") -> httpx.Client:
        clients.append(httpx.Client(transport=InProcess(app, address), base_url=f"http://localhost:{port}"))
        return clients[-1]

    yield open_client
    for client in clients:
        client.close()


@pytest.fixture
def connect(services: Services, client_of: ClientOf, tmp_path: Path) -> Connect:
    """Opens clients: of the API port, or with `app_port=True` of the app port; `settings` change the server's."""

    def open_client(
        *, app_port: bool = False, address: str = "192.0.2.1", ui: Path | None = None, **settings: Any
    ) -> httpx.Client:
        server = dataclasses.replace(services, settings=dataclasses.replace(services.settings, **settings))
        api = create_api_app(server)
        if not app_port:
            return client_of(api, server.settings.api_port, address)
        return client_of(create_app_app(server, api, ui or tmp_path / "no-ui"), server.settings.app_port, address)

    return open_client


@pytest.fixture
def api(connect: Connect) -> httpx.Client:
    """A stranger at the API port."""
    return connect()


@pytest.fixture
def person(api: httpx.Client) -> httpx.Client:
    """The first person, registered and signed in, at the API port."""
    assert api.post("/register/password", json=REGISTRATION).status_code == 200
    return api


@pytest.fixture
def access_key(person: httpx.Client) -> str:
    return str(person.get("/me").json()["accessKey"])


@pytest.fixture
def colleague(person: httpx.Client, connect: Connect) -> Callable[[str], httpx.Client]:
    """Invites a person and lets them in: `colleague("viewer")` is their browser, `<role>@example.com` their address."""

    def join(role: str) -> httpx.Client:
        invitation = {"email": f"{role}@example.com", "role": role}
        token = person.post("/team/invitation", json=invitation).json()["url"].partition("token=")[2]
        browser = connect()
        assert browser.post(f"/team/setup/{token}", data={"password": PASSWORD}).status_code == 303
        return browser

    return join


@pytest.fixture
def v2(connect: Connect, access_key: str) -> httpx.Client:
    """A program with the first person's access key, at the API port."""
    client = connect()
    client.headers["Authorization"] = f"Bearer {access_key}"
    return client


@pytest.fixture
def probe(services: Services, client_of: ClientOf, access_key: str) -> tuple[FastAPI, httpx.Client]:
    """The API with room for routes of a test, and a client with a key."""
    app = create_api_app(services)
    client = client_of(app)
    client.headers["Authorization"] = f"Bearer {access_key}"
    return app, client

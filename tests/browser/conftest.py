"""A real browser against a real server. Each test gets clean browser contexts and fails on any console error."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, expect

from browser.chromium import CLOSE_S_MAX, Chromium
from browser.screen import LOG_LINES, Account, wait_for_event
from clickstack.api.ui_files import UI_DIRECTORY
from program import LiveServer, call, send_one_log, serve, sign_up

TEST_S_MAX = 120.0
PATIENCE_MS = 30_000  # what is there is seen at once; what comes may come late on a busy machine
expect.set_options(timeout=PATIENCE_MS)

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server of one file's tests alone, so that its account and its events are known."""
    if not (UI_DIRECTORY / "index.html").exists():
        pytest.fail("The web UI is not built: run `make ui`.")
    with serve(tmp_path_factory.mktemp("browser") / "data", "--self-telemetry", "false") as server:
        yield server


@pytest.fixture(scope="module")
def account(server: LiveServer) -> Account:
    """Signed up, with one log line of each level stored."""
    cookie = sign_up(server)
    ingestion_key = call("GET", f"{server.app_url}/api/me", cookie=cookie)[2]["team"]["apiKey"]
    for severity, body in LOG_LINES.items():
        send_one_log(server, ingestion_key, body, severity)
    return Account(cookie, ingestion_key)


@pytest.fixture(scope="module")
def browsers(chromium: str) -> Iterator[Chromium]:
    """Not for the session: other tests want an event loop of their own in this thread."""
    opened = Chromium(chromium)
    yield opened
    opened.close()


@pytest.fixture
def browser(browsers: Chromium) -> Iterator[Browser]:
    opened = browsers.browser()
    with browsers.within(TEST_S_MAX):
        yield opened


@pytest.fixture
def open_page(browsers: Chromium, browser: Browser) -> Iterator[Open]:
    """Opens an address in a clean context; afterwards no page may have logged an error.

    Chromium logs every reply of 4xx by itself ("Failed to load resource"); pages handle those, so they do not count.
    """
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            problems.append(message.text)

    def open_page(url: str, *, theme: str = "dark", cookie: str = "", width: int = 1440) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="light" if theme == "light" else "dark",
            permissions=["clipboard-read", "clipboard-write"],
            reduced_motion="reduce",
        )
        contexts.append(context)
        if cookie:
            name, _, value = cookie.partition("=")
            context.add_cookies([{"name": name, "value": value, "url": url}])
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", note)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(url)
        return page

    yield open_page
    with browsers.within(CLOSE_S_MAX), contextlib.suppress(Error):
        for context in contexts:
            context.close()
    assert problems == []


@pytest.fixture
def search_page(server: LiveServer, account: Account, open_page: Open) -> Page:
    """The search page of the signed-in account, with its log lines on it."""
    page = open_page(f"{server.app_url}/search?range=1h", cookie=account.cookie)
    for body in LOG_LINES.values():
        wait_for_event(page, body)
    return page

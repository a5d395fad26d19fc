"""The interactive reference of the REST API: loads from this server alone, and its requests work."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.conftest import Open
from browser.screen import Account
from program import LiveServer, call

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("port", ["api", "app"])
def test_a_request_from_the_reference(server: LiveServer, account: Account, open_page: Open, port: str) -> None:
    key = call("GET", f"{server.api_url}/me", cookie=account.cookie)[2]["accessKey"]
    address = f"{server.api_url}/api/v2/docs" if port == "api" else f"{server.app_url}/api/api/v2/docs"
    page = open_page(address)
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.reload()

    page.get_by_role("button", name="Authorize").first.click()
    page.get_by_label("auth-bearer-value").fill(key)
    page.locator(".auth-btn-wrapper").get_by_role("button", name="Apply credentials").click()
    page.get_by_role("button", name="Close").last.click()
    page.locator("#operations-Sources-listSources").click()
    page.get_by_role("button", name="Execute").click()
    reply = page.locator("#operations-Sources-listSources .live-responses-table")
    expect(reply.locator(".response-col_status").last).to_contain_text("200")
    expect(reply).to_contain_text("otel_logs")
    assert hosts == {address.split("/")[2]}


def test_both_themes(server: LiveServer, open_page: Open) -> None:
    page = open_page(f"{server.api_url}/api/v2/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name=re.compile("^(Dark|Light)$")).click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before

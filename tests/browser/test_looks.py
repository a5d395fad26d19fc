"""Every page in both themes and at a narrow width: no console errors (open_page checks), no serious axe findings."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from browser.screen import Account, serious_violations, wait_for_event
from program import LiveServer

pytestmark = pytest.mark.browser
PAGES = {
    "/search?range=1h": "grid",
    "/team?tab=keys": "tabpanel",
    "/team?tab=team": "table",
    "/team?tab=sources": "tabpanel",
    "/nowhere": "heading",
}


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_signed_in_pages(theme: str, server: LiveServer, account: Account, open_page) -> None:
    page: Page = open_page(server.app_url, theme=theme, cookie=account.cookie)
    for path, role in PAGES.items():
        page.goto(server.app_url + path)
        if role == "grid":
            wait_for_event(page, "order 81724 placed")
            page.get_by_role("gridcell", name="order 81724 placed").click()
            expect(page.get_by_role("complementary", name="Event").get_by_text("SeverityNumber")).to_be_visible()
        expect(page.get_by_role(role).first).to_be_visible()
        assert serious_violations(page) == [], path


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_door(theme: str, server: LiveServer, account: Account, open_page) -> None:
    page: Page = open_page(f"{server.app_url}/login?err=authFail", theme=theme)
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert serious_violations(page) == []


def test_a_narrow_window(server: LiveServer, account: Account, open_page) -> None:
    page: Page = open_page(f"{server.app_url}/search?range=1h", cookie=account.cookie, width=1024)
    wait_for_event(page, "order 81724 placed")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.get_by_role("button", name="Expand navigation")).to_be_visible()


def test_a_chosen_theme_stays(server: LiveServer, account: Account, open_page) -> None:
    page: Page = open_page(f"{server.app_url}/team", cookie=account.cookie)
    page.get_by_role("button", name="@example.com").click()
    page.get_by_role("menuitem", name="Preferences").click()
    page.get_by_role("dialog").get_by_text("Light", exact=True).click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "light")

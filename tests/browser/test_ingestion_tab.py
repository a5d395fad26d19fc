"""Team Settings → Ingestion: counts, named keys, retention, indexes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from browser.screen import Account, serious_violations
from program import LiveServer, send_one_log

pytestmark = pytest.mark.browser


def open_tab(open_page, server: LiveServer, account: Account, theme: str = "dark") -> Page:
    page: Page = open_page(f"{server.app_url}/team?tab=ingestion", cookie=account.cookie, theme=theme)
    expect(page.get_by_role("region", name="Telemetry").get_by_role("row", name="logs").first).to_be_visible()
    return page


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_tab_can_be_read_by_everybody(theme: str, server: LiveServer, account: Account, open_page) -> None:
    page = open_tab(open_page, server, account, theme)
    expect(page.get_by_label("logs kept for")).to_have_value("30d")
    assert serious_violations(page) == []


def test_a_key_is_made_used_and_revoked(server: LiveServer, account: Account, open_page) -> None:
    page = open_tab(open_page, server, account)
    card = page.get_by_role("region", name="Named ingestion keys")
    card.get_by_label("Name of the new key").fill("checkout-service")
    card.get_by_role("button", name="Create key").click()
    expect(card.get_by_text("will not be shown again")).to_be_visible()
    card.get_by_role("button", name="Reveal key checkout-service").click()
    key = card.get_by_role("textbox", name="key checkout-service").input_value()
    send_one_log(server, key, "sent with a named key", "info")
    row = card.get_by_role("row", name="checkout-service")
    expect(row.get_by_role("cell").nth(4)).to_have_text("1")
    page.reload()
    expect(row).to_be_visible()
    expect(card.get_by_text("will not be shown again")).to_have_count(0)
    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke key").click()
    expect(row).to_have_count(0)


def test_retention_is_changed_after_a_question(server: LiveServer, account: Account, open_page) -> None:
    page = open_tab(open_page, server, account)
    card = page.get_by_role("region", name="Retention")
    replays = card.get_by_role("row", name="Session replays")
    for lifetime, outcome in (("1m", "an hour is the least"), ("60d", "Saved")):
        replays.get_by_label("kept for").fill(lifetime)
        replays.get_by_role("button", name="Save").click()
        page.get_by_role("dialog").get_by_role("button", name="Change retention").click()
        expect(replays.get_by_text(outcome)).to_be_visible()
    page.reload()
    expect(replays.get_by_label("kept for")).to_have_value("60d")


def test_indexes_are_changed_after_a_question(server: LiveServer, account: Account, open_page) -> None:
    page = open_tab(open_page, server, account)
    card = page.get_by_role("region", name="Search indexes")
    for profile in ("Bloom", "Text"):
        card.get_by_role("row", name="traces").get_by_text(profile).click()
        page.get_by_role("dialog").get_by_role("button", name="Change indexes").click()
        expect(card.get_by_role("row", name="traces").get_by_label(profile)).to_be_checked()
    expect(card.get_by_role("row", name="logs").get_by_label("Text")).to_be_checked()

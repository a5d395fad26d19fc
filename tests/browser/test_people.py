"""Team Settings: inviting and joining, roles, named access keys, sessions, the audit log; each tab readable by all."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from browser.screen import Account, serious_violations
from program import LiveServer, call

pytestmark = pytest.mark.browser

PASSWORD = "Correct-horse-1"


def open_tab(open_page, server: LiveServer, account: Account, tab: str, theme: str = "dark") -> Page:
    page: Page = open_page(f"{server.app_url}/team?tab={tab}", cookie=account.cookie, theme=theme)
    expect(page.get_by_role("tabpanel").first).to_be_visible()
    return page


def test_an_invited_person_joins_and_sees_what_their_role_may(server: LiveServer, account: Account, open_page) -> None:
    admin = open_tab(open_page, server, account, "team")
    card = admin.get_by_role("region", name="Invitations")
    card.get_by_label("Email of the person to invite").fill("grace@example.com")
    card.get_by_text("Viewer", exact=True).click()
    card.get_by_role("button", name="Invite", exact=True).click()
    row = card.get_by_role("row", name="grace@example.com")
    expect(row.get_by_text("viewer")).to_be_visible()
    row.get_by_role("button", name="Copy invitation link").click()
    link = str(admin.evaluate("navigator.clipboard.readText()"))

    guest: Page = open_page(server.app_url + link.partition(link.split("/join-team")[0])[2])
    expect(guest.get_by_text("You join as grace@example.com")).to_be_visible()
    assert serious_violations(guest) == []
    guest.get_by_label("Password", exact=True).fill(PASSWORD)
    guest.get_by_label("Confirm password").fill(PASSWORD)
    guest.get_by_role("button", name="Join").click()
    guest.wait_for_url("**/search**")
    guest.goto(f"{server.app_url}/team?tab=team")
    expect(guest.get_by_role("region", name="Members").get_by_role("row", name="grace@example.com")).to_be_visible()
    expect(guest.get_by_role("region", name="Invitations")).to_have_count(0)
    expect(guest.get_by_role("tab", name="Audit")).to_have_count(0)
    guest.get_by_role("tab", name="API Keys").click()
    expect(guest.get_by_role("region", name="Personal API Access Key")).to_be_visible()
    expect(guest.get_by_role("region", name="Ingestion API Key")).to_have_count(0)

    admin.reload()
    member = admin.get_by_role("region", name="Members").get_by_role("row", name="grace@example.com")
    member.get_by_text("Editor").click()
    expect(member.get_by_label("Editor")).to_be_checked()
    member.get_by_role("button", name="Remove").click()
    admin.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(member).to_have_count(0)
    guest.goto(f"{server.app_url}/search")
    guest.wait_for_url("**/login**")


def test_a_link_that_opens_nothing_says_so(server: LiveServer, account: Account, open_page) -> None:
    page: Page = open_page(f"{server.app_url}/join-team?token=forged")
    expect(page.get_by_text("Ask for another one")).to_be_visible()


def test_a_named_key_is_made_used_and_revoked(server: LiveServer, account: Account, open_page) -> None:
    page = open_tab(open_page, server, account, "keys")
    card = page.get_by_role("region", name="Named access keys")
    card.get_by_label("Name of the new access key").fill("wall screen")
    card.get_by_role("button", name="Create key").click()
    card.get_by_role("button", name="Reveal key wall screen").click()
    key = card.get_by_role("textbox", name="key wall screen").input_value()
    status = call("GET", f"{server.api_url}/api/v2/team", authorization=f"Bearer {key}")[0]
    assert status == 200
    page.reload()
    row = card.get_by_role("row", name="wall screen")
    expect(row.get_by_text("read", exact=True)).to_be_visible()
    expect(row.get_by_text("in 89 d")).to_be_visible()
    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke key").click()
    expect(row).to_have_count(0)


def test_sessions_are_ended(server: LiveServer, account: Account, open_page) -> None:
    page = open_tab(open_page, server, account, "account")
    sessions = page.get_by_role("region", name="Sessions")
    expect(sessions.get_by_text("This one")).to_be_visible()
    expect(sessions.get_by_text("Change password")).to_have_count(0)
    expect(page.get_by_role("button", name="Change password")).to_be_disabled()


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("tab", ["keys", "team", "account", "audit"])
def test_the_tabs_can_be_read_by_everybody(
    tab: str, theme: str, server: LiveServer, account: Account, open_page
) -> None:
    page = open_tab(open_page, server, account, tab, theme)
    page.wait_for_load_state("networkidle")
    assert serious_violations(page) == []


def test_the_audit_log_names_who_did_what(server: LiveServer, account: Account, open_page) -> None:
    page = open_tab(open_page, server, account, "audit")
    expect(page.get_by_role("row", name="created team")).to_be_visible()

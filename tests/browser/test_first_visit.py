"""The first half hour of a new user, as one story: sign up, find the keys, send logs, see them, leave, come back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from browser.screen import log_in, wait_for_event
from program import LiveServer, send_one_log

pytestmark = pytest.mark.browser
MASKED_KEY = re.compile("^•{32}[0-9a-f]{4}$")
EMAIL, PASSWORD = "ada@example.com", "Correct-Horse-1"


def test_from_sign_up_to_coming_back(fresh_server: LiveServer, open_page) -> None:
    page: Page = open_page(fresh_server.app_url)
    sign_up_with_a_checked_password(page)
    ask_how_to_send(page)
    key = rotate_and_copy_the_ingestion_key(page)
    personal = copied(page, "Copy Personal API Access Key")
    assert len(personal) == len(key) == 36
    assert personal != key

    for severity, body in (("error", "card declined"), ("info", "order placed")):
        send_one_log(fresh_server, key, body, severity)
    page.get_by_role("link", name="Search", exact=True).click()
    wait_for_event(page, "card declined")
    wait_for_event(page, "order placed")
    expect(page.get_by_role("img", name="1 error")).to_be_visible()

    keep_only_the_errors(page)
    read_the_event(page)
    leave_and_come_back(page)


def ask_how_to_send(page: Page) -> None:
    """A new server shows its own logs, and says that they are its own."""
    guide, hint = page.get_by_role("heading", name="Send some telemetry"), page.get_by_role("button", name="Send yours")
    expect(guide.or_(hint)).to_be_visible()  # the guide itself, until the server's own first logs are stored
    expect(hint).to_be_visible(timeout=60_000)
    hint.click()
    expect(guide).to_be_visible()
    expect(page.get_by_role("region", name="curl command")).to_contain_text("/v1/logs")
    page.keyboard.press("Escape")


def sign_up_with_a_checked_password(page: Page) -> None:
    expect(page.get_by_role("heading", name="Create your team")).to_be_visible()
    submit = page.get_by_role("button", name="Create account")
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill("correct-horse-1")
    page.get_by_label("Confirm password").fill("correct-horse-1")
    expect(page.get_by_text("an upper-case letter, not met yet")).to_be_visible()
    expect(submit).to_be_disabled()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Confirm password").fill(PASSWORD)
    submit.click()
    page.wait_for_url("**/search**")


def rotate_and_copy_the_ingestion_key(page: Page) -> str:
    page.get_by_role("link", name="Team Settings", exact=True).click()
    field = page.get_by_role("textbox", name="Ingestion API Key")
    expect(field).to_have_value(MASKED_KEY)
    old = copied(page, "Copy Ingestion API Key")
    page.get_by_role("button", name="Rotate Ingestion API Key").click()
    page.get_by_role("button", name="Rotate key").click()
    expect(page.get_by_text("The new key is in place.")).to_be_visible()
    new = copied(page, "Copy Ingestion API Key")
    assert new != old
    page.get_by_role("button", name="Reveal Ingestion API Key").click()
    expect(field).to_have_value(new)
    expect(page.get_by_role("region", name="Environment snippet")).to_contain_text(new)
    return new


def copied(page: Page, button: str) -> str:
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("button", name="Copied").first).to_be_visible()
    return page.evaluate("navigator.clipboard.readText()")


def keep_only_the_errors(page: Page) -> None:
    cell = page.get_by_role("gridcell", name="error", exact=True)
    cell.hover()
    page.get_by_role("button", name="Filter for this SeverityText").click()
    expect(page.get_by_label("Filter", exact=True)).to_have_value('SeverityText:"error"')
    expect(page.get_by_text("1 result", exact=True)).to_be_visible()
    expect(page.get_by_role("gridcell", name="order placed")).to_have_count(0)


def read_the_event(page: Page) -> None:
    page.get_by_role("gridcell", name="card declined").click()
    panel = page.get_by_role("complementary", name="Event")
    expect(panel.get_by_text("card declined").first).to_be_visible()
    assert "row=" in page.url
    panel.get_by_role("tab", name="Column values").click()
    panel.get_by_label("Search keys and values").fill("severityn")
    expect(panel.get_by_text("SeverityNumber")).to_be_visible()
    page.reload()
    expect(panel.get_by_text("card declined").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)


def leave_and_come_back(page: Page) -> None:
    page.get_by_role("button", name=EMAIL).click()
    page.get_by_role("menuitem", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.goto(page.url.replace("/login", "/team?tab=sources"))
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    log_in(page, EMAIL, "Wrong-Horse-123")
    expect(page.get_by_role("alert")).to_contain_text("The email or the password is not right.")
    log_in(page, EMAIL, PASSWORD)
    page.wait_for_url("**/team?tab=sources")
    expect(page.get_by_role("button", name="Traces")).to_be_visible()
